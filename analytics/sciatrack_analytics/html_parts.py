"""Pieces of a page. Every text that comes from a person or a file passes `escape` here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from sciatrack_analytics.svg import Picture

LONGEST_UNBROKEN = 30  # letters; names of exercises stay on one line, notes do not
# 12, -0.34, 3 of 7, 43 %, 120 of 300 s, 40 %, 62 % to 81 %, and a dash for none
NUMBER = re.compile(r"–|[-+]?[\d.]+(?: %| s)?(?: (?:of|to) [-+]?[\d.]+(?: %| s)?)?(?:, \d+ %)?")


@dataclass(frozen=True)
class Tile:
    """One number at the top of a page: what it is, the number, and what it is made of."""

    what: str
    much: str
    made_of: str


def document(title: str, body: Sequence[str]) -> str:
    """A whole page with its style inside; nothing is loaded from anywhere."""
    css = (files("sciatrack_analytics") / "page.css").read_text(encoding="utf-8")
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        # a page that was tampered with still may not run or fetch anything
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n"
    )
    return head + "\n".join(part for part in body if part) + "\n</main>\n</body>\n</html>\n"


def section(title: str, *parts: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n" + "\n".join(part for part in parts if part) + "\n</section>"


def begin_details() -> str:
    """What follows is what the page before it was made of; on paper it begins a new page."""
    return '<hr class="details"/>'


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def tiles(items: Sequence[Tile]) -> str:
    cells = "\n".join(
        f'<li><span class="what">{escape(tile.what)}</span> <span class="much">{escape(tile.much)}</span> '
        f'<span class="from">{escape(tile.made_of)}</span></li>'
        for tile in items
    )
    return f'<ul class="tiles">\n{cells}\n</ul>'


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table; columns of numbers stand right. `caption` is its name for a screen reader."""
    kinds = [_kind([row[i] for row in rows]) for i in range(len(columns))]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(columns, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def figure(picture: Picture) -> str:
    """A figure with its caption and, folded away, the numbers that it shows."""
    return (
        f'<figure>\n<div class="plot" tabindex="0" role="group" aria-label="{escape(picture.title)}">'
        f"{picture.svg}</div>\n"
        f"<figcaption><b>{escape(picture.title)}.</b> {escape(picture.caption)}</figcaption>\n"
        f"<details><summary>The numbers: {escape(picture.title.lower())}</summary>\n"
        f"{table(picture.columns, picture.rows, picture.title)}\n</details>\n</figure>"
    )


def folded(summary: str, inside: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n{inside}\n</details>"


def definitions(lines: Sequence[tuple[str, str]]) -> str:
    items = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in lines)
    return f"<dl>\n{items}\n</dl>"


def _kind(cells: Sequence[str]) -> str:
    """Right for numbers, unbroken for short codes and dates, free for prose."""
    filled = [cell for cell in cells if cell]
    if filled and all(NUMBER.fullmatch(cell) for cell in filled):
        return ' class="n"'
    return ' class="w"' if not filled or max(map(len, filled)) < LONGEST_UNBROKEN else ' class="p"'
