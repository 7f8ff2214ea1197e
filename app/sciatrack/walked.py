"""What live.jsonl adds to a session: the plan, answers, decisions, corrections, and which exercise was when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack.walk import Run, Walk, fold, read_events
from sciatrack_analytics.live_log import LIVE_LOG, read_live_log, said_in
from sciatrack_ingest.manifest import Manifest, check_participant, text_to_utc, utc_to_text, zone

if TYPE_CHECKING:
    from sciatrack_ingest.recording import Recording
    from sciatrack_signal.exercises import Exercise
    from sciatrack_signal.result import Analysis, Block, Rep

# The analysis sees a little of what lies around a set: how the body rests before and after it.
AROUND_S = 5.0
# A rep may begin so much before the countdown is over and still be meant for the set.
EARLY_S = 1.0


@dataclass(frozen=True)
class Stretch:
    """When one exercise was done with one side: the sets between `start_s` and `end_s`."""

    exercise: str
    side: str
    start_s: float
    end_s: float
    runs: tuple[Run, ...]


def walked(folder: Path) -> Walk | None:
    """The walk that a session's log tells of; None where there is no log, or it walked through no plan."""
    walk = fold(read_events(folder)[0])
    return walk if walk.steps else None


def has_log(folder: Path) -> bool:
    return (folder / LIVE_LOG).is_file()


def with_log(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest with what was answered, decided and corrected in the log's own words; twice is once."""
    lines, unreadable = read_live_log(folder)
    said = said_in(lines)
    walk = fold(read_events(folder)[0])
    corrections = [_corrected(note, manifest.start_utc) for note in walk.corrections]
    if unreadable:
        reason = f"{unreadable} lines of {LIVE_LOG} cannot be read; what they said is unknown."
        if all(old.get("reason") != reason for old in manifest.corrections):
            now = utc_to_text(dt.datetime.now(dt.UTC).replace(microsecond=0))
            corrections.append({"at_utc": now, "author": "sciatrack", "reason": reason})
    return replace(
        manifest,
        plan=dict(walk.plan) if walk.plan else manifest.plan,
        check_ins=_joined(manifest.check_ins, said.check_ins),
        decisions=_joined(manifest.decisions, said.decisions),
        corrections=_joined(manifest.corrections, corrections),
    )


def _joined(there: tuple[Mapping[str, Any], ...], new: list[dict[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """What is there and what is new; the same item is kept once, so that a log can be read in again."""
    return (*there, *(item for item in new if item not in there))


def manifest_of_log(folder: Path) -> Manifest | None:
    """A manifest of a folder that holds a log and no samples: somebody answered, and nothing was recorded."""
    begin = next((line for line in read_live_log(folder)[0] if line.get("kind") == "begin"), None)
    if begin is None:
        return None
    session: Mapping[str, Any] = begin["session"]
    return Manifest(
        session_id=folder.name,
        participant=check_participant(str(session["participant"])),
        start_utc=text_to_utc(str(session["start_utc"])),
        timezone=zone(str(session["timezone"])).key,
        duration_s=0.0,
        origin=str(session.get("origin", "recorded")),
    )


def stretches(walk: Walk) -> list[Stretch]:
    """One for each exercise and side, in order; sets of one that follow each other belong together."""
    found: list[Stretch] = []
    for run in walk.runs:
        step = walk.steps[run.step]
        end_s = walk.now_s if run.end_s is None else run.end_s
        end_s = max([end_s, *(rep.end_s for rep in run.reps if rep.end_s is not None)])
        last = found[-1] if found else None
        if last is not None and (last.exercise, last.side) == (step.exercise, step.side):
            found[-1] = replace(last, end_s=end_s, runs=(*last.runs, run))
        else:
            found.append(Stretch(step.exercise, step.side, run.start_s, end_s, (run,)))
    return found


def analyse_walk(recording: Recording, walk: Walk, exercises: Mapping[str, Exercise] | None = None) -> Analysis:
    """The reps of one recording, stretch by stretch as the walk led through them; one block a stretch.

    What was moved outside the sets (getting into place, pauses) is no rep of theirs.
    """
    from sciatrack_signal.result import Analysis

    blocks: list[Block] = []
    found = stretches(walk)
    for number, stretch in enumerate(found):
        before_s = found[number - 1].end_s if number else -float("inf")
        after_s = found[number + 1].start_s if number + 1 < len(found) else float("inf")
        first_s, last_s = max(stretch.start_s - AROUND_S, before_s), min(stretch.end_s + AROUND_S, after_s)
        blocks.append(_block(recording, stretch, first_s, last_s, number, exercises))
    return Analysis(tuple(blocks))


def _block(
    recording: Recording,
    stretch: Stretch,
    first_s: float,
    last_s: float,
    number: int,
    exercises: Mapping[str, Exercise] | None,
) -> Block:
    from sciatrack_signal.pipeline import analyze, swallowed

    inside = (recording.time_s >= first_s) & (recording.time_s < last_s)
    part = replace(
        recording,
        time_s=recording.time_s[inside],
        acc=recording.acc[inside],
        gyr=None if recording.gyr is None else recording.gyr[inside],
    )
    # legs in turn are for the analysis to tell apart
    side = stretch.side if stretch.side in ("left", "right", "both") else "unknown"
    found = analyze(
        part, exercise=stretch.exercise, placement=recording.placement, side=side, exercises=exercises
    ).blocks
    reps = sorted((rep for block in found for rep in block.reps), key=lambda rep: rep.start_s)
    kept = tuple(rep for rep in reps if any(_belongs(rep, run) for run in stretch.runs))
    counted = sum(rep.complete and "inferred" not in rep.flags for rep in kept)
    open_reps = sum("cut" in rep.flags for rep in kept) + swallowed(list(kept), part.gaps_s)
    start_s, end_s = max(stretch.start_s, 0.0), stretch.end_s
    return replace(
        found[0], block=number, block_start_s=start_s, block_end_s=end_s, duration_s=end_s - start_s, reps=kept,
        count=counted, count_low=counted, count_high=counted + open_reps,
    )  # fmt: skip


def _belongs(rep: Rep, run: Run) -> bool:
    return rep.start_s >= run.counts_from_s - EARLY_S and (run.end_s is None or rep.start_s < run.end_s)


def _corrected(note: Mapping[str, Any], begun: dt.datetime) -> dict[str, Any]:
    at_utc = begun + dt.timedelta(seconds=float(note["at_s"]))
    return {"at_utc": utc_to_text(at_utc.replace(microsecond=0))} | {k: v for k, v in note.items() if k != "at_s"}
