"""A session plan: which exercises, in which order, with which dose. TOML in and out, the same both ways.

schema = 1
name = "P01, 2026-03-02"

[[exercise]]
id = "glute_bridge"
side = "both"       # left | right | each (one leg after the other) | both (legs not told apart)
sets = 2
reps = 10           # in a set, of each leg where the legs are told apart
hold_s = 5.0
rest_s = 60.0       # between sets
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from sciatrack_analytics.csv_tables import RX_SIDES
from sciatrack_analytics.prescriptions import SIDE_OF
from sciatrack_ingest.errors import SciatrackError
from sciatrack_signal.exercises import Exercise, UnknownExerciseError, get

SCHEMA = 1
# Reps with less than this between them are one set (contract), so a shorter rest would join two sets.
REST_S = 60.0
# The limits only catch typing errors; those of the dose are the same as in prescriptions.csv.
LIMITS = {"sets": (1, 50), "reps": (1, 1000), "hold_s": (0.0, 600.0), "rest_s": (0.0, 3600.0)}
WHOLE = ("sets", "reps")
HEADER = re.compile(r"^\s*\[\[\s*exercise\s*\]\]")


class PlanError(SciatrackError, ValueError):
    """A plan that cannot be used. Carries `path` and `line` (0: unknown), and says what to do."""

    def __init__(self, path: object, line: int, problem: str) -> None:
        self.path, self.line, self.problem = str(path), line, problem
        where = f"{self.path}, line {line}" if line else self.path
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class PlanItem:
    """One exercise of a plan; `version` is that of the prescription it comes from, None where there is none."""

    exercise: str
    side: str
    sets: int
    reps: int
    hold_s: float
    rest_s: float = REST_S
    version: int | None = None


@dataclass(frozen=True)
class Plan:
    """Exercises in order. `source`: prescription | article | own."""

    name: str
    items: tuple[PlanItem, ...]
    participant: str = ""
    source: str = "own"

    def to_dict(self) -> dict[str, Any]:
        """As a session's manifest keeps it."""
        items = [{"id": item.exercise} | _given(item) for item in self.items]
        head: dict[str, Any] = {"schema": SCHEMA, "name": self.name, "source": self.source}
        if self.participant:
            head["participant"] = self.participant
        return head | {"exercise": items}


def plan_of_article(exercises: Mapping[str, Exercise], painful: str = "each") -> Plan:
    """The nine exercises with the article's doses; `painful`: the leg of the two that are for the painful one."""
    items = [_article_item(exercise, painful) for exercise in exercises.values() if exercise.sides != "any"]
    return Plan("the article's nine exercises", tuple(items), source="article")


def plan_of_versions(participant: str, versions: Iterable[Mapping[str, Any]], on: object) -> Plan:
    """The prescriptions in force on a day, in the order of the versions that are given."""
    items = [
        PlanItem(
            row["exercise"], row["side"], row["sets"], row["reps"], row["hold_s"] or 0.0, REST_S, row["version"]
        )
        for row in versions
        if row["days_per_week"] > 0
    ]
    return Plan(f"{participant}, {on}", tuple(items), participant, "prescription")


def read_plan(path: Path, exercises: Mapping[str, Exercise]) -> Plan:
    """A plan file. Raises PlanError with the line of the first thing that is wrong."""
    return plan_from_toml(read_text(path), exercises, path)


def read_text(path: Path) -> str:
    """The text of a plan file; raises PlanError where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlanError(path, 0, "there is no such file. Check the spelling of the path.") from None
    except UnicodeDecodeError as error:
        raise PlanError(path, 0, f"not UTF-8 text (byte {error.start}); save the file as UTF-8.") from None


def plan_from_toml(text: str, exercises: Mapping[str, Exercise], path: object = "plan") -> Plan:
    """The plan that a text says; raises PlanError."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        raise PlanError(path, int(at[1]) if at else 0, f"not valid TOML: {error}") from None
    return _Reader(text, path, exercises).plan(body)


def plan_from_dict(body: Mapping[str, Any], exercises: Mapping[str, Exercise], path: object = "plan") -> Plan:
    """The plan of a manifest (`Plan.to_dict`); raises PlanError."""
    return _Reader("", path, exercises).plan(dict(body))


def plan_to_toml(plan: Plan) -> str:
    """The text of a plan file; `plan_from_toml` reads the same plan back."""
    body = plan.to_dict()
    lines = [f"{key} = {_toml(value)}" for key, value in body.items() if key != "exercise"]
    for item in body["exercise"]:
        lines += ["", "[[exercise]]", *(f"{key} = {_toml(value)}" for key, value in item.items())]
    return "\n".join(lines) + "\n"


def _article_item(exercise: Exercise, painful: str) -> PlanItem:
    side = painful if exercise.sides == "painful" else SIDE_OF[exercise.sides]
    hold_s = exercise.hold_target_s if exercise.hold_target_s < float("inf") else 0.0
    return PlanItem(exercise.id, side, exercise.sets, exercise.reps[1], float(hold_s))


def _given(item: PlanItem) -> dict[str, Any]:
    return {key: value for key, value in asdict(item).items() if key != "exercise" and value is not None}


def _toml(value: Any) -> str:
    """Text, whole numbers and finite numbers; a basic string of TOML is one of JSON but for DEL."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


class _Reader:
    """Checks one plan; knows the lines of its text, so that a message can name them."""

    def __init__(self, text: str, path: object, exercises: Mapping[str, Exercise]) -> None:
        self.text, self.path, self.exercises = text, path, exercises

    def plan(self, body: dict[str, Any]) -> Plan:
        known = ("schema", "name", "source", "participant", "exercise")
        for key in body:
            if key not in known:
                self._refuse(None, key, f"the key '{key}' is not known; those are {', '.join(known)}.")
        if body.get("schema", SCHEMA) != SCHEMA:
            self._refuse(None, "schema", f"schema is {body['schema']!r}; this software reads {SCHEMA}.")
        items = body.get("exercise")
        if not isinstance(items, list) or not items:
            self._refuse(None, "exercise", "there is no exercise in it; begin one with a line [[exercise]].")
        for key in ("name", "source", "participant"):
            if not isinstance(body.get(key, ""), str):
                self._refuse(None, key, f"{key} is {body[key]!r}; it is a text in quotes.")
        read = tuple(self._item(number, item) for number, item in enumerate(items))
        return Plan(body.get("name", ""), read, body.get("participant", ""), body.get("source", "own"))

    def _item(self, number: int, item: Any) -> PlanItem:
        if not isinstance(item, dict) or "id" not in item:
            self._refuse(number, "", "this exercise has no id; `sciatrack exercises` lists them.")
        known = ("id", "side", *LIMITS, "version")
        for key in item:
            if key not in known:
                self._refuse(number, key, f"the key '{key}' is not known; those are {', '.join(known)}.")
        try:
            exercise = get(str(item["id"]), self.exercises)
        except UnknownExerciseError as error:
            self._refuse(number, "id", str(error))
        default = _article_item(exercise, "")
        side = item.get("side", default.side)
        if side not in RX_SIDES:
            why = f"is done with the painful leg: say side = {' | '.join(RX_SIDES)}" if side == "" else ""
            self._refuse(number, "side", f"{exercise.id} {why}." if why else _not_among("side", side, RX_SIDES))
        dose = {key: self._number(number, key, item.get(key, getattr(default, key))) for key in LIMITS}
        version = item.get("version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
            self._refuse(number, "version", f"version is {version!r}; it is a whole number from 1.")
        return PlanItem(exercise.id, side, version=version, **dose)

    def _number(self, item: int, key: str, value: Any) -> Any:
        low, high = LIMITS[key]
        kinds = (int,) if key in WHOLE else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            what = "whole number" if key in WHOLE else "number"
            self._refuse(item, key, f"{key} is {value!r}; it is a {what} from {low:g} to {high:g}.")
        return value if key in WHOLE else float(value)

    def _refuse(self, item: int | None, key: str, problem: str) -> NoReturn:
        raise PlanError(self.path, line_of(self.text, item, key), problem)


def line_of(text: str, item: int | None, key: str) -> int:
    """The line of a key in the n-th exercise (None: before the first), or where that begins; 0: nowhere."""
    lines = text.splitlines()
    heads = [i for i, line in enumerate(lines) if HEADER.match(line)]
    if not lines or (item is not None and item >= len(heads)):
        return 0
    start = 0 if item is None else heads[item]
    end = next((i for i in heads if i > start), len(lines))
    wanted = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*=""") if key else None
    found = [i for i in range(start, end) if wanted and wanted.match(lines[i])]
    return (found[0] if found else start) + 1


def _not_among(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    return f"{name} is {value!r}; it is one of {', '.join(allowed)}."
