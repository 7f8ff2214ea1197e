"""The error tree of the whole package.

A message says what was wrong, the value, where, and what to do; one class exists for each reason
for which a caller would act differently. Every class also inherits the built-in that it refines.
"""

from __future__ import annotations


class SciatrackError(Exception):
    """Base of every error that sciatrack raises on purpose."""


class RecordingFileError(SciatrackError, ValueError):
    """A file cannot be read as a recording.

    Carries `path`, and where known `where` (line, column or archive member) and `hint` (what to do).
    """

    def __init__(self, path: object, problem: str, *, where: str = "", hint: str = "") -> None:
        self.path = str(path)
        self.problem = problem
        self.where = where
        self.hint = hint
        place = f"{self.path}, {where}" if where else self.path
        super().__init__(f"{place}: {problem}" + (f" {hint}" if hint else ""))


class MissingPathError(RecordingFileError, FileNotFoundError):
    """There is no file or folder at the path that the user named."""

    def __init__(self, path: object) -> None:
        super().__init__(path, "there is no such file or folder.", hint="Check the spelling of the path.")

    def __str__(self) -> str:
        return f"{self.path}: {self.problem} {self.hint}"


class UnitsError(RecordingFileError):
    """The units are missing or contradict the signal (resting norm near 1, 1000 or 0 instead of 9.81)."""


class GravityError(UnitsError):
    """The acceleration comes without gravity, so no posture and no slow move can be seen in it."""


class TimeError(RecordingFileError):
    """The time stamps cannot be trusted: running backwards, no rate, no usable column."""


class RecordingError(SciatrackError, ValueError):
    """Arrays or labels that do not make a recording (shapes, unknown placement, unknown side)."""
