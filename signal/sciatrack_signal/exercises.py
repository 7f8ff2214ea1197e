"""The catalogue: each exercise declared once, as data (exercises.toml beside this file).

Two kinds of facts stand there side by side: what the source article says (dose, start position, steps),
and the few things the detector may know (what each placement can see, the smallest range that counts).
The distributions of the simulator live in another file that nothing in this module reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sciatrack_ingest.errors import SciatrackError

OBSERVABILITY = ("full", "counts", "weak", "none")
# What a sensor can be to the working leg. A hip sensor has one view; a thigh sensor is on the working leg,
# on the other one, or nobody said which.
VIEWS = ("hip", "thigh_working", "thigh_other")


class CatalogueError(SciatrackError, ValueError):
    """An exercise file that does not declare exercises as it should; says which key and what is allowed."""


class UnknownExerciseError(SciatrackError, KeyError):
    """An exercise id that no catalogue declares."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class View:
    """What one sensor position can show of one exercise.

    observability : full | counts | weak | none (contract).
    min_range_deg : rotation from rest to hold below which a movement is not complete; a prior, not a law.
    reason        : in words, why it is no better than it is ("" for full).
    """

    observability: str
    min_range_deg: float
    reason: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the article asks for and what the detector may know."""

    id: str
    name: str
    sides: str  # both | each | alternating | painful
    hold_s: tuple[float, float]  # shortest and longest that the article asks for
    hold_target_s: float
    reps: tuple[int, int]
    reps_scope: str  # total | per side
    sets: int
    days_per_week: int
    sessions_per_day: int
    start_position: str
    steps: tuple[str, ...]
    watch: tuple[str, ...]
    our_defaults: tuple[str, ...]  # fields that the article leaves open and that are our choice
    views: Mapping[str, View] = field(default_factory=dict)
    min_set_reps: int = 1  # fewer similar reps than this in a row are not taken for the exercise

    def view(self, placement: str | None, side: str | None) -> View:
        """The view for a placement and working side; an unknown thigh counts as the working one."""
        return self.views[view_name(placement, side)]


def view_name(placement: str | None, side: str | None) -> str:
    """`hip`, `thigh_working` or `thigh_other` for a placement of the contract and the working side."""
    if placement == "hip":
        return "hip"
    other = {"left_thigh": "right", "right_thigh": "left"}.get(placement or "")
    return "thigh_other" if other is not None and side == other else "thigh_working"
