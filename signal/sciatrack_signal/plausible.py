"""Is a run of alike strokes a person exercising? Measures of how alike, and what is known of moves that are not.

All measures are ratios, so they do not change with the range, the tempo, the mount or the sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import each_apart_deg, unit_one
from sciatrack_signal.order import deviation, median, median_row, quantile
from sciatrack_signal.segmentation import Strokes
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.trace import Trace
from sciatrack_signal.walking import RESTED_SHARE, is_tremor, resting

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# A rep of `generic` lasts at least this long (contract); walking at the thigh takes 0.9 to 1.2 s a stride.
PERIOD_MIN_S = 1.2
# Heel strikes: the acceleration's part above about 1 Hz. Sit-to-stand reaches 3.0 m/s^2, walking starts at 3.5.
JOLT_MAX = 3.3
JOLT_SIGMA_S = 0.4
# Splits the acceleration at about 1 Hz: reps of 1.2 s and more move it below, steps above.
SPLIT_SIGMA_S = 0.17
# Movement with steps in it: more than this above 1 Hz, and mostly there. Squats stay below a ratio of 1.2, turning
# and pottering about in a room stand above 2.4; what is believed there repeats as closely as UNLIKE_BUSY.
BUSY_JOLT = 0.6
BUSY_RATIO = 2.2
UNLIKE_BUSY = 0.10
# With steps in it, a period below this is a slow stride.
STRIDE_MAX_S = 1.7
# Deliberate moves repeat within a share of their range: squats 0.03 to 0.24, leg raises 0.03 to 0.20; chance
# sequences of daily moves 0.11 to 0.5.
UNLIKE_MAX = 0.30
# A resting thigh rocks along with the trunk or the other leg, regularly, by up to 10 degrees. Up to the first range
# a thigh is believed only where its strokes are equal within STROKES_EQUAL, from the second on like any other.
# Leg raises of 7 to 11 degrees: 0.05 to 0.14, rocking thighs 0.10 to 0.28. These overlap: no setting parts them.
THIGH_DOUBT_DEG = (11.0, 14.0)
STROKES_EQUAL = 0.16
STROKES_ANY = 1.0
# Periods whose interquartile range exceeds their median are no set.
JITTER_MAX = 1.0
# Turns about the vertical: at least so large (drift and a shifted foot are smaller) and so alike.
HEADING_DEG = 15.0
HEADING_UNLIKE = 0.15
# A person who names the exercise has already said that it was done: the moves may be this much less alike.
NAMED_UNLIKE_MAX = 0.5
# None of the exercises that can be named has a beat as fast as slow steps with as much shaking in it: people who
# exercise on a floor stay below a ratio of 1.2 or a jolt of 0.5, people who walk slowly stand above both.
STEPS_RATIO = 1.5
SLOW_STRIDE_S = 2.0


@dataclass(frozen=True)
class Likeness:
    """How alike the moves of one run are; ratios unless a unit is named.

    unevenness : spread of the turning points' levels after removing a straight drift, share of the range.
    stroke_spread : standard deviation of the strokes over their mean.
    off_pose   : spread of the poses at the turning points in space, share of the range.
    jitter     : spread of the periods (interquartile range over median).
    period_s, jolt (m/s^2, rms above about 1 Hz), jolt_ratio (that over the rms below).
    stepless   : whether what shakes it can't be steps: it rests between the moves, or trembles.
    """

    unevenness: float
    stroke_spread: float
    off_pose: float
    jitter: float
    period_s: float
    jolt: float
    jolt_ratio: float
    stepless: bool = False

    @property
    def unlike(self) -> float:
        """One measure of how far the moves are from repeating, as a share of the range."""
        return 0.5 * (self.unevenness + self.off_pose)

    @property
    def busy(self) -> bool:
        """Whether there are steps in it."""
        return self.jolt > BUSY_JOLT and self.jolt_ratio > BUSY_RATIO and not self.stepless


def deliberate(measured: Likeness, amplitude_deg: float, *, on_thigh: bool) -> bool:
    """Whether a run is taken for exercise although nobody said which."""
    shortest_s = STRIDE_MAX_S if measured.busy else PERIOD_MIN_S
    jolted = measured.jolt > JOLT_MAX and not measured.stepless
    if measured.period_s < shortest_s or jolted or measured.jitter > JITTER_MAX:
        return False
    if measured.unlike > (UNLIKE_BUSY if measured.busy else UNLIKE_MAX):
        return False
    equal = float(np.interp(amplitude_deg, THIGH_DOUBT_DEG, (STROKES_EQUAL, STROKES_ANY)))
    return not on_thigh or measured.stroke_spread <= equal


def unmistakable(measured: Likeness, amplitude_deg: float) -> bool:
    """Whether a run of turns about the vertical, which drift and have no rest pose, is believed."""
    steady = measured.unlike <= HEADING_UNLIKE and measured.jitter <= 0.5 * JITTER_MAX
    return steady and not measured.busy and measured.period_s >= PERIOD_MIN_S and amplitude_deg >= HEADING_DEG


def possible(measured: Likeness) -> bool:
    """Whether a run can be the exercise that somebody says was done: not walking, and at all alike."""
    steps = measured.jolt > BUSY_JOLT and measured.jolt_ratio > STEPS_RATIO and measured.period_s < SLOW_STRIDE_S
    if (measured.jolt > JOLT_MAX or steps) and not measured.stepless:
        return False
    return measured.unlike <= NAMED_UNLIKE_MAX


def likeness(trace: Trace, run: Strokes, poses: Float | None = None) -> Likeness:
    """Measures one run; poses (m + 1, 3) at its turning points where they are known better than by the trace."""
    points, amplitude = run.points, max(run.amplitude_deg, 1e-6)
    rows = slice(int(points[0]), int(points[-1]) + 1)
    even, odd = run.levels[0::2], run.levels[1::2]
    unevenness = 0.5 * (_spread(even) + _spread(odd)) / amplitude
    strokes = np.abs(np.diff(run.levels))
    stroke_spread = deviation(strokes) / max(float(strokes.sum()) / len(strokes), 1e-9)
    poses = trace.up[points] if poses is None else poses
    off_pose = 0.5 * (_pose_spread_deg(poses[0::2]) + _pose_spread_deg(poses[1::2])) / amplitude
    periods_s = np.concatenate([np.diff(points[0::2]), np.diff(points[1::2])]) / trace.rate_hz
    period_s = median(periods_s) if len(periods_s) else float("nan")
    quartiles = [quantile(periods_s, share) if len(periods_s) > 1 else 0.0 for share in (0.25, 0.75)]
    jitter = (quartiles[1] - quartiles[0]) / period_s if len(periods_s) else 0.0
    norm = np.sqrt(np.einsum("ij,ij->i", trace.acc[rows], trace.acc[rows]))
    jolt = deviation(norm - gaussian(norm, JOLT_SIGMA_S * trace.rate_hz))
    slow = gaussian(norm, SPLIT_SIGMA_S * trace.rate_hz)
    fast = norm - slow
    jolt_ratio = deviation(fast) / max(deviation(slow), 1e-3)
    stepless = jolt > BUSY_JOLT and _stepless(fast, points - points[0], trace.rate_hz)
    return Likeness(unevenness, stroke_spread, off_pose, jitter, period_s, jolt, jolt_ratio, stepless)


def _stepless(fast: Float, points: Int, rate_hz: float) -> bool:
    """Whether a shaking (n,) above 1 Hz trembles, or rests in most of the moves out and back."""
    if is_tremor(fast, rate_hz):
        return True
    at_rest = resting(fast, rate_hz)
    moves = [at_rest[a:b] for a, b in zip(points[:-2:2], points[2::2], strict=True)]
    return median([float(rests.mean()) if len(rests) else 0.0 for rests in moves]) > RESTED_SHARE


def _spread(levels: Float) -> float:
    """Median absolute deviation, as a standard deviation, about a straight line: a rest pose may drift over a set,
    and one odd rep does not make the others less alike. Standard deviation for fewer than four."""
    if len(levels) < 2:
        return 0.0
    x = np.arange(len(levels)) - 0.5 * (len(levels) - 1)
    rest = levels - levels.mean() - (x * float(x @ levels) / float(x @ x) if len(levels) > 2 else 0.0)
    return float(rest.std()) if len(levels) < 4 else float(1.4826 * median(np.abs(rest - median(rest))))


def _pose_spread_deg(poses: Float) -> float:
    """Median angle of unit vectors to their middle, scaled so that a round cloud gives its root mean square."""
    return 1.2 * median(each_apart_deg(poses, unit_one(median_row(poses))))
