"""What is about to be done in a session: for how long, and what the fit check's one rep is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciatrack_analytics.session_plan import Plan
    from sciatrack_signal.exercises import Exercise

ANY = "generic"  # where it is not said what will be done: its range is the least that is counted at all


@dataclass(frozen=True)
class Intended:
    """The exercise of the prompted rep, and its working leg ("" or unknown: not said)."""

    exercise: Exercise
    side: str = ""

    @property
    def words(self) -> str:
        return "your exercise" if self.exercise.id == ANY else self.exercise.name


def intended(
    exercise_id: str | None, side: str | None, plan: Plan | None, exercises: Mapping[str, Exercise]
) -> Intended:
    """The exercise that was named, else the plan's first, else any."""
    if plan is not None:
        first = plan.items[0]
        return Intended(exercises[first.exercise], first.side)
    return Intended(exercises.get(exercise_id or ANY, exercises[ANY]), side or "")


def plan_length_s(plan: Plan, exercises: Mapping[str, Exercise]) -> float:
    """How long a plan takes at the pace of its own clock, every rep of each leg with its hold and slow moves.

    It is what disk and battery are held against; people who skip the instructions are faster.
    """
    from sciatrack.walk.steps import steps_of
    from sciatrack.walk.timing import INSTRUCT_S, LEAD_IN_S, MOVES_S

    return sum(
        INSTRUCT_S + LEAD_IN_S + step.target * (step.hold_s + MOVES_S) + step.rest_s
        for step in steps_of(plan, (), exercises)
    )
