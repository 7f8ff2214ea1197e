"""The fit check as a person meets it: stand, lie, one rep; Enter skips it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sciatrack.fit_check import Fit, expected_range_deg, judge_fit
from sciatrack_ingest.rawlog import FIT_CHECK

if TYPE_CHECKING:
    from sciatrack.planned import Intended
    from sciatrack.record_view import View, Watched
    from sciatrack_ingest.recording import Float
    from sciatrack_ingest.session_recording import RecordingSession

POLL_S = 0.2


@dataclass(frozen=True)
class Step:
    """One thing to do: what is said, seconds to get there, seconds that are measured."""

    name: str
    words: str
    ready_s: float
    measured_s: float


STANDING = Step("standing", "Stand upright and still.", 3.0, 5.0)
LYING = Step("lying", "Lie down on your back, legs straight, and lie still.", 10.0, 5.0)
# The slowest of the exercises, with its hold, is over in 15 s when a person does not dawdle.
# Getting up and onto hands and knees takes so long; what is moved for it is not measured.
REP = Step("rep", "Get into place for {exercise}. When told, do one rep and be still again.", 10.0, 15.0)


async def guide_fit(session: RecordingSession, intended: Intended, view: View, stop: asyncio.Event) -> None:
    """Guide through the steps, say what was found, and keep it in the raw logs."""
    while not session.streaming and not stop.is_set():
        await asyncio.sleep(POLL_S)
    rep = replace(REP, words=REP.words.format(exercise=intended.words))
    skip = asyncio.Event()
    view.say("Fit check: the sensor is looked at before the session starts. Enter skips it.")
    with _enter_sets(skip):
        measured = [await _measure(view, step, stop, skip) for step in (STANDING, LYING, rep)]
    if stop.is_set() or skip.is_set():
        view.say("Fit check skipped.")
        return
    for at, one in enumerate(view.watched):
        fit, warning = _judged(one, [step[at] for step in measured], intended)
        for line in filter(None, (fit.sentence, warning)):
            view.say(line)
        one.recorder.note(FIT_CHECK, **fit.to_mapping())
    view.say("The session starts now.")


async def _measure(view: View, step: Step, stop: asyncio.Event, skip: asyncio.Event) -> list[Float]:
    """(n, 3) accelerations of each sensor during the measured part of a step."""
    if stop.is_set() or skip.is_set():
        return []
    view.say(f"{step.words} ({step.ready_s:.0f} s to get there)")
    await _pause(step.ready_s, stop, skip)
    view.say(f"... now for {step.measured_s:.0f} s")
    for one in view.watched:
        one.kept = []
    await _pause(step.measured_s, stop, skip)
    return [_taken(one) for one in view.watched]


def _taken(one: Watched) -> Float:
    import numpy as np

    packets, one.kept = one.kept or [], None
    if one.status.family is None or not packets:
        return np.empty((0, 3))
    decoded = one.status.family.decode([*one.rate.opening, *packets])
    return decoded.acc[decoded.packet >= len(one.rate.opening)]


def _judged(one: Watched, steps: list[Float], intended: Intended) -> tuple[Fit, str]:
    placement = one.status.placement
    least_deg, warning = expected_range_deg(intended.exercise, placement, intended.side or None)
    standing, lying, rep = steps
    return judge_fit(placement, standing, lying, rep, min_range_deg=least_deg), warning


async def _pause(seconds: float, stop: asyncio.Event, skip: asyncio.Event) -> None:
    end_s = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end_s and not stop.is_set() and not skip.is_set():
        await asyncio.sleep(POLL_S)


@contextlib.contextmanager
def _enter_sets(skip: asyncio.Event) -> Iterator[None]:
    """Enter on the terminal sets the event; where the system cannot watch it (Windows), Enter does nothing."""
    if not sys.stdin.isatty():
        yield
        return
    loop = asyncio.get_running_loop()

    def on_key() -> None:
        sys.stdin.readline()
        skip.set()

    try:
        loop.add_reader(sys.stdin, on_key)
    except (NotImplementedError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin)
