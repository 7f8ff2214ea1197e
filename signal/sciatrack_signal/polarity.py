"""Which of a set's two poses is rest. One trace alone does not say; what surrounds the set mostly does."""

from __future__ import annotations

import numpy as np

from sciatrack_signal.dwells import Timed
from sciatrack_signal.trace import Trace

# A set whose first and last reversal are in the same pose starts and ends at rest: worth as much as a long pause.
SAME_ENDS = 1.0
# Dwells four times nearer (in ratio) to the asked hold in one pose than in the other weigh at most this much.
HOLD_VOTE_MAX = 0.9
# A set with one end passed through in a longer move: the other end is rest, unless pauses say otherwise.
PASSED_ELSE = 0.4
# Seconds in a pose before the first or after the last move that count as fully convincing.
CONVINCING_S = 5.0
# An end that is this share of the range away from its fellows' level, towards the other level, is on the way.
POSE_SHARE = 0.45
# Within this share of the range of a turning point is in its pose.
NEAR_SHARE = 0.3
# Less evidence than this and the polarity is said to be assumed.
SURE = 0.5


def rest_parity(trace: Trace, timed: Timed, hold_s: tuple[float, float]) -> tuple[int, bool]:
    """(0 or 1, sure): the turning points with this parity are rest; sure is False if it is an assumption.

    A person comes from rest and goes back to it, so the first and the last turning point vote, each with the
    time that was spent in that pose outside the set; and the pose in which the dwells are nearer to what the
    exercise asks for (hold_s, from the catalogue, never from a prescription) is the hold. Own rule.
    """
    run = timed.run
    first, last = int(run.passed[0]), run.count - int(run.passed[1])
    if last - first > 3:  # an end that is not in the pose of its fellows is a pose on the way to the set
        first += not _in_pose(timed, first)
        last -= not _in_pose(timed, last)
    score = [0.0, 0.0]
    if first == 0:
        score[0] += min(still_outside_s(trace, timed, before=True) / CONVINCING_S, 1.0)
    if last == run.count:
        score[last % 2] += min(still_outside_s(trace, timed, before=False) / CONVINCING_S, 1.0)
    if (last - first) % 2 == 0:
        score[first % 2] += SAME_ENDS
    elif (first == 0) != (last == run.count):  # only one end is a pose that was stayed in
        score[(first if first == 0 else last) % 2] += PASSED_ELSE
    score[0] += _hold_vote(trace, timed, hold_s)
    difference = score[0] - score[1]
    return (0 if difference >= 0 else 1), abs(difference) >= SURE


def _in_pose(timed: Timed, point: int) -> bool:
    """Whether a turning point is not on the way from the level of its parity to the other level."""
    fellows = [k for k in range(1, timed.run.count) if (k - point) % 2 == 0 and k != point]
    if not fellows:
        return True
    usual = float(np.median(timed.run.levels[fellows]))
    others = [k for k in range(1, timed.run.count) if (k - point) % 2]
    towards = np.sign(float(np.median(timed.run.levels[others])) - usual) if others else 0.0
    return bool(towards * (timed.run.levels[point] - usual) < POSE_SHARE * timed.run.amplitude_deg)


def _hold_vote(trace: Trace, timed: Timed, hold_s: tuple[float, float]) -> float:
    """How much more the odd turning points look like the holds of the exercise than the even ones do."""
    shortest_s, longest_s = hold_s
    if not 0.0 < shortest_s <= longest_s < float("inf"):
        return 0.0
    asked_s = (shortest_s * longest_s) ** 0.5
    distance = [0.0, 0.0]
    for parity in (0, 1):
        inner = [k for k in range(1, timed.run.count) if k % 2 == parity]
        if not inner:
            return 0.0
        dwells_s = [(end - start) / trace.rate_hz for start, end in map(timed.dwell, inner)]
        distance[parity] = abs(float(np.log(max(float(np.median(dwells_s)), 0.1) / asked_s)))
    return float(np.clip(distance[0] - distance[1], -HOLD_VOTE_MAX, HOLD_VOTE_MAX))


def still_outside_s(trace: Trace, timed: Timed, *, before: bool) -> float:
    """Seconds spent in the pose of the first (last) turning point before the first (after the last) move."""
    run = timed.run
    if before:
        at = max(int(timed.departs[0].at) - run.first, 0)
        part, level = run.angle[:at][::-1], run.levels[0]
    else:
        at = max(int(timed.arrives[-1].at) - run.first, 0)
        part, level = run.angle[at:], run.levels[-1]
    away = abs(part - level) > NEAR_SHARE * run.amplitude_deg
    rows = int(away.argmax()) if away.any() else len(part)
    return rows / trace.rate_hz
