"""Small numbers of people kept out of what is handed on: cells of fewer than N participants are emptied.

Only reports on groups can be handed on this way; one row a participant is a cell of one. A number that could be
had by subtraction (of 20 at risk 18 were active, so 2 were not) is emptied too. Zero is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A count of participants, the count that it is a part of, and what is made of it."""

    count: str
    of: str = ""
    made_of_it: tuple[str, ...] = ()


COHORT_MEAN = ("mean_adherence", "ci_low", "ci_high", "median", "q1", "q3")
ADHERENCE_OF_ALL = (
    *COHORT_MEAN, "n_at_threshold", "pct_at_threshold", "n_no_information", "days_rx", "pct_no_information",
    "n_complete_case", "complete_case_mean",
)  # fmt: skip
OF_BASELINE = ("responders_abs", "share_abs", "n_baseline_above_0", "responders_pct", "share_pct")
CELLS: Mapping[str, tuple[Cell, ...]] = {
    "cohort_week": (
        Cell("n_at_risk", "", ("n_active", "n_due", *ADHERENCE_OF_ALL)),
        Cell("n_active", "n_at_risk"),
        Cell("n_due", "n_at_risk", ADHERENCE_OF_ALL),
        Cell("n_complete_case", "n_due", ("complete_case_mean",)),
        Cell("n_at_threshold", "n_due", ("pct_at_threshold",)),
    ),
    "pain_cohort": (
        Cell("n", "", ("mean", "ci_low", "ci_high", "n_baseline", *OF_BASELINE)),
        Cell("n_baseline", "n", OF_BASELINE),
        Cell("responders_abs", "n_baseline", ("share_abs",)),
        Cell("n_baseline_above_0", "n_baseline", ("responders_pct", "share_pct")),
        Cell("responders_pct", "n_baseline_above_0", ("share_pct",)),
    ),
}
RETENTION = "retention_km"
NAMES = (*CELLS, RETENTION)


def suppressed(name: str, table: pa.Table, below: int) -> tuple[pa.Table, str]:
    """The report without its small cells, and a sentence that says what was done. `name` is one of NAMES."""
    rows = table.to_pylist()
    if name == RETENTION:
        kept = [row for arm in _by_arm(rows) for row in _coarse(arm, below)]
        words = f"days are put together until {below} participants fell silent or left in each, or nobody did"
        return _table(table, kept), f"{words}; {len(rows) - len(kept)} of {len(rows)} rows are gone by it"
    emptied = [_emptied(row, CELLS[name], below) for row in rows]
    n = sum(new != old for new, old in zip(emptied, rows, strict=True))
    return _table(
        table, emptied
    ), f"counts of fewer than {below} participants are empty, in {n} of {len(rows)} rows"


def _emptied(row: Row, cells: Sequence[Cell], below: int) -> Row:
    new = dict(row)
    for cell in cells:
        count, whole = row[cell.count], row[cell.of] if cell.of else 0
        if 0 < count < below or 0 < whole - count < below:
            new |= dict.fromkeys((cell.count, *cell.made_of_it))
    return new


def _by_arm(rows: Sequence[Row]) -> list[list[Row]]:
    arms: dict[str, list[Row]] = {}
    for row in rows:
        arms.setdefault(row["arm"], []).append(row)
    return list(arms.values())


def _coarse(rows: Sequence[Row], below: int) -> list[Row]:
    """Neighbouring days of one arm as one row, named by the last of them, until none tells of a few people."""
    if rows[0]["n_at_risk"] < below:
        return []
    groups: list[list[Row]] = [[]]
    for row in rows:
        groups[-1].append(row)
        if _told(groups[-1], below):
            groups.append([])
    rest = groups.pop()
    while rest and groups:
        rest = groups.pop() + rest
        if _told(rest, below):
            groups.append(rest)
            rest = []
    return [
        group[-1] | {
            "n_at_risk": group[0]["n_at_risk"],
            "events": sum(row["events"] for row in group),
            "censored": sum(row["censored"] for row in group),
        }
        for group in groups
    ]  # fmt: skip


def _told(group: Sequence[Row], below: int) -> bool:
    sums = [sum(row[key] for row in group) for key in ("events", "censored")]
    return all(n == 0 or n >= below for n in sums)


def _table(like: pa.Table, rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=like.schema)
