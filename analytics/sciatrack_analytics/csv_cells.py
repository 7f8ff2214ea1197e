"""Parsers of one CSV cell: the text in, a value out, or ValueError with what is allowed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

from sciatrack_ingest.manifest import text_to_utc, zone


def text(cell: str) -> str:
    return cell


def date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date; write it like 2026-03-29") from None


def local_moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a time; write it like 2026-03-29T08:15") from None
    if moment.tzinfo is not None:
        raise ValueError("carries an offset; write the wall clock and name the zone in the column timezone")
    return moment


def utc_moment(text: str) -> dt.datetime:
    try:
        return text_to_utc(text).replace(tzinfo=None)
    except ValueError:
        raise ValueError("is not a UTC time; write it like 2026-03-29T06:15:00Z") from None


def zone_name(text: str) -> str:
    zone(text)
    return text


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is not one of {', '.join(allowed)}")
        return text

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(text)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"is not a number from {low:g} to {high:g} (decimals with a point)")
        return value

    return parse


def yes_no(text: str) -> bool:
    answers = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in answers:
        raise ValueError("is not yes or no")
    return answers[text.lower()]
