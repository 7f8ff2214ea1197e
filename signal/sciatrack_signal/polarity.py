"""Which of a set's two poses is rest. One trace alone does not say; what surrounds the set mostly does."""

from __future__ import annotations

from sciatrack_signal.dwells import Timed
from sciatrack_signal.trace import Trace

# A set whose first and last reversal are in the same pose starts and ends at rest: worth more than any pause.
SAME_ENDS = 2.0
# A set with one end passed through in a longer move: the other end is rest, unless pauses say otherwise.
PASSED_ELSE = 0.4
# Seconds in a pose before the first or after the last move that count as fully convincing.
CONVINCING_S = 5.0
# Within this share of the range of a turning point is in its pose.
NEAR_SHARE = 0.3
# Less evidence than this and the polarity is said to be assumed.
SURE = 0.5


def rest_parity(trace: Trace, timed: Timed) -> tuple[int, bool]:
    """(0 or 1, sure): the turning points with this parity are rest; sure is False if it is an assumption.

    A person comes from rest and goes back to it, so the first and the last turning point vote, each with the
    time that was spent in that pose outside the set. Own rule.
    """
    run = timed.run
    first, last = int(run.passed[0]), run.count - int(run.passed[1])
    score = [0.0, 0.0]
    if not run.passed[0]:
        score[0] += min(still_outside_s(trace, timed, before=True) / CONVINCING_S, 1.0)
    if not run.passed[1]:
        score[last % 2] += min(still_outside_s(trace, timed, before=False) / CONVINCING_S, 1.0)
    if (last - first) % 2 == 0:
        score[first % 2] += SAME_ENDS
    elif run.passed[0] != run.passed[1]:  # only one end is a pose that was stayed in
        score[(last if run.passed[0] else first) % 2] += PASSED_ELSE
    difference = score[0] - score[1]
    return (0 if difference >= 0 else 1), abs(difference) >= SURE


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
