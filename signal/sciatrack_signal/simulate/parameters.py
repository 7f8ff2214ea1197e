"""Reads parameters.toml into typed records."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate.draws import Spread
from sciatrack_signal.simulate.rotations import mirror_axis, mirror_direction, unit


class SimulationError(SciatrackError, ValueError):
    """A simulation was asked for that the parameters do not describe; says what is known."""


@dataclass(frozen=True)
class View:
    """What the segment under the sensor does in one exercise, for the right leg as the working leg.

    rest_up : (3,) direction of up at rest; axis : (3,) of the move out; the rest are degrees.
    """

    rest_up: Float
    axis: Float
    range_deg: Spread
    rest_sd_deg: float
    breath_deg: float
    sway_deg: float
    tremor_deg: float

    def mirrored(self) -> View:
        """The same with the left leg as the working leg."""
        return replace(self, rest_up=mirror_direction(self.rest_up), axis=mirror_axis(self.axis))


@dataclass(frozen=True)
class ExerciseParameters:
    id: str
    posture: str
    out_s: Spread
    back_s: Spread
    pause_s: Spread
    hip_path_m: Float
    views: Mapping[str, View]


@dataclass(frozen=True)
class Site:
    """Where on the pelvis or thigh a sensor is worn (right side)."""

    id: str
    segment: str
    face: Float
    lever_m: Float
    breath: float
    wobble_deg: float
    tissue: str
    pitch_offset_deg: Spread | None = None
    step_deg: Spread | None = None
    lain_on: bool = False


@dataclass(frozen=True)
class Severity:
    id: str
    share: float
    range: float
    time: float
    shaky: float
    short_hold: float
    incomplete: float


@cache
def table() -> dict[str, Any]:
    """The whole file as nested dictionaries; nobody changes it."""
    text = files("sciatrack_signal.simulate").joinpath("parameters.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def section(name: str) -> dict[str, Any]:
    part: dict[str, Any] = table()[name]
    return part


@cache
def steps() -> tuple[tuple[str, str, tuple[float, float]], ...]:
    """Pairs of poses with a direct way between them, and the least and most seconds that it takes."""
    return tuple((s["between"][0], s["between"][1], (s["takes_s"][0], s["takes_s"][1])) for s in table()["step"])


@cache
def exercise_parameters(exercise: str) -> ExerciseParameters:
    raw = _known("exercise", exercise)
    views: dict[str, View] = {}
    for name in ("hip", "thigh_working", "thigh_other"):
        view = raw[name]
        views[name] = views[view["same_as"]] if "same_as" in view else _view(view)
    return ExerciseParameters(
        id=exercise,
        posture=raw["posture"],
        out_s=Spread(*raw["out_s"]),
        back_s=Spread(*raw["back_s"]),
        pause_s=Spread(*raw["pause_s"]),
        hip_path_m=np.array(raw["hip_path_m"], dtype=np.float64),
        views=views,
    )


@cache
def site_parameters(site: str) -> Site:
    raw = dict(_known("site", site))
    for key in ("pitch_offset_deg", "step_deg"):
        if key in raw:
            raw[key] = Spread(*raw[key])
    raw["face"] = unit(raw["face"])
    raw["lever_m"] = np.array(raw["lever_m"], dtype=np.float64)
    return Site(id=site, **raw)


@cache
def severity_parameters(severity: str) -> Severity:
    groups = section("people")["severity"]
    if severity not in groups:
        raise SimulationError(f"severity '{severity}' is not known; it is one of {', '.join(groups)}")
    return Severity(id=severity, **groups[severity])


def exercise_ids() -> tuple[str, ...]:
    return tuple(section("exercise"))


def severity_shares() -> dict[str, float]:
    return {name: group["share"] for name, group in section("people")["severity"].items()}


def _view(raw: Mapping[str, Any]) -> View:
    given = dict(raw)
    return View(
        rest_up=unit(given.pop("rest_up")),
        axis=unit(given.pop("axis")),
        range_deg=Spread(*given.pop("range_deg")),
        **given,
    )


def _known(part: str, name: str) -> dict[str, Any]:
    known = section(part)
    if name not in known:
        raise SimulationError(f"{part} '{name}' is not known to the simulator; it is one of {', '.join(known)}")
    found: dict[str, Any] = known[name]
    return found
