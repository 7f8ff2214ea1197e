"""What the adversarial cases share: places, a person, and sets whose drawn reps are changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sciatrack_signal.simulate.draws import Generator, stream
from sciatrack_signal.simulate.link import LinkOptions
from sciatrack_signal.simulate.plans import draw_plans
from sciatrack_signal.simulate.reps import RepPlan
from sciatrack_signal.simulate.script import Script
from sciatrack_signal.simulate.sets import Options, new_script, set_request, simulate_set, worn_by
from sciatrack_signal.simulate.truth import Simulated

# Places that show counts and holds, for cases that any of them can make.
SHORT_HOLDS = (
    ("glute_bridge", "hip"),
    ("glute_bridge", "right_thigh"),
    ("clamshell", "right_thigh"),
    ("knee_to_chest", "right_thigh"),
)
LONG_HOLDS = (
    ("childs_pose", "hip"),
    ("childs_pose", "right_thigh"),
    ("standing_hamstring_stretch", "hip"),
    ("cobra_stretch", "hip"),
)
# Cases show one difficulty at a time, so nothing else goes wrong and the person is neither strong nor weak.
SEVERITY = "mild"
OPTIONS = Options(lapses=False, leave_between=False, prop=False, others=0.5, link=LinkOptions(drawn_gaps=False))

Change = Callable[[list[RepPlan], Generator], list[RepPlan]]


def changed_set(
    seed: int,
    exercise: str,
    placement: str,
    change: Change | None = None,
    *,
    reps: int | None = None,
    side: str = "right",
    options: Options = OPTIONS,
    severity: str = SEVERITY,
    **others: object,
) -> Simulated:
    """A set whose drawn reps are changed by `change`; other arguments as for `simulate_set`."""
    plans = None
    if change is not None:
        rate_hz = worn_by(placement, side, seed, "worn", None, True, options).rate_hz
        subject = new_script(placement, side, seed, severity, rate_hz).subject
        request = set_request(exercise, placement, side, seed, reps, None, None, options)
        plans = change(draw_plans(stream(seed, f"plan {exercise}"), subject, request), stream(seed, "change"))
    return simulate_set(
        exercise,
        placement,
        seed=seed,
        side=side,
        severity=severity,
        reps=reps,
        options=options,
        plans=plans,
        **others,  # type: ignore[arg-type]
    )


def no_interlude(script: Script, number: int) -> None:
    """Nothing happens between reps; keeps the times of a set as they are without `between`."""


def plain_set(
    seed: int, exercise: str, placement: str, change: Change | None = None, **others: object
) -> Simulated:
    """The set in which nothing happens between reps: same times as with a `between` that takes none."""
    return changed_set(seed, exercise, placement, change, between=no_interlude, **others)  # type: ignore[arg-type]


def pick(seed: int, choices: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Exercise and placement for a seed, each of them equally often."""
    return choices[seed % len(choices)]


def exactly(simulated: Simulated) -> tuple[int, int]:
    """The true count as a range of one."""
    count = sum(block.count for block in simulated.blocks)
    return count, count


def each(**changes: object) -> Change:
    """Changes every rep alike."""
    return lambda plans, rng: [replace(plan, **changes) for plan in plans]  # type: ignore[arg-type]


def one(number: int, **changes: object) -> Change:
    """Changes one rep."""
    return lambda plans, rng: [
        replace(plan, **changes) if k == number else plan  # type: ignore[arg-type]
        for k, plan in enumerate(plans)
    ]
