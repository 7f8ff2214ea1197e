"""Recordings that people marked (`sciatrack annotate`): sciatrack against them, and they against each other."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from accuracy.rows import MATCH_IOU, Row, spans
from accuracy.set_tables import count_tally
from accuracy.tables import NOTHING, Table, between, k_of_n, number, percent, signed
from sciatrack_ingest import SciatrackError, read
from sciatrack_ingest.truth_file import MARKS, Truth, TruthFileError, find_truth, read_truth, truth_path
from sciatrack_signal.agreement import bland_altman, bootstrap_ratio, coverage, errors, match_intervals
from sciatrack_signal.annotators import agreement, marks_of
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Rep

ABOUT = "real people, marked by hand"


def annotated_tables(folder: Path) -> tuple[list[Table], list[str]]:
    """All tables of the marked recordings in a folder and below, and what could not be used, each in words."""
    truths, problems = _read_all(folder)
    rows: list[Row] = []
    for path, truth, recording in truths:
        try:
            rows += judged(truth, recording, path.parent)
        except SciatrackError as error:
            problems.append(f"{recording}: {error}")
    tables = [*(_scores(pd.DataFrame(rows)) if rows else []), *_between_annotators(truths)]
    return tables, problems


def _read_all(folder: Path) -> tuple[list[tuple[Path, Truth, Path]], list[str]]:
    found, problems = [], []
    for path in find_truth(folder):
        try:
            truth = read_truth(path)
        except TruthFileError as error:
            problems.append(str(error))
            continue
        recording = _recording_of(path, truth)
        if recording is None:
            problems.append(f"{path}: its recording '{truth.recording}' is not beside it")
        else:
            found.append((path, truth, recording))
    return found, problems


def _recording_of(path: Path, truth: Truth) -> Path | None:
    """The recording a truth file speaks of: beside it, or the samples of the session folder beside it."""
    name = Path(truth.recording).name
    beside = [
        path.parent / name,
        *(one / name for one in path.parent.iterdir() if (one / "manifest.json").exists()),
    ]
    for place in beside:
        if place.is_file() and (truth_path(place, truth.annotator) == path or place.parent == path.parent):
            return place
    return None


def judged(truth: Truth, path: Path, folder: Path) -> list[Row]:
    """One row for each marked rep, matched or missed, and for each found one that nobody marked."""
    recording = read(path)
    labels = {"exercise": truth.exercise, "placement": truth.placement}
    side = None if truth.side == "unknown" else truth.side
    analysis = analyze(recording, side=side, **{name: word or None for name, word in labels.items()})
    reps = [rep for block in analysis.blocks for rep in block.reps]
    marks = marks_of(truth)
    pairs, _ = match_intervals(marks[:, [0, 3]], spans(reps), min_iou=MATCH_IOU)
    found_of = {int(i): reps[int(j)] for i, j in pairs}
    about = {
        "recording": str(path.relative_to(folder)), "annotator": truth.annotator, "blind": truth.blind,
        "person": recording.participant or path.stem,
        "count": sum(block.count for block in analysis.blocks),
        "count_true": sum(rep.complete for rep in truth.reps),
    }  # fmt: skip
    rows = [about | _row(true, found_of.get(k)) for k, true in enumerate(truth.reps)]
    matched = {int(j) for _, j in pairs}
    rows += [about | _row(None, rep) for j, rep in enumerate(reps) if j not in matched]
    return rows or [about | {"kind": "empty", "hit": False, "counted_true": False, "counted_found": False}]


def _row(true: object, found: Rep | None) -> Row:
    row: Row = {"kind": "false" if true is None else "missed" if found is None else "matched"}
    row["counted_true"] = bool(true is not None and getattr(true, "complete", False))
    row["counted_found"] = bool(found and found.complete and "inferred" not in found.flags)
    row["hit"] = row["counted_true"] and row["counted_found"]
    for name in (*MARKS, "hold_s"):
        a, b = getattr(found, name, None), getattr(true, name, None)
        row[f"error_{name}"] = np.nan if a is None or b is None else a - b
        row[f"true_{name}"] = np.nan if b is None else b
    row["hold_s_low"] = getattr(found, "hold_s_low", None)
    row["hold_s_high"] = getattr(found, "hold_s_high", None)
    return row


def _scores(rows: pd.DataFrame) -> list[Table]:
    out = []
    for blind, part in (("blind", rows[rows.blind]), ("not blind", rows[~rows.blind])):
        if part.empty:
            continue
        sets = part.drop_duplicates(["recording", "annotator"])
        score = count_tally(part)
        held = part[part.hit & part.error_hold_s.notna()] if "error_hold_s" in part else part.iloc[:0]
        limits = bland_altman(held.true_hold_s + held.error_hold_s, held.true_hold_s, held.person)
        error = errors(held.true_hold_s + held.error_hold_s, held.true_hold_s)
        known = held[held.hold_s_low.notna()] if len(held) else held
        covered = coverage(known.hold_s_low, known.hold_s_high, known.true_hold_s) if len(known) else None
        f1 = bootstrap_ratio(2.0 * part.hit, part.counted_true.astype(float) + part.counted_found, part.person)
        out.append((
            blind, str(part.person.nunique()), k_of_n(int((sets["count"] == sets.count_true).sum()), len(sets)),
            number(score.f1, 3), between(f1, 3), str(score.missed), str(score.false), str(error.n),
            number(error.mae, 3), signed(error.bias, 3), between((limits.low, limits.high)),
            percent(covered.share) if covered else NOTHING,
        ))  # fmt: skip
    header = ("marks", "persons", "counts right", "F1", "95 %", "missed", "false", "holds", "MAE s", "bias s",
              "limits s", "covered")  # fmt: skip
    note = (
        "F1 of complete reps at an overlap of 0.5, interval over persons. Covered: marked holds in their interval."
    )
    return [Table("Recordings marked by hand", header, out, ABOUT, note), _boundaries(rows)]


def _boundaries(rows: pd.DataFrame) -> Table:
    out = []
    for name in MARKS:
        off = rows[f"error_{name}"].dropna() if f"error_{name}" in rows else pd.Series(dtype=float)
        error = errors(off, np.zeros(len(off)))
        out.append((name, str(error.n), number(error.mae, 3), signed(error.bias, 3), number(error.p95_abs, 3)))
    return Table("Recordings marked by hand, boundaries", ("boundary", "n", "MAE s", "bias s", "p95 s"), out, ABOUT)


def _between_annotators(truths: list[tuple[Path, Truth, Path]]) -> list[Table]:
    """Each two annotators who marked the same recording."""
    out = []
    by_recording: dict[Path, list[Truth]] = {}
    for _, truth, recording in truths:
        by_recording.setdefault(recording, []).append(truth)
    for recording, members in by_recording.items():
        for first, second in combinations(members, 2):
            found = agreement(marks_of(first), marks_of(second))
            ends = " / ".join(number(found.marks[name].bias, 2) for name in MARKS)
            out.append((
                f"{recording.name}: {second.annotator} - {first.annotator}", str(found.tally.matched),
                str(found.tally.missed), str(found.tally.false), number(found.tally.f1, 3), ends,
                signed(found.holds.bias, 3), between((found.holds.low, found.holds.high)), number(found.icc, 3),
                between(found.icc_interval, 3),
            ))  # fmt: skip
    if not out:
        return []
    header = ("recording, annotators", "in common", "first only", "second only", "F1", "boundaries, bias s",
              "holds, bias s", "limits s", "ICC(2,1)", "95 %")  # fmt: skip
    note = "What annotators differ by is the floor for any detector. Boundaries: start, hold start, hold end, end."
    return [Table("Agreement of annotators", header, out, ABOUT, note)]
