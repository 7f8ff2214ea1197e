"""The catalogue: each exercise declared once, as data (exercises.toml beside this file).

Two kinds of facts stand there side by side: what the source article says (dose, start position, steps),
and the few things the detector may know (what each placement can see, the smallest range that counts).
The distributions of the simulator live in another file that nothing in this module reads.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from sciatrack_ingest.errors import SciatrackError

OBSERVABILITY = ("full", "counts", "weak", "none")
# What a sensor can be to the working leg. A hip sensor has one view; a thigh sensor is on the working leg,
# on the other one, or nobody said which.
VIEWS = ("hip", "thigh_working", "thigh_other")
# both: both legs work at once; each: a set for each leg; alternating: leg by leg within a set;
# painful: the painful leg only; any: nothing is assumed.
SIDES = ("both", "each", "alternating", "painful", "any")
REPS_SCOPES = ("total", "per side")
PRIOR_SOURCES = ("", "geometry", "assumed")

Vector = tuple[float, float, float]


class CatalogueError(SciatrackError, ValueError):
    """An exercise file that declares something wrong; says file, key, value and what is allowed."""

    def __init__(self, path: object, key: str, problem: str) -> None:
        self.path = str(path)
        self.key = key
        super().__init__(f"{self.path}, {key}: {problem}" if key else f"{self.path}: {problem}")


class UnknownExerciseError(SciatrackError, KeyError):
    """An exercise id that no catalogue declares. Carries `exercise_id` and the `known` ids."""

    def __init__(self, exercise_id: str, known: Iterable[str]) -> None:
        self.exercise_id = exercise_id
        self.known = tuple(known)
        super().__init__(exercise_id, self.known)

    def __str__(self) -> str:
        close = difflib.get_close_matches(self.exercise_id.lower(), self.known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        return f"exercise '{self.exercise_id}' is not known.{hint} Known are {', '.join(self.known)}."


# What a fault is measured by: the rep's range above or below a limit; the body part's lean to the side or its pitch
# between rest and hold; swings in the hold, peak to peak.
FAULT_MEASURES = ("range_over", "range_under", "side", "pitch", "bounce")


@dataclass(frozen=True)
class Fault:
    """A way of doing the exercise that this view can show: the flag, and the degrees from which it is set."""

    flag: str
    measure: str  # one of FAULT_MEASURES
    limit_deg: float


# How far a sensor usually stands above the point about which it turns: bodies are carried from below. Matters
# without a gyroscope only, see dwells.py.
USUAL_ABOVE_M = 0.07


@dataclass(frozen=True)
class View:
    """What one sensor position can show of one exercise.

    observability : full | counts | weak | none (contract).
    min_range_deg : rotation from rest to hold below which a movement is not complete; a prior, not a law.
    reason        : in words, why it is no better than it is ("" for full).
    rest_up, hold_up : the direction up in the segment's frame (x forward, y left, z towards the head).
    axis          : rotation axis of the out-move in the same frame. All three have unit length, are for a
                    right working leg (see `mirrored`) and None where nothing is assumed.
    prior_source  : where these three come from: "geometry", "assumed" or "".
    faults        : what can be seen here of how the exercise is done, beyond what is judged alike everywhere.
    above_m       : how far the sensor stands above the point about which it turns, m; negative where it hangs.
    """

    observability: str
    min_range_deg: float
    reason: str = ""
    rest_up: Vector | None = None
    hold_up: Vector | None = None
    axis: Vector | None = None
    prior_source: str = ""
    faults: tuple[Fault, ...] = ()
    above_m: float = USUAL_ABOVE_M

    @property
    def seen_share(self) -> float:
        """Share of a small turn about the axis by which up turns: the sine of the angle between the two; 1 where
        nothing is assumed."""
        if self.rest_up is None or self.axis is None:
            return 1.0
        along = sum(a * b for a, b in zip(self.rest_up, self.axis, strict=True))
        return math.sqrt(max(1.0 - along * along, 0.0))

    @property
    def min_tilt_deg(self) -> float:
        """How far up turns in the least complete movement."""
        return self.tilt_deg(self.min_range_deg)

    def tilt_deg(self, turn_deg: float) -> float:
        """How far up turns in a turn about the axis."""
        return 2.0 * math.degrees(math.asin(self.seen_share * math.sin(math.radians(turn_deg) / 2.0)))

    def turn_deg(self, tilt_deg: float) -> float:
        """The turn about the axis by which up turns by so much; that itself if no turn about the axis does."""
        share = math.sin(math.radians(tilt_deg) / 2.0) / max(self.seen_share, 1e-9)
        return 2.0 * math.degrees(math.asin(share)) if 0.0 <= share < 1.0 else tilt_deg

    def mirrored(self) -> View:
        """The same view for a left working leg: directions turn to (x, -y, z), axes to (-x, y, -z)."""
        turn = self.axis
        return View(
            self.observability, self.min_range_deg, self.reason,
            self.rest_up and flip_y(self.rest_up), self.hold_up and flip_y(self.hold_up),
            turn and (-turn[0], turn[1], -turn[2]), self.prior_source, self.faults,
            self.above_m,
        )  # fmt: skip


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the article asks for and what the detector may know."""

    id: str
    name: str
    sides: str  # one of SIDES
    hold_s: tuple[float, float]  # shortest and longest that the article asks for; (0, inf) asks nothing
    hold_target_s: float
    reps: tuple[int, int]
    reps_scope: str  # total | per side
    sets: int
    days_per_week: int
    sessions_per_day: int
    start_position: str
    steps: tuple[str, ...]
    watch: tuple[str, ...]
    our_defaults: tuple[str, ...]  # fields that the article leaves open and that are our choice
    views: Mapping[str, View] = field(default_factory=dict)
    min_set_reps: int = 1  # fewer similar reps than this in a row are not taken for the exercise
    also_called: tuple[str, ...] = ()

    def view(self, placement: str | None, side: str | None) -> View:
        """The view for a placement and working side; an unknown thigh counts as the working one."""
        return self.views[view_name(placement, side)]


def view_name(placement: str | None, side: str | None) -> str:
    """`hip`, `thigh_working` or `thigh_other` for a placement of the contract and the working side."""
    if placement == "hip":
        return "hip"
    other = {"left_thigh": "right", "right_thigh": "left"}.get(placement or "")
    return "thigh_other" if other is not None and side == other else "thigh_working"


def catalogue(extra: Path | None = None) -> Mapping[str, Exercise]:
    """All exercises by id, in the order of the article, then `generic`, then those of a study's own file.

    extra : a TOML file of the same shape as the built-in one; it adds exercises and may not redefine any.

    The built-in part is read once; `extra` is read anew, so that an edited file is seen.
    Raises CatalogueError naming file, key, value and what is allowed.
    """
    if extra is None:
        return _built_in()
    from sciatrack_signal.exercise_file import read_exercises

    return MappingProxyType({**_built_in(), **read_exercises(Path(extra), taken=_built_in())})


def get(exercise_id: str, exercises: Mapping[str, Exercise] | None = None) -> Exercise:
    """The exercise of that id. Raises UnknownExerciseError with close matches and all ids."""
    known = catalogue() if exercises is None else exercises
    if exercise_id not in known:
        raise UnknownExerciseError(exercise_id, known)
    return known[exercise_id]


@lru_cache(maxsize=1)
def _built_in() -> Mapping[str, Exercise]:
    from sciatrack_signal.exercise_file import read_exercises

    return MappingProxyType(read_exercises(Path(__file__).with_name("exercises.toml")))


def flip_y(up: Vector) -> Vector:
    """A direction of the right leg as the left one has it."""
    return up[0], -up[1], up[2]
