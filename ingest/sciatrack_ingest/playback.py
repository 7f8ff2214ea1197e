"""A finished session played back: its packets at the pace at which they came, or as fast as they can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sciatrack_ingest import sessions
from sciatrack_ingest.manifest import SessionError
from sciatrack_ingest.rawread import RawLog, read_raw_or_nothing
from sciatrack_ingest.sensors import RawPacket

# Four steps a second look like a steady flow, and cost nothing.
STEP_S = 0.25


def raw_logs(folder: Path) -> list[RawLog]:
    """The raw logs of a session folder, finished or not, empty where one cannot be read.

    Raises SessionError where there is none.
    """
    paths = sorted(folder.glob(sessions.RAW_LOGS))
    if not paths:
        raise SessionError(
            folder, "there is no raw log in it to play back.",
            hint="Sessions made by `sciatrack import` hold samples, not packets.",
        )  # fmt: skip
    return [read_raw_or_nothing(path) for path in paths]


def play(
    logs: Sequence[RawLog],
    speed: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[float, list[list[RawPacket]]]]:
    """Step through all logs on their common clock.

    speed : 1 for the pace of the recording, 2 for twice that, infinity for no waiting at all.

    Yields seconds since the first packet and, for each log, its packets of this step. Nothing for logs without
    packets. A listener that is slow makes later steps come at once, never gaps.
    """
    first_ns = min((packet.monotonic_ns for log in logs for packet in log.packets[:1]), default=0)
    last_ns = max((log.packets[-1].monotonic_ns for log in logs if log.packets), default=-1)
    step_ns = round(STEP_S * max(min(speed, 1e6), 1.0) * 1e9)
    at = [0] * len(logs)
    begun_s = now()
    until_ns = first_ns
    while until_ns <= last_ns:
        until_ns += step_ns
        step = []
        for i, log in enumerate(logs):
            end = at[i]
            while end < len(log.packets) and log.packets[end].monotonic_ns < until_ns:
                end += 1
            step.append(list(log.packets[at[i] : end]))
            at[i] = end
        elapsed_s = (min(until_ns, last_ns) - first_ns) * 1e-9
        wait_s = begun_s + elapsed_s / speed - now()
        if wait_s > 0:
            sleep(wait_s)
        yield elapsed_s, step
