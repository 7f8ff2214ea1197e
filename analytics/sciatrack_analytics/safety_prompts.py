"""Questions for which the sensor gives a reason (safety_prompts.toml). They ask; they conclude and stop nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any


@lru_cache(maxsize=1)
def prompt_rules() -> Mapping[str, Mapping[str, Any]]:
    """Prompts by name; `prompt.<name>` is the key of their words in safety_texts.toml."""
    body = tomllib.loads(Path(__file__).with_name("safety_prompts.toml").read_text(encoding="utf-8"))
    return MappingProxyType(body)


def prompts_of(flags_of_reps: Sequence[Iterable[str]], done: int, dose: int) -> dict[str, int]:
    """Prompts after a set, with the number of reps (or of reps beyond the dose) that are the reason; none: empty.

    flags_of_reps : of each rep of the set that was seen itself the flags, and the prompts for which it gives a
                    reason beside the person's own usual (`usual.beyond`)
    done, dose    : reps of the exercise and side in the whole session, and how many the plan asks for
    """
    found: dict[str, int] = {}
    for name, rule in prompt_rules().items():
        if "flag" in rule:
            reps = sum(not {rule["flag"], name}.isdisjoint(flags) for flags in flags_of_reps)
            if reps >= rule["min_reps"]:
                found[name] = reps
        elif done > dose + rule["extra_reps"]:
            found[name] = done - dose
    return found
