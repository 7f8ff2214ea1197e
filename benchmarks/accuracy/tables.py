"""Tables that print as plain text and as Markdown, and how numbers look in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sciatrack_signal.agreement import Interval, wilson

NOTHING = "-"
LONGEST_FIGURE = 24  # characters; a longer cell is a sentence


@dataclass(frozen=True)
class Table:
    """One table; `note` stands below it. `about` is real, simulated or cost: no table holds two of them."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    about: str
    note: str = ""


def as_text(table: Table) -> str:
    """The table with columns as wide as they need to be: words to the left, figures to the right."""
    lines = [list(table.header), *(list(row) for row in table.rows)]
    widths = [max(len(row[k]) for row in lines) for k in range(len(table.header))]
    words = _word_columns(table)
    out = [f"{table.title}  [{table.about}]"]
    for row in lines:
        cells = [c.ljust(w) if left else c.rjust(w) for c, w, left in zip(row, widths, words, strict=True)]
        out.append("  " + "  ".join(cells).rstrip())
    if table.note:
        out.append(f"  {table.note}")
    return "\n".join(out) + "\n"


def as_markdown(table: Table) -> str:
    """The same as a Markdown table under a heading of the third level."""
    out = [f"### {table.title}", "", _line(table.header)]
    out.append(_line(["---" if left else "---:" for left in _word_columns(table)]))
    out += [_line(row) for row in table.rows]
    if table.note:
        out += ["", table.note]
    return "\n".join(out) + "\n"


def _word_columns(table: Table) -> list[bool]:
    """Which columns hold words: the first one, and those with a long cell."""
    return [k == 0 or any(len(row[k]) > LONGEST_FIGURE for row in table.rows) for k in range(len(table.header))]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def number(value: float, digits: int = 2) -> str:
    """A number with so many digits; a dash for NaN. Never -0.00."""
    if math.isnan(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def signed(value: float, digits: int = 2) -> str:
    return NOTHING if math.isnan(value) else f"{value:+.{digits}f}"


def percent(value: float, digits: int = 1) -> str:
    return NOTHING if math.isnan(value) else f"{100 * value:.{digits}f} %"


def k_of_n(k: int, n: int) -> str:
    return f"{k} of {n}" if n else NOTHING


def share(k: int, n: int) -> str:
    """Wilson interval of a share, in percent."""
    if not n:
        return NOTHING
    low, high = wilson(k, n)
    return f"{100 * low:.0f}-{100 * high:.0f} %"


def between(interval: Interval, digits: int = 2, *, scale: float = 1.0) -> str:
    low, high = interval
    if math.isnan(low):
        return NOTHING
    return f"{number(scale * low, digits)} to {number(scale * high, digits)}"
