"""`st.analyze`: reps of one recording, for scripts and for `sciatrack analyze`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sciatrack_signal import pipeline
from sciatrack_signal.exercises import catalogue

if TYPE_CHECKING:
    from sciatrack_ingest import Recording
    from sciatrack_signal.result import Analysis


def analyze(
    recording: Recording,
    *,
    exercise: str | None = None,
    placement: str | None = None,
    side: str | None = None,
    exercise_file: str | os.PathLike[str] | None = None,
) -> Analysis:
    """Reps and holds of one recording; labels given here win over the recording's own.

    exercise      : an id of the catalogue, or "auto"; None takes the recording's label, else "auto".
    exercise_file : a study's own exercises (TOML), added to the built-in ones.

    Finding nothing is an answer: blocks without reps, with a note. Raises UnknownExerciseError for an id that
    no catalogue declares, RecordingError for a placement or side that does not exist.
    """
    known = catalogue(Path(exercise_file) if exercise_file is not None else None)
    return pipeline.analyze(recording, exercise=exercise, placement=placement, side=side, exercises=known)
