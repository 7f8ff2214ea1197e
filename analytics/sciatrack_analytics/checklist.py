"""The reporting checklists of checklists.toml, filled as far as a study can fill them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("guideline", "item", "text", "where_reported", "auto_value")


def filled(facts: pa.Table, ask: Callable[[str], pa.Table]) -> pa.Table:
    """One row per guideline and item; `auto_value` is empty where only the authors can say it.

    facts : columns key and value, from sql/report_reporting_checklist.sql.
    """
    import pyarrow as pa

    known = dict(zip(*(facts.column(name).to_pylist() for name in ("key", "value")), strict=True))
    rows = [
        {
            "guideline": guideline,
            "item": item,
            "text": entry["text"],
            "where_reported": f"report {entry['where']}" if "where" in entry else "",
            "auto_value": known.get(entry.get("auto", ""), ""),
        }
        for guideline, items in guidelines().items()
        for item, entry in items.items()
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in COLUMNS]))


@cache
def guidelines() -> dict[str, dict[str, dict[str, Any]]]:
    """Guideline -> item -> its text, the fact that answers it, the report that holds more; where there are any."""
    text = (files("sciatrack_analytics") / "checklists.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
