"""The last step of reports for which SQL gives the rows and SciPy the numbers: each takes and gives a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sciatrack_analytics.intervals import bootstrap_mean, slope_half_width
from sciatrack_analytics.mixed import MixedSlope, mixed_slope
from sciatrack_analytics.survival import kaplan_meier, logrank_p

if TYPE_CHECKING:
    import pyarrow as pa

MIXED_COLUMNS = ("mixed_slope", "mixed_ci", "mixed_ci_low", "mixed_ci_high", "mixed_note")
Ask = Callable[[str], "pa.Table"]  # another question (a name in sql/) about the same people and days


def slope_interval(table: pa.Table, ask: Ask) -> pa.Table:
    """`slope_se` becomes the slope's interval."""
    slope = table.column("slope_per_week").to_numpy(zero_copy_only=False).astype(float)
    error = table.column("slope_se").to_numpy(zero_copy_only=False).astype(float)
    half = slope_half_width(error, table.column("n").to_numpy(zero_copy_only=False).astype(float))
    return _in_place_of(table, "slope_se", {"slope_ci_low": slope - half, "slope_ci_high": slope + half})


def cohort_interval(table: pa.Table, ask: Ask) -> pa.Table:
    """`shares` become the interval of their mean, beside it."""
    return _after(_bootstrapped(table, "shares"), "mean_adherence", ("ci_low", "ci_high"))


def pain_of_cohort(table: pa.Table, ask: Ask) -> pa.Table:
    """`scores` become the interval of their mean; the mixed slope of each arm and site stands on all its rows."""
    table = _after(_bootstrapped(table, "scores"), "mean", ("ci_low", "ci_high"))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in ask("page_pain").to_pylist():
        groups.setdefault((row["arm"], row["site"]), []).append(row)
    slopes = {key: mixed_slope(rows) for key, rows in groups.items()}
    own = [slopes[key] for key in zip(*(table.column(name).to_pylist() for name in ("arm", "site")), strict=True)]
    table = _with_floats(table, "mixed_slope", (slope.slope_per_week for slope in own))
    table = _with_text(table, "mixed_ci", [_interval_words(slope) for slope in own])
    table = _with_floats(table, "mixed_ci_low", (slope.low for slope in own))
    table = _with_floats(table, "mixed_ci_high", (slope.high for slope in own))
    table = _with_text(table, "mixed_note", [slope.note for slope in own])
    return _after(table, "ci_high", MIXED_COLUMNS)


def retention(table: pa.Table, ask: Ask) -> pa.Table:
    """Survival with its interval after each day, and the log-rank test of each arm against the others."""
    arms: dict[str, list[tuple[int, int, int]]] = {}
    for row in table.to_pylist():
        arms.setdefault(row["arm"], []).append((row["day"], row["events"], row["censored"]))
    curve = [values for counts in arms.values() for values in kaplan_meier(counts)]
    p = {
        arm: logrank_p(own, [n for name, c in arms.items() if name != arm for n in c]) for arm, own in arms.items()
    }
    for at, name in enumerate(("survival", "ci_low", "ci_high")):
        table = _with_floats(table, name, (values[at] for values in curve))
    return _with_floats(table, "logrank_p", (p[arm] for arm in table.column("arm").to_pylist()))


def _interval_words(slope: MixedSlope) -> str | None:
    return None if math.isnan(slope.low) else f"{slope.low:+.3f} to {slope.high:+.3f}"


def _bootstrapped(table: pa.Table, name: str) -> pa.Table:
    bounds = [bootstrap_mean(values or ()) for values in table.column(name).to_pylist()]
    low, high = (np.array([pair[at] for pair in bounds]) for at in (0, 1))
    return _in_place_of(table, name, {"ci_low": low, "ci_high": high})


def _in_place_of(table: pa.Table, name: str, columns: dict[str, Any]) -> pa.Table:
    at = table.column_names.index(name)
    table = table.remove_column(at)
    for offset, (new, values) in enumerate(columns.items()):
        table = table.add_column(at + offset, new, _floats(values))
    return table


def _after(table: pa.Table, name: str, moved: Sequence[str]) -> pa.Table:
    """The columns `moved` right behind the column `name`."""
    others = [column for column in table.column_names if column not in moved]
    at = others.index(name) + 1
    return table.select([*others[:at], *moved, *others[at:]])


def _with_floats(table: pa.Table, name: str, values: Iterable[float]) -> pa.Table:
    return table.append_column(name, _floats(np.fromiter(values, dtype=float, count=table.num_rows)))


def _with_text(table: pa.Table, name: str, values: Sequence[str | None]) -> pa.Table:
    import pyarrow as pa

    return table.append_column(name, pa.array(values, pa.string()))


def _floats(values: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(np.asarray(values, dtype=float), pa.float64(), mask=~np.isfinite(values))
