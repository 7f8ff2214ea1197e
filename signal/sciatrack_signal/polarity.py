"""How long somebody stayed in the outermost poses of a run of strokes."""

from __future__ import annotations

from sciatrack_signal.dwells import Timed
from sciatrack_signal.trace import Trace

# Within this share of the range of a turning point is in its pose.
NEAR_SHARE = 0.3


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
