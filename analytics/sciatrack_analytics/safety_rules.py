"""The safety rules as data (safety_rules.toml): what each does, in which order, and where it comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

# These only repeat what an earlier decision said; they open nothing themselves, or nothing would ever close.
REPEATS = ("red_flag_open", "consult_open", "stopped_today")
LATER = ("", "day", "consulted", "clearance")


@dataclass(frozen=True)
class Action:
    """What a rule does.

    stops  : today's exercises end now
    starts : False where a session may not begin
    later  : how long later sessions are barred, one of LATER (safety_rules.toml explains them)
    """

    name: str
    stops: bool
    starts: bool
    later: str


@dataclass(frozen=True)
class Rule:
    """One rule: the smaller its order, the stricter its action. `limits` are its numbers, by name."""

    id: str
    order: int
    action: Action
    source: str
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleSet:
    """All rules by id, strictest first, and the number that is stored beside each decision."""

    version: str
    rules: Mapping[str, Rule]


@lru_cache(maxsize=1)
def rule_set() -> RuleSet:
    """The rules of this software; read once."""
    body = tomllib.loads(Path(__file__).with_name("safety_rules.toml").read_text(encoding="utf-8"))
    actions = {name: Action(name, **row) for name, row in body["actions"].items()}
    rules = [_rule(name, dict(row), actions) for name, row in body["rules"].items()]
    ordered = sorted(rules, key=lambda rule: rule.order)
    return RuleSet(body["rule_set"], MappingProxyType({rule.id: rule for rule in ordered}))


def waiting_rules() -> tuple[str, ...]:
    """Rules after which a clinician's line in clearances.csv changes something."""
    return tuple(
        rule.id
        for rule in rule_set().rules.values()
        if rule.id not in REPEATS
        and (rule.action.later in ("clearance", "consulted") or "quiet_days" in rule.limits)
    )


def _rule(name: str, row: dict[str, Any], actions: Mapping[str, Action]) -> Rule:
    order, action, source = row.pop("order"), actions[row.pop("action")], row.pop("source")
    return Rule(name, order, action, source, MappingProxyType(row))
