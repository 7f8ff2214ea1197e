"""Options of the commands that make sessions of recordings, and of those that ask a study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sciatrack.options import PLACEMENTS, SIDES

F = TypeVar("F", bound=Callable[..., Any])

STUDY_DIR = click.Path(exists=True, file_okay=False, path_type=Path)

_RECORDING = (
    click.option("--participant", metavar="P", help="A pseudonym: 1 to 32 letters, digits, _ or -."),
    click.option("--placement", type=click.Choice(PLACEMENTS), help="Where the sensor sat."),
    click.option("--side", type=click.Choice(SIDES), help="The working leg."),
    click.option("--exercise", metavar="ID", help="What was done. [default: the recording's label, else auto]"),
    click.option(
        "--start", metavar="TIME", help="When it began: local time like 2026-03-02T18:30, or with an offset or Z."
    ),
    click.option("--timezone", metavar="ZONE", help="Where it was recorded, like Europe/Berlin."),
    click.option("--units-acc", type=click.Choice(["m/s^2", "g", "mg"]), help="Unit of acc_x, acc_y, acc_z."),
    click.option("--units-gyr", type=click.Choice(["rad/s", "deg/s"]), help="Unit of gyr_x, gyr_y, gyr_z."),
    click.option(
        "--rate", type=click.FloatRange(min=0, min_open=True), metavar="HZ",
        help="Samples a second, for files without `time`.",
    ),
)  # fmt: skip


def recording_options(command: F) -> F:
    """The options that say of a recording what its file does not."""
    for option in reversed(_RECORDING):
        command = option(command)
    return command


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A date like 2026-03-29."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date; write it like 2026-03-29", param, ctx)


DAY = Day()
