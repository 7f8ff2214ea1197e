"""`Setup`: what a recorder tells the live server before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setup:
    """One session as the live server must know it.

    folder   : where live.jsonl is kept; logs: where the raw logs are, or appear once a sensor is found
    zero_ns  : the session's zero on the host's monotonic clock; until_ns: read no log beyond this (a playback)
    sensors  : placements; exercise, side: as given, "" where not
    pace     : session seconds per second, 0 for a playback that does not wait
    plan     : a session plan (Plan.to_dict), or None to count freely
    port     : 0 for the usual one, or any if that is taken; token: "" for this computer only
    """

    folder: str
    logs: str
    zero_ns: int
    sensors: tuple[str, ...]
    participant: str = ""
    timezone: str = "UTC"
    session_id: str = ""
    start_utc: str = ""
    exercise: str = ""
    side: str = ""
    origin: str = "recorded"
    plan: Mapping[str, Any] | None = None
    pace: float = 1.0
    until_ns: int | None = None
    port: int = 0
    token: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Setup:
        """From JSON; raises TypeError or KeyError for another program's."""
        return cls(**{**body, "sensors": tuple(body["sensors"])})
