"""docs/safety.md says what the rules do."""

from __future__ import annotations

import re
from pathlib import Path

from sciatrack_analytics.safety_prompts import prompt_rules
from sciatrack_analytics.safety_rules import rule_set, waiting_rules

PAGE = (Path(__file__).parents[1] / "docs" / "safety.md").read_text(encoding="utf-8")


def test_the_page_lists_every_rule_in_order() -> None:
    rules = PAGE.split("## What follows")[1].split("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", rules, flags=re.MULTILINE) == list(rule_set().rules)


def test_the_page_s_numbers_are_the_rules() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", PAGE, flags=re.MULTILINE))
    for name, rule in rule_set().rules.items():
        for limit, value in rule.limits.items():
            if limit in ("rise_nrs", "nrs", "median_rise_nrs", "slope_nrs_per_day", "window_days", "slope_days"):
                shown = f"{value:g}" in rows[name] or (name, value) in (("exercise_pain_1", 1), ("long_course", 7))
                assert shown, (name, limit)


def test_the_page_lists_every_prompt() -> None:
    table = PAGE.split("## What the sensor may ask")[1].split("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(prompt_rules())
    for name, rule in prompt_rules().items():
        assert re.search(rf"^\| `{name}` \|.*({rule.get('flag', 'beyond')})", table, flags=re.MULTILINE)


def test_the_page_names_what_a_clinician_can_clear() -> None:
    assert all(f"`{rule}`" in PAGE.split("## A clinician's lines")[1] for rule in waiting_rules())
