"""Options and checks that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sciatrack_signal.exercises import Exercise

F = TypeVar("F", bound=Callable[..., Any])

# Repeated from sciatrack_ingest, whose import costs as much as three starts of the command line; a test
# holds them together.
PLACEMENTS = ("hip", "left_thigh", "right_thigh", "thigh")
SIDES = ("left", "right", "both", "unknown")


def exercise_file_option(command: F) -> F:
    """`--exercise-file FILE`: a study's own exercises, added to the built-in ones."""
    option = click.option(
        "--exercise-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A study's own exercises (TOML), added to the built-in ones.",
    )
    return option(command)


def check_exercise(exercise_id: str, known: Mapping[str, Exercise], hint: str) -> None:
    """Refuse an id that `known` does not declare as a usage error (exit status 2) about `hint`."""
    from sciatrack_signal.exercises import UnknownExerciseError, get

    try:
        get(exercise_id, known)
    except UnknownExerciseError as error:
        raise click.BadParameter(str(error), param_hint=hint) from error
