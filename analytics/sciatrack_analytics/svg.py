"""Figures as SVG inside a page: colours that follow the page, ids that are unique on it, no outside address."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Name of the page's colour -> the value it has on paper. page.css gives each a value on a dark screen.
COLOURS = {
    "ink": "#1b2a31",
    "muted": "#5b6b73",
    "rule": "#cfd7db",
    "faint": "#e9eef0",
    "paper": "#ffffff",
    "done": "#1f6f78",
    "some": "#8dbcc0",
    "said": "#c08a2d",
    "missed": "#b4472f",
    "leg": "#7a4b8c",
    "back": "#3f7d4e",
}
WIDTH_IN = 7.4  # as wide as an A4 page between its margins; on a screen the figure scales
FONT_POINTS = 8.5


@dataclass(frozen=True)
class Picture:
    """One figure of a page: its SVG, the words that stand for it, and the numbers that it shows."""

    svg: str
    title: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's settings for a page, back to what they were afterwards."""
    import matplotlib

    settings: dict[str, Any] = {
        "svg.fonttype": "none",  # text stays text: it can be read out, searched, and takes the page's font
        "svg.hashsalt": "sciatrack",
        "font.size": FONT_POINTS,
        "text.color": COLOURS["ink"],
        "axes.edgecolor": COLOURS["rule"],
        "axes.labelcolor": COLOURS["muted"],
        "axes.titlesize": FONT_POINTS,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "xtick.color": COLOURS["rule"],
        "ytick.color": COLOURS["rule"],
        "xtick.labelcolor": COLOURS["muted"],
        "ytick.labelcolor": COLOURS["muted"],
        "xtick.labelsize": FONT_POINTS - 1,
        "ytick.labelsize": FONT_POINTS - 1,
        "hatch.linewidth": 0.6,
    }
    with matplotlib.rc_context(settings):
        yield


def new_figure(height_in: float) -> Figure:
    """An empty figure of the page's width, outside of pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def to_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as one `<svg>` element that says in words what it shows.

    `name` makes its ids unique on the page; letters only.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'((?:xlink:)?href=")#', rf"\1#{name}-", text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    for colour, value in COLOURS.items():
        text = text.replace(value, f"var(--{colour})")
    view = re.search(r'viewBox="[^"]+"', text)
    assert view is not None, "matplotlib writes a viewBox"
    head = (
        f'<svg {view[0]} role="img" aria-labelledby="{name}-title {name}-desc" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    return head + text[text.index(">", text.index("<svg")) + 1 :]
