"""The words of rules, questions, prompts and cues (safety_texts.toml), in English and German."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LANGUAGES = ("en", "de")


@lru_cache(maxsize=1)
def safety_texts() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> text."""
    body = tomllib.loads(Path(__file__).with_name("safety_texts.toml").read_text(encoding="utf-8"))
    body.pop("reviewed_by_a_clinician")
    return MappingProxyType({key: MappingProxyType(words) for key, words in body.items()})


def say(key: str, language: str, **values: object) -> str:
    """One text with its values put in; raises KeyError for a key or language that is not there."""
    return safety_texts()[key][language].format(**values)


def message(decision: Mapping[str, Any], language: str) -> str:
    """What a decision says to the person, as `Decision.to_dict` or a manifest keeps it."""
    rule, found = str(decision.get("rule")), decision.get("details") or {}
    if f"safety.{rule}" not in safety_texts():
        return say("safety.unknown_rule", language)
    if rule in _WORDS:
        return say(f"safety.{rule}", language, **_WORDS[rule](found, language))
    pains = [name for name in ("leg_nrs", "back_nrs") if name in found]
    if not pains:
        return say(f"safety.{rule}.pressed" if found.get("pressed") else f"safety.{rule}", language)
    if rule == "high_baseline":
        return say(f"safety.{rule}", language, now=max(found[name] for name in pains))
    return " ".join(_of_pain(rule, name, found[name], language) for name in pains)


def _of_pain(rule: str, name: str, value: Any, language: str) -> str:
    then, now = value if isinstance(value, list) else ("", "")
    return say(f"safety.{rule}", language, site=say(f"word.{name}", language), then=then, now=now)


def _listed(key: str, name: str) -> Any:
    def words(found: Mapping[str, Any], language: str) -> dict[str, str]:
        return {name: ", ".join(say(f"{key}.{word}", language) for word in found.get(name, ()))}

    return words


def _missing(found: Mapping[str, Any], language: str) -> dict[str, str]:
    texts = safety_texts()
    keys = [f"ask.{name}" if f"ask.{name}" in texts else f"word.{name}" for name in found.get("missing", ())]
    return {"missing": ", ".join(say(key, language) for key in keys)}


# What goes into a message that is not about a score of pain.
_WORDS: dict[str, Any] = {
    "red_flag": _listed("sign", "signs"),
    "nerve_symptom": _listed("sign", "symptoms"),
    "red_flag_open": lambda found, language: {"since": str(found.get("since", ""))[:10]},
    "unanswered": _missing,
    "tolerated": lambda found, language: {"author": found.get("author", "")},
    "consult_open": lambda found, language: {},
    "stopped_today": lambda found, language: {},
}
