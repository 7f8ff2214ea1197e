"""What the page asks for and hands in: the trace, an annotator's file, what the analysis says if that is wanted."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack.annotating.envelope import Pyramid, pyramid
from sciatrack_ingest import Recording
from sciatrack_ingest.truth_file import (
    ANNOTATOR,
    Truth,
    TruthFileError,
    from_dict,
    read_truth,
    to_dict,
    truth_path,
    write_truth,
)


class StaleError(Exception):
    """The file was saved by another page since; nothing was written."""


class Desk:
    """One recording on the desk. Its methods may be called from several threads."""

    def __init__(self, recording: Recording, path: Path, output: Path | None = None) -> None:
        self.recording, self.path, self.output = recording, path, output
        self._pyramid: Pyramid = pyramid(recording)
        self._lock = threading.Lock()

    def about(self) -> dict[str, Any]:
        recording = self.recording
        times = recording.time_s
        return {
            "recording": self.path.name, "start_s": float(times[0]) if len(times) else 0.0,
            "end_s": float(times[-1]) if len(times) else 0.0, "channels": list(self._pyramid.channels),
            "exercise": recording.exercise or "", "placement": recording.placement or "",
            "side": recording.side or "unknown",
        }  # fmt: skip

    def trace(self, start_s: float, end_s: float, bins: int) -> dict[str, Any]:
        level = self._pyramid.window(start_s, end_s, bins)
        return {"time_s": np.round(level.time_s, 4).tolist(), "low": _plain(level.low), "high": _plain(level.high)}

    def file_of(self, annotator: str) -> Path:
        """Raises TruthFileError for a name that is no pseudonym, which then never becomes part of a path."""
        if not ANNOTATOR.fullmatch(annotator):
            raise TruthFileError("the annotator is a pseudonym of 1 to 32 letters, digits, - or _")
        return self.output or truth_path(self.path, annotator)

    def truth(self, annotator: str) -> dict[str, Any]:
        """What this annotator has marked so far; an empty truth at first."""
        path = self.file_of(annotator)
        if path.exists():
            truth = read_truth(path)
            if truth.annotator != annotator:
                raise TruthFileError(f"{path.name} is the file of {truth.annotator}; give another --output")
        else:
            labels = self.about()
            truth = Truth(
                labels["recording"], annotator, exercise=labels["exercise"], placement=labels["placement"],
                side=labels["side"], duration_s=self.recording.duration_s,
            )  # fmt: skip
        return {"truth": to_dict(truth), "file": str(path)}

    def save(self, raw: object) -> dict[str, Any]:
        """Writes what the page hands in. Raises StaleError where the file has gone on, TruthFileError, OSError."""
        truth = from_dict(raw)
        path = self.file_of(truth.annotator)
        with self._lock:
            before = read_truth(path) if path.exists() else None
            if before is not None and (before.annotator, before.revision) != (truth.annotator, truth.revision):
                raise StaleError(f"{path.name} was saved elsewhere since; reload the page to go on from there")
            # Once shown is never blind again, whatever a page says.
            blind = truth.blind and (before is None or before.blind)
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            truth = replace(
                truth, recording=self.path.name, duration_s=self.recording.duration_s, blind=blind, saved_utc=now,
                revision=truth.revision + 1,
            )  # fmt: skip
            write_truth(truth, path)
        return {"revision": truth.revision, "saved_utc": now, "blind": blind}

    def found(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Reps of the analysis, for an annotator whose file says that marking is blind no more.

        Raises TruthFileError for one whose file does not say so.
        """
        if self.truth(labels.get("annotator", ""))["truth"]["blind"]:
            raise TruthFileError("the file says that marking is blind, so nothing that was found is shown")
        from sciatrack_signal.pipeline import analyze

        exercise, placement, side = (labels.get(name) or None for name in ("exercise", "placement", "side"))
        analysis = analyze(self.recording, exercise=exercise, placement=placement, side=side)
        return [
            {name: getattr(rep, name) for name in ("start_s", "hold_start_s", "hold_end_s", "end_s", "complete")}
            for block in analysis.blocks for rep in block.reps
        ]  # fmt: skip


def _plain(values: np.ndarray[Any, Any]) -> list[list[float | None]]:
    """By channel; None where nothing was measured, since JSON has no NaN."""
    columns = np.round(values.T.astype(float), 3)
    return [[None if np.isnan(v) else v for v in column] for column in columns.tolist()]
