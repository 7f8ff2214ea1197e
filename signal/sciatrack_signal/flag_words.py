"""What each flag of a rep says to a person: one sentence a flag, in flags.toml beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class FlagWords:
    """about : movement, hold or recording; says : one plain sentence, a prompt and never a verdict."""

    about: str
    says: str


@lru_cache(maxsize=1)
def flag_words() -> Mapping[str, FlagWords]:
    """The words of every flag of the contract, by flag."""
    tables = tomllib.loads(Path(__file__).with_name("flags.toml").read_text(encoding="utf-8"))
    return MappingProxyType({flag: FlagWords(**table) for flag, table in tables.items()})
