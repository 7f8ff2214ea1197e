"""What each method says of each recording of real people, and whether that is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from accuracy.people import Case, read_case
from accuracy.rows import Row
from baselines import BASELINES, has_dtw, template_dtw
from sciatrack_ingest import Recording
from sciatrack_signal.agreement import match_moments
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Block, Rep

OURS = "sciatrack"
DTW = "subsequence DTW"
METHODS = (OURS, *BASELINES, DTW)


@dataclass(frozen=True)
class Answer:
    """What one method says: a count with its range, the middles of all repetitions that it lists, and how many
    minutes they last (NaN for methods that list moments only)."""

    method: str
    count: int
    low: int
    high: int
    moments_s: np.ndarray
    minutes: float = float("nan")


def run_case(case: Case, *, dtw: bool = True) -> list[Row]:
    """One row a method; for a recording with blocks one row a method and block, and one for the idle rest."""
    recording = read_case(case)
    rows = []
    for answer in answers(case, recording, dtw=dtw):
        about = {"table": case.table, "recording": case.recording, "person": case.person, "method": answer.method}
        about |= {"dataset": case.dataset, "hours": recording.duration_s / 3600}
        rows += [about | row for row in judged(case, answer)]
    return rows


def judged(case: Case, answer: Answer) -> list[Row]:
    """Whether one answer is right: a row for the recording, or one a block and one for the idle rest."""
    return _blocks(case, answer) if case.blocks else [_whole(case, answer)]


def run_plate(case: Case) -> list[Row]:
    """Where each rep's moments lie against lift-off from the seat and contact with it."""
    reps = [rep for block in analyze(read_case(case)).blocks for rep in block.reps]
    middles_s = np.array([0.5 * (rep.start_s + rep.end_s) for rep in reps])
    plate = np.array(case.reps)
    about = {"recording": case.recording, "row": case.row, "person": case.person}
    pairs = {int(i): reps[int(j)] for i, j in match_moments(plate, middles_s)}
    return [about | _against_plate(off_s, seat_s, pairs.get(i)) for i, (off_s, seat_s) in enumerate(plate)]


def _against_plate(off_s: float, seat_s: float, rep: Rep | None) -> Row:
    if rep is None:
        return {"found": False}
    row: Row = {"found": True, "start": rep.start_s - off_s, "end": rep.end_s - seat_s}
    row["length"] = (rep.end_s - rep.start_s) - (seat_s - off_s)
    if rep.hold_start_s is not None and rep.hold_end_s is not None:
        row["hold_inside"] = off_s <= rep.hold_start_s and rep.hold_end_s <= seat_s
    return row


def run_name(job: tuple[str, Case]) -> list[Row]:
    """What `auto` calls a recording; nothing when it names none or says `generic`."""
    true, case = job
    called = Counter(block.exercise for block in analyze(read_case(case)).blocks for _ in block.reps)
    called.pop("generic", None)
    named = called.most_common(1)[0][0] if called else ""
    return [{"recording": case.recording, "person": case.person, "true": true, "named": named}]


def answers(case: Case, recording: Recording, *, dtw: bool) -> Iterator[Answer]:
    """Every method that can say something of this recording."""
    yield ours(analyze(recording).blocks, attempts=case.attempts)
    for name, method in BASELINES.items():
        moments_s = method(recording)
        if moments_s is not None:
            yield _plain(name, moments_s)
    if dtw and case.examples and has_dtw():
        yield _plain(DTW, template_dtw(recording, case.examples))


def ours(blocks: tuple[Block, ...], *, attempts: bool = False) -> Answer:
    """The analysis as an Answer; `attempts` counts every rep listed that the sensor saw itself."""
    reps = [rep for block in blocks for rep in block.reps if "inferred" not in rep.flags]
    kept = reps if attempts else [rep for rep in reps if rep.complete]
    moments_s = np.array([0.5 * (rep.start_s + rep.end_s) for rep in kept])
    if attempts:
        return _plain(OURS, moments_s)
    low, high = sum(b.count_low for b in blocks), sum(b.count_high for b in blocks)
    minutes = sum(rep.end_s - rep.start_s for rep in kept) / 60
    return Answer(OURS, sum(b.count for b in blocks), low, high, moments_s, minutes)


def _plain(name: str, moments_s: np.ndarray) -> Answer:
    return Answer(name, len(moments_s), len(moments_s), len(moments_s), moments_s)


def _whole(case: Case, answer: Answer) -> Row:
    error = answer.count - min(max(answer.count, case.least), case.most)
    row: Row = {
        "row": case.row, "right": error == 0, "error": error, "count": answer.count,
        "in_range": answer.low <= case.most and answer.high >= case.least,
        "true": case.least, "false": np.nan, "missed": np.nan, "known": 0, "in_phase": None,
    }  # fmt: skip
    if case.most == 0:
        return row | {"false": answer.count, "missed": 0, "false_min": answer.minutes}
    # Only where each rep is known can a false one be told from a missed one.
    if len(case.reps) == case.least:
        matched, in_phase = _matched(case, answer.moments_s)
        extra = max(0, len(answer.moments_s) - matched - case.edge)
        row |= {"false": extra, "missed": case.least - matched, "known": case.least, "in_phase": in_phase}
    return row


def _matched(case: Case, moments_s: np.ndarray) -> tuple[int, bool]:
    """How many middles lie in a true rep, one to one, and whether that is in the phase of the truth.

    Where the truth's own way out was only read off the signal, reps that lie between the true ones are counted as
    found too, half a period away.
    """
    spans = np.array(case.reps)
    matched = len(match_moments(_widened(spans, case.margin_s), moments_s))
    if case.sure_phase:
        return matched, True
    edges = np.concatenate([[-np.inf], spans.ravel(), [np.inf]]).reshape(-1, 2)
    opposite = min(len(match_moments(_widened(edges, case.margin_s), moments_s)), case.least)
    return max(matched, opposite), matched >= opposite


def _widened(spans: np.ndarray, by_s: float) -> np.ndarray:
    return spans + np.array([-by_s, by_s])


def _blocks(case: Case, answer: Answer) -> list[Row]:
    """A row for each block, judged by the middles that lie in its window, and one for what lies outside all."""
    spans = np.array(case.reps)
    outside = np.ones(len(answer.moments_s), bool)
    rows = []
    for name, start_s, end_s, n in case.blocks:
        inside = (answer.moments_s >= start_s) & (answer.moments_s <= end_s)
        outside &= ~inside
        here = spans[(spans.mean(axis=1) >= start_s) & (spans.mean(axis=1) <= end_s)]
        pairs = match_moments(_widened(here, case.margin_s), answer.moments_s[inside])
        count = int(inside.sum())
        rows.append({
            "row": name, "right": count == n, "error": count - n, "count": count, "in_range": count == n, "true": n,
            "false": count - len(pairs), "missed": n - len(pairs), "known": n,
        })  # fmt: skip
    false = int(outside.sum())
    return [*rows, {
        "row": "idle", "right": false == 0, "error": false, "count": false, "in_range": false == 0, "true": 0,
        "false": false, "missed": 0, "known": 0,
    }]  # fmt: skip
