"""What a page asks of a person's health, what it says of the decisions, and who may see either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sciatrack_analytics.checkins import NERVE_SYMPTOMS, NO_PAIN_SITE, RED_FLAGS, SITES
from sciatrack_analytics.safety_history import History
from sciatrack_analytics.safety_texts import LANGUAGES, message, say

# Rules whose decision waits until the person says that they have talked to a clinician.
ASK_CONSULTED = ("consult_open",)


def ask_for(walk: Mapping[str, Any], history: History) -> dict[str, Any] | None:
    """The check-in that is asked for now: its phase, the words to choose from, and what a clinician knows."""
    if not walk["questions"]:
        return None
    rules = {decision["rule"] for decision in walk["decisions"]}
    return {
        "phase": walk["questions"],
        "sites": [NO_PAIN_SITE, *SITES],
        "red_flags": list(RED_FLAGS),
        "other_symptoms": list(NERVE_SYMPTOMS),
        "known": list(history.known_signs),
        "consulted": bool(rules & set(ASK_CONSULTED)) or _open_consultation(history),
    }


def _open_consultation(history: History) -> bool:
    """An earlier session asked to talk to a clinician."""
    return any("consult" in past.action for past in history.decisions)


def told(decision: Mapping[str, Any]) -> dict[str, Any]:
    """A decision for a page: what it says in every language, and what it does; not the answers behind it."""
    words = {language: message(decision, language) for language in LANGUAGES}
    return {"rule": decision.get("rule"), "action": decision.get("action"), "words": words}


def asked_of(walk: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the last set gives a reason to ask, in every language; nothing while the next one goes on."""
    last = len(walk["runs"]) - 1
    if walk["unsafe"] or not walk["runs"] or not walk["runs"][last]["ended"]:
        return []
    names = [one["name"] for one in walk["prompts"] if one["run"] == last]
    return [{language: say(f"prompt.{name}", language) for language in LANGUAGES} for name in names]


def seen_from(state: Mapping[str, Any], is_here: bool) -> Mapping[str, Any]:
    """The state for one page: another device of the network sees nothing on health before that was agreed to."""
    if is_here or state.get("agreed") or not state:
        return state
    hidden = dict(state)
    hidden["ask"] = {"consent": True} if state.get("ask") else None
    hidden["decisions"] = [{"rule": "", "action": one["action"], "words": {}} for one in state.get("decisions", [])]
    hidden["prompts"] = []
    if hidden.get("walk"):
        hidden["walk"] = dict(state["walk"]) | {"decisions": [], "prompts": []}
    return hidden
