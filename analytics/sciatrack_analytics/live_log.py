"""live.jsonl: what happened in a session, one JSON object a line, appended and flushed at once.

The log is written by whoever leads the session and is part of its folder. A crash can tear its last line only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sciatrack_ingest.sessions import private_folder

LIVE_LOG = "live.jsonl"


@dataclass(frozen=True)
class Said:
    """What a log holds of a person's answers and of the decisions made of them, in order."""

    check_ins: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


class LiveLog:
    """An open log. `append` returns when the line is on disk: a red flag that was answered is never forgotten."""

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self.path = folder / LIVE_LOG
        torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size > 0
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if torn:
            os.write(self._handle, b"\n")

    def __enter__(self) -> LiveLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, line: str) -> None:
        """Write one line, given without its end."""
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._handle, data) :]
        os.fsync(self._handle)

    def close(self) -> None:
        os.close(self._handle)


def read_live_log(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """The objects of a folder's log in order, and how many lines cannot be read; nothing where there is no log."""
    path = folder / LIVE_LOG
    if not path.is_file():
        return [], 0
    objects: list[dict[str, Any]] = []
    unreadable = 0
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            body = json.loads(line)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict):
            objects.append(body)
        else:
            unreadable += 1
    return objects, unreadable


def said_in(lines: Iterable[Mapping[str, Any]]) -> Said:
    """The answers and decisions of a log's lines; what the button decided stands unless an answer to it follows."""
    said = Said([], [])
    pending: list[dict[str, Any]] = []
    for line in lines:
        if line.get("kind") == "answers":
            said.check_ins.append(dict(line.get("answers", {})))
            said.decisions.extend(line.get("decisions", []))
            pending = [] if said.check_ins[-1].get("phase") == "button" else pending
        elif line.get("key") == "pain_up":
            pending = line.get("decisions", [])
    said.decisions.extend(pending)
    return said
