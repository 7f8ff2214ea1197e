"""The live page's state drawn for a terminal, for those without a browser: large digits and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

Texts = Mapping[str, Mapping[str, str]]
# Digits of five rows; a cell is two columns wide, or they look like matchsticks.
DIGITS = {
    "0": "### #.# #.# #.# ###", "1": ".#. ##. .#. .#. ###", "2": "### ..# ### #.. ###", "3": "### ..# ### ..# ###",
    "4": "#.# #.# ### ..# ..#", "5": "### #.. ### ..# ###", "6": "### #.. ### #.# ###", "7": "### ..# ..# .#. .#.",
    "8": "### #.# ### #.# ###", "9": "### #.# ### ..# ###",
}  # fmt: skip
ROWS = 5
EXERCISING = ("instruct", "lead_in", "active", "rest", "paused")
SAID_BY_PHASE = {
    "rest": "page.say.rest", "paused": "page.say.paused", "lead_in": "page.say.lead_in",
    "finished": "page.say.finished",
}  # fmt: skip


def large(number: int) -> str:
    """A whole number, not negative, in large digits; five lines."""
    glyphs = [DIGITS[digit].split() for digit in str(number)]
    rows = ("  ".join(glyph[row] for glyph in glyphs) for row in range(ROWS))
    return "\n".join("".join({"#": "██", ".": "  "}.get(cell, cell) for cell in row).rstrip() for row in rows)


def lines_of(state: Mapping[str, Any], texts: Texts, language: str) -> list[tuple[str, str]]:
    """What is shown, as (style, text) from top to bottom; nothing before the server has spoken.

    Styles: loud (must be seen), head, digits, plain, small.
    """
    if not state:
        return []

    def t(key: str, **values: object) -> str:
        words = texts.get(key, {})
        return str(words.get(language, words.get("en", key))).format(**values)

    shown = [("loud", line) for line in _alerts(state, t)]
    shown += _free(state, t) if state["walk"] is None else _walk(state, t)
    for decision in state["decisions"][:1]:
        shown.append(("loud", decision["words"].get(language) or t("page.stop_elsewhere")))
    if state["ask"]:
        shown.append(("plain", t("terminal.ask")))
    return [*shown, ("small", t("page.disclaimer"))]


def panel(state: Mapping[str, Any], texts: Texts, language: str) -> RenderableType:
    """`lines_of` for rich."""
    from rich.text import Text

    styles = {"loud": "bold white on red", "head": "bold", "digits": "bold cyan", "plain": "", "small": "dim"}
    drawn = Text()
    for style, text in lines_of(state, texts, language):
        drawn.append(f"{text}\n", style=styles[style])
    return drawn


def _alerts(state: Mapping[str, Any], t: Any) -> list[str]:
    lost = [one["placement"] for one in state["sensors"] if one["state"] == "sensor lost"]
    told = [t("page.sensor_lost", where=t(f"placement.{one}")) for one in lost]
    step = state["free"] if state["walk"] is None else _step(state["walk"])
    if step is None:
        return told
    if step["sees"] == "none":
        told.append(t("page.not_observable"))
    hint = f"hint.{step['exercise']}"
    return told if (words := t(hint)) == hint else [*told, words]


def _step(walk: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = walk["step"] if walk["phase"] in EXERCISING else None
    return found


def _free(state: Mapping[str, Any], t: Any) -> list[tuple[str, str]]:
    free = state["free"]
    held = _seconds(state, free["hold"]["since_s"], None)
    return [("head", t(f"exercise.{free['exercise']}")), *_count(free["count"], t("page.reps")), *_timer(held, t)]


def _walk(state: Mapping[str, Any], t: Any) -> list[tuple[str, str]]:
    walk, step = state["walk"], _step(state["walk"])
    if step is None:
        return [("head", t(f"page.phase.{walk['phase']}")), *_say(walk, t)]
    side = t(f"side.{step['side']}") if step["side"] in ("left", "right", "alternating") else ""
    shown = [
        ("head", ", ".join(part for part in (t(f"exercise.{step['exercise']}"), side) if part)),
        *_say(walk, t),
    ]
    if walk["phase"] == "active":
        shown += _count(walk["count"], t("page.of", target=step["target"]))
    clock = walk["countdown"]
    left = None if clock is None else _seconds(state, None, clock["end_s"])
    held = left or _seconds(state, walk["hold"]["since_s"] if walk["hold"]["state"] == "holding" else None, None)
    kind = clock["kind"] if left is not None and clock is not None else "held"
    shown += _timer(None if held is None else (held[0], kind), t)
    if walk["next"]:
        shown.append(("plain", t("page.next", what=t(f"exercise.{walk['next']['exercise']}"))))
    return shown


def _say(walk: Mapping[str, Any], t: Any) -> list[tuple[str, str]]:
    key = SAID_BY_PHASE.get(walk["phase"])
    return [("head", t(key))] if key else []


def _seconds(state: Mapping[str, Any], since_s: float | None, end_s: float | None) -> tuple[int, str] | None:
    """Whole seconds since a moment, or until one that is still to come."""
    now_s = float(state["now_s"])
    if end_s is not None:
        return (int(end_s - now_s) + 1, "left") if end_s > now_s else None
    return None if since_s is None else (max(0, int(now_s - since_s)), "held")


def _count(count: int, words: str) -> list[tuple[str, str]]:
    return [("digits", large(count)), ("plain", words)]


def _timer(timer: tuple[int, str] | None, t: Any) -> list[tuple[str, str]]:
    return [] if timer is None else [("digits", large(timer[0])), ("plain", t(f"page.timer.{timer[1]}"))]
