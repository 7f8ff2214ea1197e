"""Does the sensor sit well? Judged from a few seconds of standing, of lying on the back, and one rep.

Own rules on gravity alone, so that every supported sensor can be checked: worn on hip or thigh it must turn by
about a right angle between standing and lying, be still when the person is, and see the exercise move it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciatrack_signal.excursion import apart_deg, unit_one

if TYPE_CHECKING:
    from sciatrack_ingest.recording import Float
    from sciatrack_signal.exercises import Exercise

# Breathing and sway stay below 0.2 m/s^2, a loose pocket or walking is far above 1.
STILL_MPS2 = 0.5
# As in the readers: a sensor that is merely miscalibrated can be used.
NORM_MPS2 = (7.0, 15.0)
# Standing to lying turns pelvis and thigh by 80 to 100 degrees; a belt that gives way by 30 still works.
TURNED_DEG = (60.0, 120.0)
# Below this nothing turned: the sensor lies on the bed, or in a bag.
UNWORN_DEG = 30.0
# Share of gravity on the axis out of the housing above which the sensor sits on the front or the back.
FACING_SHARE = 0.7
SMOOTH_SAMPLES = 31
FEWEST_SAMPLES = 40  # less than a second of the slowest sensor says nothing
AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Fit:
    """The answer for one sensor.

    axis  : the sensor's axis that points up while standing, such as "+y"; sits: front, side or back, by the axis
            out of the housing (z) while lying on the back. turned_deg : between standing and lying.
    rep_deg : how far the rep turned it; None without a rep. reasons : why it is not "good", in sentences.
    """

    placement: str
    grade: str
    axis: str
    sits: str
    turned_deg: float
    rep_deg: float | None
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What a person is told."""
        rep = "" if self.rep_deg is None else f", the rep turned it by {self.rep_deg:.0f}°"
        return (
            f"{self.placement}: fit {self.grade}: on the {self.sits}, {self.axis} up, turned by "
            f"{self.turned_deg:.0f}° from standing to lying{rep}. " + " ".join(self.reasons)
        ).rstrip()

    def to_mapping(self) -> dict[str, Any]:
        """For the raw log and the manifest."""
        return {**asdict(self), "reasons": list(self.reasons)}


def judge_fit(
    placement: str, standing: Float, lying: Float, rep: Float | None = None, *, min_range_deg: float | None = None
) -> Fit:
    """Judge (n, 3) accelerations in m/s^2 of each step; a step with too few samples makes it poor."""
    steps = {"standing": standing, "lying": lying}
    absent = [name for name, acc in steps.items() if len(acc) < FEWEST_SAMPLES]
    if absent:
        return Fit(placement, "poor", "?", "?", 0.0, None, (f"No data came while {' and '.join(absent)}.",))
    up, lying_up = (acc.mean(axis=0) for acc in steps.values())
    turned_deg = angle_deg(up, lying_up)
    rep_deg = None if rep is None or len(rep) < FEWEST_SAMPLES else swing_deg(rep)
    poor = [*_weight(np.concatenate([standing, lying])), *_unworn(turned_deg)]
    doubtful = [*_restless(steps), *_crooked(turned_deg), *_unseen(rep_deg, min_range_deg)]
    return Fit(
        placement=placement,
        grade="poor" if poor else "doubtful" if doubtful else "good",
        axis=main_axis(up),
        sits=_sits(lying_up),
        turned_deg=round(turned_deg, 1),
        rep_deg=None if rep_deg is None else round(rep_deg, 1),
        reasons=(*poor, *doubtful),
    )


def expected_range_deg(exercise: Exercise, placement: str, side: str | None) -> tuple[float | None, str]:
    """The least angle that a rep must show there, and a warning where the placement cannot show the exercise."""
    from sciatrack_signal.exercises import view_name

    view = exercise.views[view_name(placement, side)]
    if view.observability == "none":
        return None, f"{placement}: a sensor there cannot see {exercise.name}: {view.reason}"
    return view.min_range_deg, ""


def angle_deg(a: Float, b: Float) -> float:
    """Between two directions."""
    return apart_deg(unit_one(a), unit_one(b))


def swing_deg(acc: Float) -> float:
    """The farthest that gravity moved in the sensor from where it was at first."""
    width = min(SMOOTH_SAMPLES, len(acc))
    kernel = np.full(width, 1.0 / width)
    smooth = np.column_stack([np.convolve(acc[:, axis], kernel, mode="valid") for axis in range(3)])
    return max(angle_deg(smooth[0], row) for row in smooth)


def main_axis(up: Float) -> str:
    """The sensor's axis nearest to a direction, with its sign."""
    at = int(np.argmax(np.abs(up)))
    return f"{'+' if up[at] > 0 else '-'}{AXES[at]}"


def _sits(lying_up: Float) -> str:
    share = lying_up[2] / max(float(np.linalg.norm(lying_up)), 1e-9)
    return "front" if share > FACING_SHARE else "back" if share < -FACING_SHARE else "side"


def _weight(acc: Float) -> list[str]:
    norm = float(np.median(np.linalg.norm(acc, axis=1)))
    if NORM_MPS2[0] <= norm <= NORM_MPS2[1]:
        return []
    return [f"It measures {norm:.1f} m/s² at rest instead of 9.8: calibrate it with the maker's app."]


def _unworn(turned_deg: float) -> list[str]:
    return ["It hardly turned when you lay down: is it fixed to the body?"] if turned_deg < UNWORN_DEG else []


def _restless(steps: dict[str, Float]) -> list[str]:
    moving = [name for name, acc in steps.items() if float(np.linalg.norm(acc, axis=1).std()) > STILL_MPS2]
    return [f"It moved while {' and '.join(moving)}: tighten the belt, and hold still."] if moving else []


def _crooked(turned_deg: float) -> list[str]:
    if turned_deg < UNWORN_DEG or TURNED_DEG[0] <= turned_deg <= TURNED_DEG[1]:
        return []
    return [f"Standing to lying should turn it by about 90°, not {turned_deg:.0f}°: is it where it belongs?"]


def _unseen(rep_deg: float | None, min_range_deg: float | None) -> list[str]:
    if rep_deg is None or min_range_deg is None or rep_deg >= min_range_deg:
        return []
    return [f"A rep should turn it by at least {min_range_deg:.0f}°: try another place."]
