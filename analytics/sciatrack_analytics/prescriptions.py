"""Prescriptions: what a participant was asked to do, in versions that are written once and never changed.

The version in force on a local day is the last one whose `valid_from` has come. A dose is per leg where the legs
are told apart (`left`, `right`, `each`), and of both legs together where they are not (`both`). 0 days a week
means: no longer asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sciatrack_ingest.errors import SciatrackError
from sciatrack_signal.exercises import get

if TYPE_CHECKING:
    from sciatrack_signal.exercises import Exercise

Row = dict[str, Any]
# The side of a prescription from how the catalogue says an exercise is done; the painful leg must be named.
SIDE_OF = {"both": "both", "each": "each", "alternating": "each", "any": "both"}
GIVEN = (
    "valid_from", "days_per_week", "sessions_per_day", "sets", "reps", "hold_s", "side", "rom_target_deg",
    "author", "reason",
)  # fmt: skip


class PrescriptionError(SciatrackError, ValueError):
    """A version that cannot be written; says why and what to do."""


def completed(row: Mapping[str, Any], exercises: Mapping[str, Exercise]) -> Row:
    """The row with what it leaves open taken from the catalogue.

    Raises UnknownExerciseError, and PrescriptionError where the painful leg is not named.
    """
    exercise = get(row["exercise"], exercises)
    default = {
        "days_per_week": exercise.days_per_week,
        "sessions_per_day": exercise.sessions_per_day,
        "sets": exercise.sets,
        "reps": exercise.reps[1],
        "hold_s": exercise.hold_target_s if exercise.hold_target_s < float("inf") else 0.0,
        "side": SIDE_OF.get(exercise.sides),
    }
    whole = dict(row) | {key: value for key, value in default.items() if row.get(key) is None}
    if whole["side"] is None:
        raise PrescriptionError(
            f"{exercise.id} is done with the painful leg: say which one, side left or right (or each)."
        )
    whole["hold_s"] = float(whole["hold_s"])
    return whole


def new_version(row: Mapping[str, Any], before: Sequence[Mapping[str, Any]], now_utc: dt.datetime) -> Row | None:
    """The row as the next version after those in `before` (one participant and exercise, in order).

    None if it says nothing new. Raises PrescriptionError where it would change what is already written: a
    number that does not follow, or a first day before that of the version before.
    """
    if _known(row, before):
        return None
    recorded = row.get("recorded_utc") or now_utc.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    return dict(row) | {"version": _checked_version(row, before), "recorded_utc": recorded}


def _known(row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> bool:
    """True if a version says the same: the named one, or else the last one."""
    if row.get("version") is not None:
        same = [old for old in before if old["version"] == row["version"]]
    else:
        same = list(before[-1:])
    return any(all(old[key] == row.get(key) for key in GIVEN) for old in same)


def _checked_version(row: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> int:
    what = f"{row['exercise']} of {row['participant']}"
    version = before[-1]["version"] + 1 if before else 1
    if row.get("version") not in (None, version):
        raise PrescriptionError(
            f"version {row['version']} of {what} cannot be written: the next one is {version}, and a version "
            "is never changed. Leave the column version empty to add the next one."
        )
    if before and row["valid_from"] < before[-1]["valid_from"]:
        raise PrescriptionError(
            f"version {version} of {what} would begin on {row['valid_from']}, before version {version - 1} "
            f"({before[-1]['valid_from']}). Days that were judged by a version keep it; begin on or after that day."
        )
    return version
