"""Session folders as a place where recordings lie: which files, and what the manifest says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciatrack_ingest.errors import RecordingError
from sciatrack_ingest.labels import Labels, labels_from
from sciatrack_ingest.recording import PLACEMENTS, Finding

MANIFEST = "manifest.json"
_SAMPLES = re.compile(r"imu-(?P<placement>[a-z_]+)\.parquet")
# The contract's manifest, told from any other file of that name.
_MANIFEST_KEYS = frozenset({"schema_version", "session_id", "participant"})


def sample_files(folder: Path) -> list[Path]:
    """The imu-<placement>.parquet of a folder, sorted."""
    return sorted(file for file in folder.glob("imu-*.parquet") if _SAMPLES.fullmatch(file.name))


def is_session(folder: Path) -> bool:
    """True for a folder with a manifest that is a session's, or with one and samples beside it."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return False
    return bool(sample_files(folder)) or set(_read_manifest(manifest)) >= _MANIFEST_KEYS


def manifest_labels(path: Path) -> tuple[Labels, tuple[Finding, ...]]:
    """What file name and manifest say of an imu-<placement>.parquet; nothing for any other file.

    Exercise and side only if the whole session has one of them. A manifest that cannot be used costs the
    labels, not the samples: it is told in a finding.
    """
    match = _SAMPLES.fullmatch(path.name)
    manifest = path.parent / MANIFEST
    if match is None or not manifest.is_file():
        return Labels(), ()
    said = _read_manifest(manifest)
    values = {key: said.get(key) for key in ("participant", "start_utc", "timezone")}
    values["placement"] = match["placement"] if match["placement"] in PLACEMENTS else None
    blocks = [block for block in said.get("blocks") or () if isinstance(block, dict)]
    for key in ("exercise", "side"):
        words = {block.get(key) for block in blocks}
        values[key] = words.pop() if len(words) == 1 else None
    try:
        return labels_from(values, MANIFEST), ()
    except RecordingError as error:
        return Labels(), (Finding("manifest_unread", f"{MANIFEST} is not used: {error}"),)


def _read_manifest(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
