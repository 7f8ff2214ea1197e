"""From a timed run of strokes to the reps of the contract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.dwells import Timed
from sciatrack_signal.exercises import Exercise, View
from sciatrack_signal.holds import measure_hold
from sciatrack_signal.intervals import RepEvidence, confidence
from sciatrack_signal.order import median
from sciatrack_signal.ranges import FAR_NEIGHBOURS, INCOMPLETE_RETURN_SHARE, ranges_deg
from sciatrack_signal.result import Rep
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]

# A rep is complete from this share of its set's median range on (contract).
COMPLETE_SHARE = 0.5
# In a set that never comes down whole so many rests between its reps are above the one outside: a drift or a slip
# half-way through lifts half of them.
NEVER_DOWN_SHARE = 0.7
# A hold is short below what is asked less the larger of these, long above the factor.
SHORT_SLACK_S = 0.5
SHORT_SLACK_SHARE = 0.1
LONG_FACTOR = 1.3
# Where the others hold for this long at the least in the median, a move that is held for less than this share of it
# is no rep: in 300 simulated sets 33 of 35 such moves were steps to the floor and shifts, and 15 of 17 that
# were held for 0.15 to 0.4 of it repetitions. Judged from so many others on.
PASSING_USUAL_S = 8.0
PASSING_HOLD_SHARE = 0.15
PASSING_OTHERS = 2
# A rep with a gap in it is this much less sure.
GAP_DOUBT = 0.95
# A rep at the file's edge is cut if its missing part would lie within this long of the edge.
EDGE_S = 1.0


@dataclass(frozen=True)
class Context:
    """What the caller knows of the reps of one run."""

    exercise: Exercise
    view: View
    side: str
    holds_given: bool


def assemble(trace: Trace, timed: Timed, context: Context) -> list[Rep]:
    """Reps of one run in order of time; `set` is 0 until the caller numbers the sets."""
    parity, sure = timed.run.rest or 0, timed.run.sure
    count = timed.run.count
    strokes = np.abs(np.diff(timed.run.levels))
    spread = float(strokes.std() / max(float(strokes.mean()), 1e-9))
    ratio = timed.run.amplitude_deg / context.view.min_tilt_deg
    sureness = confidence(RepEvidence(ratio, spread, polarity_sure=sure))
    reps: list[Rep] = []
    never_down = _never_down(timed, parity)
    ranges = ranges_deg(trace, timed, parity)
    median_deg = median(ranges[np.isfinite(ranges)]) if np.isfinite(ranges).any() else 0.0
    for apex in range(1 - parity, count + 1, 2):
        if apex in timed.run.left_out:
            continue
        cut = apex in (0, count)
        if cut and (timed.run.passed[0 if apex == 0 else 1] or not _at_file_edge(trace, timed, apex)):
            continue
        flags = set() if sure else {"assumed_polarity"}
        flags |= {"incomplete_return"} if never_down and not cut else set()
        reps.append(_rep(trace, timed, apex, float(ranges[apex]), median_deg, context, flags, sureness, cut=cut))
    return _without_passing(reps)


def _without_passing(reps: list[Rep]) -> list[Rep]:
    """Without moves that are hardly held in a set of long holds: a step down to the floor, or a shift between two
    reps, turns a thigh as far as the exercise does, but nobody stays there."""
    if max((rep.hold_s or 0.0 for rep in reps), default=0.0) < PASSING_USUAL_S:
        return reps
    kept = []
    for rep in reps:
        others_s = [other.hold_s for other in reps if other is not rep and other.hold_s is not None]
        usual_s = median(others_s) if len(others_s) >= PASSING_OTHERS else 0.0
        if usual_s < PASSING_USUAL_S or rep.hold_s is None or rep.hold_s >= PASSING_HOLD_SHARE * usual_s:
            kept.append(rep)
    return kept


def _never_down(timed: Timed, parity: int) -> bool:
    """Whether most rests between the reps are nearer to the holds than a rest outside the set is: who never comes
    down whole has the same rest before and after each rep.

    What rest and hold have moved together is a slip, and a hold that goes less far says nothing of the return.
    """
    levels, passed, last = timed.levels_deg, timed.run.passed, timed.run.count
    outside = [levels[k] for k in (0, last) if k % 2 == parity and not passed[k > 0]]
    apexes = range(1 + parity, last - 1, 2)
    if not outside or len(apexes) < FAR_NEIGHBOURS:
        return False
    usual = median(levels[1 - parity :: 2])
    sign = 1.0 if usual > levels[parity] else -1.0
    rises = [sign * levels[k + 1] - min(sign * level for level in outside) for k in apexes]
    slips = [sign * (levels[k] - usual) for k in apexes]
    limit_deg = INCOMPLETE_RETURN_SHARE * timed.run.amplitude_deg
    in_part = [min(rise, rise - slip) > limit_deg for rise, slip in zip(rises, slips, strict=True)]
    return bool(sum(in_part) > NEVER_DOWN_SHARE * len(in_part))


def _at_file_edge(trace: Trace, timed: Timed, apex: int) -> bool:
    """Whether the turning point's pose reaches to the recording's edge, so that the rest of the rep is outside."""
    if timed.run.cut[0 if apex == 0 else 1]:
        return True
    at = int(timed.run.points[apex])
    return at <= EDGE_S * trace.rate_hz if apex == 0 else at >= trace.n - 1 - EDGE_S * trace.rate_hz


def _rep(
    trace: Trace, timed: Timed, apex: int, range_deg: float, median_deg: float, context: Context, flags: set[str],
    sureness: float, *, cut: bool,
) -> Rep:  # fmt: skip
    count = timed.run.count
    # A hold that the file's edge cuts goes on to it.
    start = timed.departs[apex - 1].outer if apex > 0 else 0.0
    end = timed.arrives[apex].outer if apex < count else trace.n - 1.0
    complete = not cut and range_deg >= COMPLETE_SHARE * median_deg and range_deg >= context.view.min_tilt_deg
    if cut:
        flags.add("cut")
    if range_deg < context.view.min_tilt_deg or range_deg < COMPLETE_SHARE * median_deg:
        flags.add("small_range")
    hold_start = hold_end = hold_s = longest = low = high = None
    if not cut:
        gyroscope = trace.gyr is not None
        hold = measure_hold(timed, apex, trace.rate_hz, gyroscope=gyroscope, valid=trace.valid)
        levels = timed.levels_deg
        if abs(levels[apex + 1] - levels[apex - 1]) > INCOMPLETE_RETURN_SHARE * range_deg:
            flags.add("incomplete_return")
        if context.holds_given:
            hold_start, hold_end = _seconds(trace, hold.start), _seconds(trace, hold.end)
            hold_s, longest, low, high = hold.hold_s, hold.longest_s, hold.low_s, hold.high_s
            flags |= _hold_flags(hold.hold_s, context.exercise)
            flags |= {"interrupted_hold"} if hold.interrupted else set()
            flags |= {"fading_hold"} if hold.fading else set()
            flags |= {"low_certainty"} if context.view.observability == "counts" else set()
        end = max(end, hold.end)
    gap = not bool(trace.valid[int(start) : int(np.ceil(end)) + 1].all())
    if gap:
        flags |= {"gap", "low_certainty"}
    return Rep(
        set=0, start_s=_seconds(trace, start), hold_start_s=hold_start, hold_end_s=hold_end,
        end_s=_seconds(trace, end), hold_s=hold_s, hold_longest_s=longest, hold_s_low=low, hold_s_high=high,
        side=context.side, rom_deg=context.view.turn_deg(range_deg), complete=complete,
        confidence=sureness * (GAP_DOUBT if gap else 1.0), flags=tuple(sorted(flags)),
    )  # fmt: skip


def _hold_flags(hold_s: float, exercise: Exercise) -> set[str]:
    shortest_s, longest_s = exercise.hold_s
    if shortest_s > 0 and hold_s < shortest_s - max(SHORT_SLACK_S, SHORT_SLACK_SHARE * shortest_s):
        return {"short_hold"}
    return {"long_hold"} if hold_s > LONG_FACTOR * longest_s else set()


def _seconds(trace: Trace, row: float) -> float:
    """Time of a row; an edge that was read beyond the recording lies at its end."""
    return float(trace.seconds(min(max(row, 0.0), trace.n - 1.0)))
