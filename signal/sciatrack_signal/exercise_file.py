"""Exercise files: TOML in, checked `Exercise` records out.

The built-in catalogue and a study's own file have one shape. A table `[exercises.ID]` holds the fields of
`Exercise`, a table `[exercises.ID.views.VIEW]` those of `View`. A key that is not known is an error, since a
misspelt one would otherwise silently fall back to its default.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from sciatrack_signal.exercises import (
    FAULT_MEASURES,
    OBSERVABILITY,
    PRIOR_SOURCES,
    REPS_SCOPES,
    SIDES,
    VIEWS,
    CatalogueError,
    Exercise,
    Fault,
    Vector,
    View,
)
from sciatrack_signal.result import FLAGS

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,63}")
RESERVED_IDS = ("auto",)  # `--exercise auto` asks for detection and can name no exercise
# No limb is longer.
LONGEST_M = 1.0
UNIT_LENGTH_TOLERANCE = 0.05  # two-decimal vectors miss length 1 by up to 0.01, a wrong digit by more
# A view that a file leaves out: answered only where the signal is clear, from just above breathing and sway.
UNSTATED_VIEW = View("weak", 2.0, "The exercise file does not say what this sensor position shows.")

Reader = Callable[[Any], Any]  # returns the checked value or raises ValueError with what is allowed


def read_exercises(path: Path, *, taken: Collection[str] = ()) -> dict[str, Exercise]:
    """Exercises of one file by id, in the file's order.

    taken : ids that stand elsewhere and may not be declared again.

    Raises CatalogueError: no such file, no TOML, unknown, missing or wrong keys, ids that are taken.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(path, "", f"cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(path, "", f"is not valid TOML: {error}") from error
    _refuse_unknown(path, "", document, ("exercises",))
    tables = document.get("exercises")
    if not isinstance(tables, dict) or not tables:
        raise CatalogueError(path, "", "declares no exercise; it needs a table [exercises.SOME_ID]")
    return {key: _exercise(path, key, table, taken) for key, table in tables.items()}


def _exercise(path: Path, exercise_id: str, table: Any, taken: Collection[str]) -> Exercise:
    where = f"exercises.{exercise_id}"
    if not ID_PATTERN.fullmatch(exercise_id):
        raise CatalogueError(
            path, where, "an id is 1 to 64 lower-case letters, digits and _, starting with a letter"
        )
    if exercise_id in taken or exercise_id in RESERVED_IDS:
        raise CatalogueError(path, where, f"'{exercise_id}' is taken; choose another id")
    values = _read_table(path, where, table, EXERCISE_KEYS | {"views": _table_of_tables})
    given = values.pop("views", {})
    _require(path, where, values, REQUIRED_EXERCISE_KEYS)
    exercise = Exercise(
        **(EXERCISE_DEFAULTS | {"hold_target_s": values["hold_s"][0]} | values),
        id=exercise_id,
        views=_views(path, where, given),
    )
    low_s, high_s = exercise.hold_s
    if not low_s <= exercise.hold_target_s <= high_s:
        raise CatalogueError(
            path,
            f"{where}.hold_target_s",
            f"{exercise.hold_target_s:g} lies outside hold_s [{low_s:g}, {high_s:g}]",
        )
    return exercise


def _views(path: Path, where: str, given: Mapping[str, Any]) -> dict[str, View]:
    _refuse_unknown(path, f"{where}.views", given, VIEWS)
    return {name: _view(path, f"{where}.views", given, name) for name in VIEWS}


def _view(path: Path, where: str, given: Mapping[str, Any], name: str) -> View:
    if name not in given:
        return UNSTATED_VIEW
    here = f"{where}.{name}"
    values = _read_table(path, here, given[name], VIEW_KEYS | {"same_as": _one_of(VIEWS)})
    twin = values.pop("same_as", None)
    if twin is not None:
        if values or twin == name or twin not in given or "same_as" in given[twin]:
            raise CatalogueError(
                path, f"{here}.same_as", f"'{twin}' must be another view's own facts, and stand alone"
            )
        return _view(path, where, given, twin)
    _require(path, here, values, ("observability", "min_range_deg"))
    view = View(**values)
    if view.observability != "full" and not view.reason:
        raise CatalogueError(path, f"{here}.reason", f"is missing; say why it is '{view.observability}'")
    return view


def _read_table(path: Path, where: str, table: Any, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise CatalogueError(path, where, f"must be a table, not {table!r}")
    _refuse_unknown(path, where, table, tuple(readers))
    values = {}
    for key, value in table.items():
        try:
            values[key] = readers[key](value)
        except ValueError as error:
            raise CatalogueError(path, f"{where}.{key}", f"{value!r} {error}") from error
    return values


def _refuse_unknown(path: Path, where: str, table: Mapping[str, Any], allowed: Collection[str]) -> None:
    unknown = [key for key in table if key not in allowed]
    if unknown:
        key = f"{where}.{unknown[0]}" if where else unknown[0]
        raise CatalogueError(path, key, f"is not a known key; allowed are {', '.join(sorted(allowed))}")


def _require(path: Path, where: str, values: Mapping[str, Any], keys: Collection[str]) -> None:
    missing = [key for key in keys if key not in values]
    if missing:
        raise CatalogueError(path, where, f"lacks {', '.join(missing)}")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of texts")
    return tuple(_text(item) for item in value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or value < 0:
        raise ValueError("must be a number of at least 0")
    return float(value)


def _length(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LONGEST_M:
        raise ValueError(f"must be a length in metres from {-LONGEST_M:g} to {LONGEST_M:g}")
    return float(value)


def _whole(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _pair(item: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError("must be two numbers [smallest, largest]")
        low, high = item(value[0]), item(value[1])
        if low > high:
            raise ValueError("must be [smallest, largest] in this order")
        return low, high

    return read


def _one_of(allowed: Collection[str]) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"must be one of {', '.join(repr(word) for word in allowed)}")
        return value

    return read


def _unit_vector(value: Any) -> Vector:
    if not isinstance(value, list) or len(value) != 3 or not all(type(x) in (int, float) for x in value):
        raise ValueError("must be three numbers [x, y, z]")
    length = math.hypot(*value)
    if not abs(length - 1.0) <= UNIT_LENGTH_TOLERANCE:
        raise ValueError(f"must be a direction of length 1; its length is {length:.2f}")
    return (value[0] / length, value[1] / length, value[2] / length)


def _faults(value: Any) -> tuple[Fault, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("must be a list of tables { flag, measure, limit_deg }")
    return tuple(_fault(item) for item in value)


def _fault(item: Mapping[str, Any]) -> Fault:
    if set(item) != {"flag", "measure", "limit_deg"}:
        raise ValueError("must name flag, measure and limit_deg in each table, and nothing else")
    return Fault(_one_of(FLAGS)(item["flag"]), _one_of(FAULT_MEASURES)(item["measure"]), _number(item["limit_deg"]))


def _field_names(value: Any) -> tuple[str, ...]:
    choice = _one_of(tuple(EXERCISE_KEYS))
    return tuple(choice(name) for name in _texts(value))


def _table_of_tables(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of views")
    return value


_REPS = _whole(1, 1000)
EXERCISE_KEYS: dict[str, Reader] = {
    "name": _text,
    "also_called": _texts,
    "sides": _one_of(SIDES),
    "hold_s": _pair(_number),
    "hold_target_s": _number,
    "reps": _pair(_REPS),
    "reps_scope": _one_of(REPS_SCOPES),
    "sets": _whole(1, 100),
    "days_per_week": _whole(1, 7),
    "sessions_per_day": _whole(1, 24),
    "start_position": _text,
    "steps": _texts,
    "watch": _texts,
    "our_defaults": _field_names,
    "min_set_reps": _whole(1, 100),
}
REQUIRED_EXERCISE_KEYS = ("name", "sides", "hold_s", "reps", "start_position", "steps")
# What a study's own file may leave out; the built-in file states all of it.
EXERCISE_DEFAULTS: dict[str, Any] = {
    "reps_scope": "total",
    "sets": 1,
    "days_per_week": 7,
    "sessions_per_day": 1,
    "watch": (),
    "our_defaults": (),
}
VIEW_KEYS: dict[str, Reader] = {
    "observability": _one_of(OBSERVABILITY),
    "min_range_deg": _number,
    "reason": _text,
    "rest_up": _unit_vector,
    "hold_up": _unit_vector,
    "axis": _unit_vector,
    "prior_source": _one_of(PRIOR_SOURCES),
    "faults": _faults,
    "above_m": _length,
}
