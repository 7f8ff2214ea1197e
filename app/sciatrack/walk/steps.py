"""A plan's exercises as the sets of a session, each with the sensor that sees it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sciatrack.walk.state import Step
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_signal.exercises import OBSERVABILITY, Exercise, get

FIRST_SIDES = ("right", "left")  # the article's clamshell begins on the left side, so with the right leg


def steps_of(plan: Plan, placements: Sequence[str], exercises: Mapping[str, Exercise]) -> tuple[Step, ...]:
    """All sets in the order of the plan: every set of one side, then those of the other.

    placements : where the sensors sit; a step that none of them can see has sees "none" and runs by the clock.
    """
    return tuple(
        _step(item, get(item.exercise, exercises), side, number, placements)
        for item in plan.items
        for side in sides_of(item, get(item.exercise, exercises))
        for number in range(1, item.sets + 1)
    )


def sides_of(item: PlanItem, exercise: Exercise) -> tuple[str, ...]:
    """The sides one after the other; one entry where they are done together or in turn."""
    if item.side != "each":
        return (item.side,)
    return ("alternating",) if exercise.sides == "alternating" else FIRST_SIDES


def _step(item: PlanItem, exercise: Exercise, side: str, number: int, placements: Sequence[str]) -> Step:
    placement, sees, legs = _best_view(exercise, side, placements)
    target = item.reps * legs
    return Step(
        item.exercise, side, number, item.sets, item.reps, item.hold_s, item.rest_s, placement, sees, target
    )


def _best_view(exercise: Exercise, side: str, placements: Sequence[str]) -> tuple[str, str, int]:
    """Placement, observability and how many legs it counts. With legs in turn a thigh counts its own leg only."""
    sides = ("left", "right") if side == "alternating" else (side,)
    best = ("", "none", len(sides))
    for placement in placements:
        seen = [exercise.view(placement, one).observability for one in sides]
        grade = min(seen, key=OBSERVABILITY.index)
        legs = sum(one == grade for one in seen)
        if OBSERVABILITY.index(grade) < OBSERVABILITY.index(best[1]):
            best = (placement, grade, legs)
    return best
