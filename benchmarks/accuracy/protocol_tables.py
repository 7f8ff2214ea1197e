"""Simulated sets by the usual measures of segmentation and of timing: overlaps, boundaries, holds met or not.

All from the same rows as the other tables: cells graded full, complete reps that a sensor saw itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from accuracy.rows import EDGES
from accuracy.set_tables import held, one_a_set
from accuracy.tables import NOTHING, Table, between, k_of_n, number, percent, share, signed
from sciatrack_signal.agreement import Tally, bootstrap_ratio, errors, match_intervals
from sciatrack_signal.annotators import icc, icc_interval

SIMULATED = "simulated"
OVERLAPS = (0.25, 0.5, 0.75)
TOLERANCES_S = (0.25, 0.5, 1.0)
# A prescription asks for a hold of at least so long, of exercises that are held about so long: of a hold of 30 s
# nobody needs to be told that it lasted 3.
PRESCRIBED_S = ((3.0, "short"), (5.0, "short"), (15.0, "long"), (30.0, "long"))
NEAR_S, NEAR_SHARE = 0.5, 0.1


def protocol_tables(rows: pd.DataFrame) -> list[Table]:
    """All tables of this module; none without sets graded full."""
    full = rows[rows.grade == "full"]
    if full.empty:
        return []
    return [overlaps(full), boundaries(full), holds_end_to_end(full), prescription(full), persons(full)]


def _spans(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Person, true and found spans of each set: (k, 2) and (m, 2) seconds of counted reps."""
    for name, part in rows.groupby("recording"):
        true = part[part.counted_true][["true_start_s", "true_end_s"]].to_numpy(float)
        found = part[part.counted_found][["found_start_s", "found_end_s"]].to_numpy(float)
        yield str(name), true, found


def overlaps(full: pd.DataFrame) -> Table:
    """Matches at several overlaps, mean overlap, and reps that were run together or cut apart."""
    spans = list(_spans(full))
    out = []
    for least in OVERLAPS:
        tallies, shared = [], []
        for _, true, found in spans:
            pairs, overlap = match_intervals(true, found, min_iou=least)
            tallies.append(Tally(len(pairs), len(found) - len(pairs), len(true) - len(pairs)))
            shared += list(overlap)
        total = sum(tallies, Tally(0, 0, 0))
        low_high = bootstrap_ratio(
            np.array([2.0 * t.matched for t in tallies]),
            np.array([2.0 * t.matched + t.false + t.missed for t in tallies]), [name for name, _, _ in spans],
        )  # fmt: skip
        mean = float(np.mean(shared)) if shared else np.nan
        out.append((
            f"{least:g}", percent(total.precision), percent(total.recall), number(total.f1, 4),
            between(low_high, 3), number(mean, 3), str(total.matched + total.missed),
        ))  # fmt: skip
    merged = sum(merges(true, found) for _, true, found in spans)
    cut = sum(merges(found, true) for _, true, found in spans)
    return Table(
        "Simulated sets, overlap of reps (cells graded full)",
        ("overlap at least", "precision", "recall", "F1", "95 %", "mean overlap", "reps"), out, SIMULATED,
        f"Intersection over union, one to one; interval over persons. {merged} found reps hold most of two true "
        f"ones or more (merged), {cut} true reps hold most of two found ones or more (cut apart).",
    )  # fmt: skip


def merges(parts: np.ndarray, wholes: np.ndarray) -> int:
    """How many of `wholes` hold more than half of at least two of `parts`; (k, 2) and (m, 2) spans."""
    if not len(parts) or not len(wholes):
        return 0
    low = np.maximum(parts[:, None, 0], wholes[None, :, 0])
    inside = np.maximum(np.minimum(parts[:, None, 1], wholes[None, :, 1]) - low, 0.0)
    return int(((inside > 0.5 * (parts[:, 1] - parts[:, 0])[:, None]).sum(axis=0) >= 2).sum())


def boundaries(full: pd.DataFrame) -> Table:
    """Each of the four moments on matched reps."""
    part = full[full.hit]
    out = []
    for name in EDGES:
        known = part[part[f"error_{name}"].notna()]
        off = known[f"error_{name}"].to_numpy(float)
        error = errors(off, np.zeros(len(off)))
        inside = [percent(float((np.abs(off) <= within).mean()) if len(off) else np.nan) for within in TOLERANCES_S]
        low_high = bootstrap_ratio(np.abs(off), np.ones(len(off)), known.recording)
        out.append((
            name, str(error.n), number(error.mae, 3), between(low_high, 3), signed(error.bias, 3),
            number(float(np.sqrt(np.mean(off**2))) if len(off) else np.nan, 3),
            between((error.p05, error.p95)), *inside,
        ))  # fmt: skip
    header = (
        "moment",
        "n",
        "MAE s",
        "95 %",
        "bias s",
        "RMSE s",
        "5 to 95 %",
        *(f"in {t:g} s" for t in TOLERANCES_S),
    )
    return Table(
        "Simulated sets, moments of matched reps (cells graded full)", header, out, SIMULATED,
        "Measured minus true; interval of the MAE over persons.",
    )  # fmt: skip


def holds_end_to_end(full: pd.DataFrame) -> Table:
    """Hold errors of matched reps beside those of all true reps, where a missed one was held for 0 s."""
    out = []
    for kind in ("short", "long"):
        part = full[full.hold_class == kind]
        matched, true = held(part), part[part.counted_true]
        if matched.empty:
            continue
        error = errors(matched.found_hold_s, matched.true_hold_s)
        off = matched.error_hold_s.abs()
        measured = true.found_hold_s.where(true.hit, 0.0).fillna(0.0)
        all_of_them = errors(measured, true.true_hold_s)
        pairs = matched[["true_hold_s", "found_hold_s"]].to_numpy(float)
        total = float(part[part.counted_found].found_hold_s.sum() / true.true_hold_s.sum())
        out.append((
            kind, str(error.n), number(error.mae, 3), number(float(np.sqrt((off**2).mean())), 3),
            percent(float((off <= NEAR_S).mean())),
            percent(float((off <= NEAR_SHARE * matched.true_hold_s).mean())),
            number(icc(pairs), 3), between(icc_interval(pairs), 3), str(all_of_them.n), number(all_of_them.mae, 3),
            signed(all_of_them.bias, 3), percent(total),
        ))  # fmt: skip
    header = (
        "class", "matched", "MAE s", "RMSE s", "in 0.5 s", "in 10 %", "ICC(2,1)", "95 %", "all reps",
        "end to end MAE s", "bias s", "held time found",
    )  # fmt: skip
    return Table(
        "Simulated sets, holds end to end (cells graded full)", header, out, SIMULATED,
        "End to end: a rep that was missed, or that has no hold, counts as held for 0 s. Held time found: the sum "
        "of all holds listed, false ones too, over the sum of the true ones.",
    )  # fmt: skip


def prescription(full: pd.DataFrame) -> Table:
    """Whether a hold of at least so long was kept: said and true."""
    true = full[full.counted_true & full.true_hold_s.notna()]
    out = []
    for asked_s, kind in PRESCRIBED_S:
        part = true[true.hold_class == kind]
        kept = (part.true_hold_s >= asked_s).to_numpy()
        said = (part.hit & (part.found_hold_s.fillna(0.0) >= asked_s)).to_numpy(bool)
        if not len(part):
            continue
        hits, n = int((kept & said).sum()), int(kept.sum())
        refused, rest = int((~kept & ~said).sum()), int((~kept).sum())
        out.append((
            f"{asked_s:g} s", k_of_n(hits, n), percent(hits / n if n else np.nan), share(hits, n),
            k_of_n(refused, rest), percent(refused / rest if rest else np.nan), share(refused, rest),
        ))  # fmt: skip
    return Table(
        "Simulated sets, was the hold kept as long as asked? (cells graded full)",
        ("asked", "kept, said so", "sensitivity", "95 %", "not kept, said so", "specificity", "95 %"),
        out, SIMULATED,
        "Every complete true rep of exercises that ask such holds; a missed one was not seen to be kept. Holds lie "
        "near what is asked, so a tenth of a second decides many of them.",
    )  # fmt: skip


def persons(full: pd.DataFrame) -> Table:
    """How many people are served how well: a set is a person here."""
    sets = one_a_set(full)
    off = (sets["count"] - sets.count_true).abs()
    scores = np.array([
        2.0 * len(match_intervals(true, found)[0]) / max(len(true) + len(found), 1)
        for _, true, found in _spans(full)
    ])  # fmt: skip
    worst = held(full).assign(off=lambda rows: rows.error_hold_s.abs()).groupby("recording").off.mean()
    n = len(sets)
    rows = [
        ("count exact", k_of_n(int((off == 0).sum()), n), share(int((off == 0).sum()), n)),
        ("count within 1", k_of_n(int((off <= 1).sum()), n), share(int((off <= 1).sum()), n)),
        ("all reps matched, none false", k_of_n(int((scores == 1).sum()), n), share(int((scores == 1).sum()), n)),
    ]
    for words, values, digits in (("F1 of a person", scores, 3), ("mean hold error of a person, s", worst, 3)):
        if len(values):
            cuts = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
            spread = ", ".join(number(float(cut), digits) for cut in cuts)
            rows.append((f"{words}: 5, 25, 50, 75, 95 %", spread, NOTHING))
    return Table(
        "Simulated sets by person (cells graded full)", ("what", "persons", "95 %"), rows, SIMULATED,
        "One set is one simulated person.",
    )  # fmt: skip
