"""One row a rep: what was true beside what was found. Everything the tables and `--dump` say comes from these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sciatrack_signal.agreement import match_intervals
from sciatrack_signal.result import Analysis, Rep
from sciatrack_signal.simulate import Simulated, TrueRep

Row = dict[str, Any]
MATCH_IOU = 0.5
EDGES = ("start_s", "hold_start_s", "hold_end_s", "end_s")
TRUE_FIELDS = (*EDGES, "hold_s", "hold_longest_s", "rom_deg", "complete", "side", "indirect", "above90_s")
FOUND_FIELDS = (
    *EDGES, "hold_s", "hold_longest_s", "hold_s_low", "hold_s_high", "rom_deg", "complete", "side", "confidence",
)  # fmt: skip


def rep_rows(simulated: Simulated, analysis: Analysis, about: Row, *, min_iou: float = MATCH_IOU) -> list[Row]:
    """One row for every true rep, matched or missed, and for every found rep that matches none.

    Columns: those of `about`; `kind` matched | missed | false; true_* and found_*; error_* (measured minus true);
    counted_true, counted_found (complete and seen directly, as `count` counts); hit (both, matched).
    """
    found = [(block.exercise, rep) for block in analysis.blocks for rep in block.reps]
    true = [(block, rep) for block in simulated.blocks for rep in block.reps]
    pairs, overlap = match_intervals(
        spans([rep for _, rep in true]), spans([rep for _, rep in found]), min_iou=min_iou
    )
    of_true = {int(i): (int(j), float(o)) for (i, j), o in zip(pairs, overlap, strict=True)}
    rows = []
    for i, (block, rep) in enumerate(true):
        j, shared = of_true.get(i, (None, np.nan))
        head = {"true_exercise": block.exercise, "true_grade": block.observability, "number": i, "iou": shared}
        rows.append(about | head | _row(rep, *(found[j] if j is not None else ("", None))))
    matched = {j for j, _ in of_true.values()}
    for j, (name, rep) in enumerate(found):
        if j not in matched:
            head = {"true_exercise": "", "true_grade": "", "number": -1, "iou": np.nan}
            rows.append(about | head | _row(None, name, rep))
    return rows


def spans(reps: Sequence[Rep | TrueRep]) -> np.ndarray:
    """(k, 2) start and end of reps in seconds."""
    return np.array([(rep.start_s, rep.end_s) for rep in reps], dtype=float).reshape(-1, 2)


def _row(true: TrueRep | None, named: str, found: Rep | None) -> Row:
    row: Row = {"kind": "false" if true is None else "missed" if found is None else "matched"}
    row |= {f"true_{name}": getattr(true, name) if true else None for name in TRUE_FIELDS}
    row |= {f"found_{name}": getattr(found, name) if found else None for name in FOUND_FIELDS}
    row["true_flags"] = " ".join(true.flags) if true else ""
    row["found_flags"] = " ".join(found.flags) if found else ""
    row["found_exercise"] = named
    for name in (*EDGES, "hold_s", "hold_longest_s", "rom_deg"):
        a, b = row[f"found_{name}"], row[f"true_{name}"]
        row[f"error_{name}"] = a - b if a is not None and b is not None else np.nan
    row["counted_true"] = bool(true and true.complete and not true.indirect)
    row["counted_found"] = bool(found and found.complete and "inferred" not in found.flags)
    row["hit"] = row["counted_true"] and row["counted_found"]
    return row
