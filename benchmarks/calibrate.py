"""Fits how far off a hold may be and how likely a rep is real, and says what that is worth on people not fitted.

    python benchmarks/calibrate.py [--sets 12] [--quick] [--write]

From simulated sets (cells graded full, development seeds) it writes signal/sciatrack_signal/intervals.toml; the
tables are of held-out seeds and shapes. Simulated: no validation. Half widths are the 90 % quantile of the absolute
error (quantile regression), probabilities a logistic regression.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, minimize

sys.path.insert(0, str(Path(__file__).resolve().parent))

from accuracy import sets
from accuracy.rows import rep_rows
from sciatrack_signal import assemble, holds, intervals
from sciatrack_signal.intervals import HalfWidth, HoldEvidence, Odds, RepEvidence
from sciatrack_signal.pipeline import analyze

Float = npt.NDArray[np.float64]

OUT = Path(intervals.__file__).with_name("intervals.toml")
# Asked of the sets that are fitted. On other shapes of moves 4 to 5 points fewer are covered than on these: so that
# nine of ten lie between the two, two points more than 0.9.
COVERAGE = 0.92
# An error of a sample or less is none; its logarithm would rule the fit.
LEAST_ERROR_S = 0.01
# Pull of each coefficient of the odds towards 0, in reps: nothing that a handful of reps says becomes sure.
RIDGE = 1.0
WIDTHS_S = (0.0, 0.4, 0.8, 1.6, np.inf)
SAID = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
HEADER = """# Written by benchmarks/calibrate.py from {n} simulated sets; do not edit by hand.
# Half width of the 90 % interval of a hold (logarithm of seconds) and log odds that a rep is real.
"""


@dataclass(frozen=True)
class Seen:
    """One found rep: what was known of it, and what is true. error_s is None where there was no hold to compare."""

    seed: int
    long: bool
    rep: RepEvidence | None
    real: bool
    hold: HoldEvidence | None
    error_s: float | None


@contextmanager
def listening() -> Iterator[tuple[dict[float, RepEvidence], dict[float, HoldEvidence]]]:
    """While it lasts, each confidence and each half width is a number of its own: the key to what it rests on."""
    reps: dict[float, RepEvidence] = {}
    measured: dict[float, HoldEvidence] = {}

    def number_rep(evidence: RepEvidence) -> float:
        key = (len(reps) + 1) / 2**20
        reps[key] = evidence
        return key

    def number_hold(evidence: HoldEvidence) -> float:
        key = float(1000 + len(measured))
        measured[key] = evidence
        return key

    with (
        patch.object(assemble, "confidence", number_rep),
        patch.object(assemble, "GAP_DOUBT", 1.0),
        patch.object(holds, "half_width_s", number_hold),
        patch.object(holds, "hidden_s", lambda *_: (0.0, 0.0)),
    ):
        yield reps, measured


def seen_in(job: sets.SetJob) -> list[Seen]:
    """All found reps of one simulated set."""
    made = sets.simulate_job(job)
    with listening() as (reps, measured):
        analysis = analyze(made.recording)
    seen = []
    for row in rep_rows(made, analysis, {}):
        if row["kind"] == "missed" or not row["counted_found"]:
            continue
        hold, error_s = None, None
        if row["hit"] and row["found_hold_s"] is not None and row["true_hold_s"] is not None:
            hold = measured.get(float(round(row["found_hold_s_high"] - row["found_hold_s"])))
            error_s = float(row["found_hold_s"] - row["true_hold_s"])
        long = sets.hold_class(job.exercise) == "long"
        seen.append(Seen(job.seed, long, reps.get(row["found_confidence"]), bool(row["hit"]), hold, error_s))
    return seen


def fit_half_width(seen: Sequence[Seen]) -> HalfWidth:
    """Quantile regression of the logarithm of the absolute error (Koenker and Bassett 1978): a linear programme.

    What makes a hold harder to time never makes its interval narrower: only the constant may be negative.
    """
    x, error_s = _held(seen)
    y = np.log(np.maximum(np.abs(error_s), LEAST_ERROR_S))
    n, k = x.shape
    cost = np.concatenate([np.zeros(2 * k), np.full(n, COVERAGE), np.full(n, 1 - COVERAGE)])
    parts = np.hstack([x, -x, np.eye(n), -np.eye(n)])
    bounds = [(0.0, None)] * (k + 1) + [(0.0, 0.0)] * (k - 1) + [(0.0, None)] * (2 * n)
    solved = linprog(cost, A_eq=parts, b_eq=y, bounds=bounds, method="highs")
    if not solved.success:
        raise SystemExit(f"the fit of the half widths failed: {solved.message}")
    return HalfWidth(*(solved.x[:k] - solved.x[k : 2 * k]).tolist())


def fit_odds(seen: Sequence[Seen]) -> Odds:
    """Penalised logistic regression of whether a counted rep is real."""
    told = [one for one in seen if one.rep is not None]
    x = np.array([one.rep.terms() for one in told if one.rep is not None])
    real = np.array([one.real for one in told], dtype=float)

    def loss(b: Float) -> float:
        odds = x @ b
        return float(np.logaddexp(0.0, odds).sum() - real @ odds + 0.5 * RIDGE * (b[1:] ** 2).sum())

    return Odds(*minimize(loss, np.zeros(x.shape[1]), method="BFGS").x.tolist())


def _held(seen: Sequence[Seen]) -> tuple[Float, Float]:
    """(n, k) terms and (n,) errors in s of all measured holds."""
    some = [one for one in seen if one.hold is not None and one.error_s is not None]
    return np.array([one.hold.terms() for one in some if one.hold]), np.array([one.error_s for one in some], float)


def half_widths(seen: Sequence[Seen], model: HalfWidth) -> Float:
    x, _ = _held(seen)
    return np.exp(x @ np.array([getattr(model, f.name) for f in fields(model)]))


def said(seen: Sequence[Seen], model: Odds) -> tuple[Float, npt.NDArray[np.bool_]]:
    """(n,) probabilities and whether each came true."""
    told = [one for one in seen if one.rep is not None]
    odds = np.array([one.rep.terms() for one in told if one.rep]) @ [getattr(model, f.name) for f in fields(model)]
    return np.minimum(intervals.MOST, 1.0 / (1.0 + np.exp(-odds))), np.array([one.real for one in told], dtype=bool)


def coverage_table(seen: Sequence[Seen], model: HalfWidth) -> str:
    """Coverage by class of hold, by what makes holds hard, and by width."""
    some = [one for one in seen if one.hold is not None and one.error_s is not None]
    x, error_s = _held(seen)
    half = half_widths(seen, model)
    inside, width = np.abs(error_s) <= half, 2 * half
    long = np.array([one.long for one in some], dtype=bool)
    groups = {
        "holds of 2 to 5 s": ~long,
        "holds of 15 to 30 s": long,
        "moves over 2.5 s": x[:, 2] > np.log(2.5),
        "dips and fading": x[:, 4] > 0,
        "no gyroscope": x[:, 5] > 0,
    }
    for low, high in pairwise(WIDTHS_S):
        groups[f"width {low:.1f} to {high:.1f} s"] = (width >= low) & (width < high)
    lines = [f"{'holds':22s}      n  covered  median width"]
    for name, which in groups.items():
        if which.any():
            covered, usual_s = inside[which].mean(), np.median(width[which])
            lines.append(f"{name:22s} {which.sum():6d}  {covered:6.1%}  {usual_s:8.2f} s")
    return "\n".join(lines)


def reliability_table(seen: Sequence[Seen], model: Odds) -> str:
    """How often what was said of reps came true."""
    probability, real = said(seen, model)
    lines = ["probability said       n   mean said   came true"]
    for low, high in pairwise(SAID):
        which = (probability >= low) & (probability < high)
        if which.any():
            mean, true = probability[which].mean(), real[which].mean()
            lines.append(f"{low:.2f} to {high:.2f}     {which.sum():6d}  {mean:8.1%}  {true:8.1%}")
    return "\n".join(lines)


def write(half: HalfWidth, odds: Odds, n: int) -> None:
    lines = [HEADER.format(n=n)]
    for name, model in (("half_width", half), ("odds", odds)):
        lines += [f"[{name}]", *(f"{f.name} = {getattr(model, f.name):.3f}" for f in fields(model)), ""]
    OUT.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")


def collect(seeds: str, per_cell: int, workers: int) -> list[Seen]:
    jobs = list(sets.set_jobs(seeds, per_cell, ("full",)))
    with get_context("spawn").Pool(workers) as pool:
        return [one for some in pool.imap(seen_in, jobs, chunksize=4) for one in some]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=12, help="simulated sets a cell [12]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one set a cell")
    parser.add_argument("--write", action="store_true", help="put the fit where `analyze` reads it")
    options = parser.parse_args()
    per_cell = 1 if options.quick else options.sets
    fitted_on = collect("development", per_cell, options.workers)
    judged_on = collect("held-out", max(1, per_cell // 2), options.workers)
    half, odds = fit_half_width(fitted_on), fit_odds(fitted_on)
    print("Simulated sets, cells graded full; fitted on development seeds, shown on held-out seeds and shapes.\n")
    print(coverage_table(judged_on, half) + "\n\n" + reliability_table(judged_on, odds) + "\n")
    for model in (half, odds):
        print(" ".join(f"{f.name} {getattr(model, f.name):.2f}" for f in fields(model)))
    if options.write:
        write(half, odds, len({(one.seed) for one in fitted_on}))
        print(f"written: {OUT.name}")


if __name__ == "__main__":
    main()
