"""From a Recording to reps and holds: the page to read first.

Recording -> grid (25 Hz) -> trace (up, tilt rate, excursion) -> runs of alike strokes -> timed moves
          -> is it the exercise? -> reps with holds -> one block with a note that says what was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording
from sciatrack_ingest.gyro_check import GYROSCOPE_SET_ASIDE
from sciatrack_signal.assemble import Context, assemble
from sciatrack_signal.blocks import STRANGE_REVERSALS, find_blocks, walk_up
from sciatrack_signal.candidates import (
    Candidate,
    Labels,
    find_candidates,
    find_lone,
    find_rises,
    find_turns,
    other_leg,
)
from sciatrack_signal.dwells import Timed, time_each
from sciatrack_signal.exercises import Exercise, catalogue, get
from sciatrack_signal.grid import to_grid
from sciatrack_signal.height import NOTE as HEIGHT_NOTE
from sciatrack_signal.order import median
from sciatrack_signal.quality import judged
from sciatrack_signal.result import Analysis, Block, Rep
from sciatrack_signal.selection import NOTHING_FOUND, clearer, select, select_turns
from sciatrack_signal.sets import read_sets
from sciatrack_signal.trace import Trace, build_trace
from sciatrack_signal.turning import marked, stretches

ALGORITHM = "sciatrack-segmentation 0.1"
# Reps with less than this between them belong to one set (contract).
SET_PAUSE_S = 60.0
# A stretch without data longer than this is no pause within a set.
LONG_GAP_S = 10.0
# Observability at which holds are measured; at `counts` they are estimates and each is flagged.
HOLDS_GIVEN = ("full", "counts")
OTHER_LEG = "the other leg worked; what the sensor sees of it is listed as inferred and not counted"
AUTO = "auto"
GENERIC = "generic"


def analyze(
    recording: Recording,
    *,
    exercise: str | None = None,
    placement: str | None = None,
    side: str | None = None,
    exercises: Mapping[str, Exercise] | None = None,
) -> Analysis:
    """Finds the reps and holds of one recording.

    exercise, placement, side : win over the recording's own labels; no exercise is `auto`.
    exercises : the catalogue to use; the built-in one if None.

    Always at least one block; a block without reps says why in its note. Raises UnknownExerciseError, and
    RecordingError for a placement or side that is not known.
    """
    labels = find_labels(recording, exercise, placement, side, exercises)
    view = labels.view
    if view.observability == "none":
        return _answer(recording, labels, [], view.reason)
    traces = _traces(recording)
    if not traces:
        return _answer(recording, labels, [], "the recording is empty")
    found = [one for trace, barriers in traces for one in find_candidates(trace, barriers, labels)]
    if labels.auto:
        blocks = _auto(recording, labels, found, catalogue() if exercises is None else exercises)
        if blocks:
            return Analysis(tuple(blocks))
    kept, note = ([], NOTHING_FOUND) if labels.auto else select(found, labels)
    if not kept:  # one repetition repeats nothing
        lone = [one for trace, barriers in traces for one in find_lone(trace, barriers, labels, found)]
        kept, told = select(lone, labels)
        note = told if kept else note
    rises = [one for trace, barriers in traces for one in find_rises(trace, barriers, labels)]
    kept, note = (clearer(kept, rises), "") if rises else (kept, note)
    if not kept:
        turns = [one for trace, barriers in traces for one in find_turns(trace, barriers)]
        # Few turns that nobody named are those of people who turn over.
        long = [one for one in turns if not labels.auto or one.run.reversals >= STRANGE_REVERSALS]
        kept = select_turns(long)
        note = "" if kept else note
    read = read_sets(kept, labels)
    reps = [rep for found in reps_of_each([(one, labels) for one in read], recording.clipped_s) for rep in found]
    if kept and not reps:
        note = "too few whole repetitions were found"
    if reps and other_leg(labels):
        note = _joined(note, OTHER_LEG)
    note = _joined(
        note,
        *(one.sense for one in read if reps),
        *(trace.gyro_note for trace, _ in traces),
        *_set_aside(recording),
    )
    return _answer(recording, labels, _number_sets(reps), note)


def candidates_of(recording: Recording, exercise: str) -> list[Candidate]:
    """What `analyze` chooses from."""
    labels = find_labels(recording, exercise, None, None, None)
    return [one for trace, barriers in _traces(recording) for one in find_candidates(trace, barriers, labels)]


def _auto(
    recording: Recording, labels: Labels, found: list[Candidate], known: Mapping[str, Exercise]
) -> list[Block]:
    """One block for each exercise that was found."""
    of_traces = {id(one.trace): one for one in found}.values()
    walks = [up for up in map(walk_up, of_traces) if up is not None]
    sets = []
    for block in find_blocks(found, labels.placement, labels.side, known, walks):
        here = replace(labels, exercise=known[block.exercise], side=block.side)
        sets.append((block, here, read_sets([piece.one for piece in block.pieces], here)))
    each = reps_of_each([(one, here) for _, here, read in sets for one in read], recording.clipped_s)
    blocks: list[Block] = []
    for block, here, read in sets:
        reps = _number_sets([rep for _ in read for rep in next(each)])
        if reps:
            gyro_notes = (piece.one.trace.gyro_note for piece in block.pieces)
            note = _joined(block.note, *gyro_notes, *_set_aside(recording))
            span_s = reps[0].start_s, reps[-1].end_s
            blocks.append(_block(recording, here, reps, note, number=len(blocks), span_s=span_s))
    return blocks


def reps_of(one: Candidate, labels: Labels, clipped_s: Sequence[tuple[float, float]] = ()) -> list[Rep]:
    """The timed and judged reps of one candidate; none if they are fewer than a set has. Sets come later."""
    read = read_sets([one], labels) if one.run.rest is None else [one]
    return [rep for reps in reps_of_each([(each, labels) for each in read], clipped_s) for rep in reps]


def reps_of_each(
    sets: Sequence[tuple[Candidate, Labels]], clipped_s: Sequence[tuple[float, float]] = ()
) -> Iterator[list[Rep]]:
    """`reps_of` each of the sets, whose rest is known, with its labels."""
    timed = time_each((one.trace, one.run, labels.view.above_m) for one, labels in sets)
    for (one, labels), moves in zip(sets, timed, strict=True):
        yield _reps(one, moves, labels, clipped_s)


def _reps(one: Candidate, timed: Timed, labels: Labels, clipped_s: Sequence[tuple[float, float]]) -> list[Rep]:
    view = labels.view
    by_height = one.sense == HEIGHT_NOTE
    context = Context(labels.exercise, view, _rep_side(labels), view.observability in HOLDS_GIVEN and not by_height)
    reps = assemble(one.trace, timed, context)
    if len(reps) < labels.exercise.min_set_reps:
        return []
    reps = [_flagged(rep, "low_certainty") for rep in reps] if one.sense else reps
    # A height is no angle.
    reps = [replace(rep, rom_deg=None) for rep in reps] if by_height else reps
    reps = judged(one.trace, reps, view, clipped_s=clipped_s)
    return [_flagged(rep, "inferred") for rep in reps] if other_leg(labels) else reps


def _traces(recording: Recording) -> list[tuple[Trace, npt.NDArray[np.int64]]]:
    """What the recording shows, in stretches that no set crosses, each with the rows that none may cross in it."""
    grid = to_grid(recording)
    if grid is None or grid.n < 2:
        return []
    trace = build_trace(grid)
    return [(trace, _barriers(trace))]


def _joined(*notes: str) -> str:
    """Each note once, in order, without empty ones."""
    return "; ".join(dict.fromkeys(filter(None, notes)))


def _set_aside(recording: Recording) -> list[str]:
    """What a reader did not hand on of a recording that had it."""
    return [finding.message for finding in recording.findings if finding.code == GYROSCOPE_SET_ASIDE]


def _flagged(rep: Rep, flag: str) -> Rep:
    return replace(rep, flags=tuple(sorted({*rep.flags, flag})))


def find_labels(
    recording: Recording,
    exercise: str | None,
    placement: str | None,
    side: str | None,
    exercises: Mapping[str, Exercise] | None,
) -> Labels:
    """What is said of a recording; raises as `analyze` does."""
    named = exercise or recording.exercise or AUTO
    known = catalogue() if exercises is None else exercises
    found = get(GENERIC if named == AUTO else named, known)
    labelled = recording.with_labels(placement=placement, side=side)  # raises RecordingError for an unknown word
    return Labels(found, labelled.placement or "thigh", labelled.side or "unknown", auto=named == AUTO)


def _barriers(trace: Trace) -> npt.NDArray[np.int64]:
    """(k, 2) rows that no set may cross: stretches without data, and walking."""
    gaps = [gap for gap in stretches(~trace.valid) if gap[1] - gap[0] > LONG_GAP_S * trace.rate_hz]
    blocked = marked([*gaps, *trace.walks.tolist()], trace.n)
    return np.array(stretches(blocked), dtype=np.int64).reshape(-1, 2)


def _rep_side(labels: Labels) -> str:
    if labels.side != "unknown":
        return labels.side
    if labels.exercise.sides == "both":
        return "both"
    return {"left_thigh": "left", "right_thigh": "right"}.get(labels.placement, "unknown")


def _number_sets(reps: list[Rep]) -> list[Rep]:
    """Sorted, without overlap, numbered by the contract's pause."""
    numbered: list[Rep] = []
    for rep in sorted(reps, key=lambda r: r.start_s):
        if not numbered:
            numbered.append(replace(rep, set=1))
            continue
        last, rep = _parted(numbered.pop(), rep)
        step = 1 if rep.start_s - last.end_s >= SET_PAUSE_S else 0
        numbered += [last, replace(rep, set=last.set + step)]
    return numbered


def _parted(last: Rep, rep: Rep) -> tuple[Rep, Rep]:
    """Two reps of which the second begins before the first is over, parted no later than the second one's hold."""
    if rep.start_s >= last.end_s:
        return last, rep
    middle_s = 0.5 * (rep.start_s + rep.end_s)
    border_s = min(last.end_s, middle_s if rep.hold_start_s is None else rep.hold_start_s)
    return replace(last, end_s=border_s), replace(rep, start_s=border_s)


def _answer(recording: Recording, labels: Labels, reps: list[Rep], note: str) -> Analysis:
    """One block over the whole recording."""
    start_s = float(recording.time_s[0]) if recording.n_samples else 0.0
    span_s = start_s, start_s + recording.duration_s
    return Analysis((_block(recording, labels, reps, note, number=0, span_s=span_s),))


def swallowed(reps: list[Rep], gaps_s: npt.NDArray[np.float64]) -> int:
    """How many reps more the gaps within sets may hold: a gap as long as the way out and back can hide both."""
    known = [rep for rep in reps if rep.hold_start_s is not None and rep.hold_end_s is not None]
    if not known:
        return 0
    ways_s = median([rep.end_s - rep.start_s - (rep.hold_s or 0.0) for rep in known])
    length_s = median([rep.end_s - rep.start_s for rep in known])
    inside = (gaps_s[:, 0] > reps[0].start_s) & (gaps_s[:, 1] < reps[-1].end_s)
    long_s = (gaps_s[:, 1] - gaps_s[:, 0])[inside]
    long_s = long_s[(long_s >= ways_s) & (long_s < SET_PAUSE_S)]
    return int(np.maximum(long_s // max(length_s, 1e-9), 1).sum())


def _block(
    recording: Recording, labels: Labels, reps: list[Rep], note: str, *, number: int, span_s: tuple[float, float]
) -> Block:
    counted = sum(rep.complete and "inferred" not in rep.flags for rep in reps)
    gaps = recording.gaps_s
    open_reps = sum("cut" in rep.flags for rep in reps) + swallowed(reps, gaps)
    return Block(
        recording=recording.name, block=number, block_start_s=span_s[0], block_end_s=span_s[1],
        exercise=labels.exercise.id, placement=labels.placement, side=labels.side,
        observability=labels.view.observability, note=note, sampling_rate_hz=recording.sampling_rate_hz,
        duration_s=recording.duration_s, gaps_s=float((gaps[:, 1] - gaps[:, 0]).sum()), algorithm=ALGORITHM,
        count=counted, count_low=counted, count_high=counted + open_reps, reps=tuple(reps),
    )  # fmt: skip
