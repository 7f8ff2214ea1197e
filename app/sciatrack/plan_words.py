"""A prescription in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def dose_words(row: Mapping[str, Any]) -> str:
    """`5 days a week, 2 x 10, 5 s, each side`."""
    if row["days_per_week"] == 0:
        return "ended"
    days = "daily" if row["days_per_week"] == 7 else f"{row['days_per_week']} days a week"
    often = "" if row["sessions_per_day"] == 1 else f" {row['sessions_per_day']} times"
    sets = f"{row['reps']}" if row["sets"] == 1 else f"{row['sets']} x {row['reps']}"
    hold = f", {row['hold_s']:g} s" if row["hold_s"] else ""
    side = {"both": "", "each": ", each side"}.get(row["side"], f", {row['side']} side")
    return f"{days}{often}, {sets}{hold}{side}"


def version_words(row: Mapping[str, Any]) -> str:
    """`glute_bridge of P01: version 2 from 2026-03-02: daily, 10, 5 s`."""
    what = f"{row['exercise']} of {row['participant']}"
    return f"{what}: version {row['version']} from {row['valid_from']}: {dose_words(row)}"
