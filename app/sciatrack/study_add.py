"""What `study add` and `import` do with one path; one that fails is told on stderr and stops no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciatrack_analytics import adding, importing
from sciatrack_analytics.csv_file import TableFileError, table_of
from sciatrack_analytics.settings import read_settings
from sciatrack_analytics.study import SESSIONS, Study, study_exercises
from sciatrack_ingest import find_recordings, read
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import zone
from sciatrack_ingest.sessions import Writer, is_session_folder, session_folders

if TYPE_CHECKING:
    from sciatrack_ingest.manifest import Manifest
    from sciatrack_signal.exercises import Exercise


def add_path(study_dir: Path, path: Path, given: Mapping[str, Any]) -> int:
    """Add whatever stands at a path to a study; returns how many things failed (each told on stderr)."""
    failed = 0
    try:
        for part in _parts(path):
            try:
                click.echo(f"{part}: {_add_one(study_dir, part, given)}", err=True)
            except (SciatrackError, OSError) as error:
                tell(part, error)
                failed += 1
    except (SciatrackError, OSError) as error:
        tell(path, error)
        failed += 1
    return failed


def import_file(output: Path, path: Path, given: Mapping[str, Any]) -> tuple[Path, str]:
    """Make a session folder in `output` from one recording; returns it and what became of it."""
    manifest, writers = _session(path, given, None, None)
    return adding.place_session(output, manifest, writers)


def tell(path: Path, error: Exception) -> None:
    """One error on stderr; a list with several wrong cells keeps its lines."""
    text = str(error) if isinstance(error, TableFileError) else " ".join(str(error).split())
    click.echo(f"error: {text}" if text.startswith(str(path)) else f"error: {path}: {text}", err=True)


def _parts(path: Path) -> Iterator[Path]:
    """The single things at a path: the path itself, or the sessions and recordings of a folder.

    Samples inside a session folder stand for that session; taken as recordings they would be in twice.
    """
    if not path.is_dir() or is_session_folder(path):
        yield path
        return
    found = [folder for folder in session_folders(path) if is_session_folder(folder)]
    if not found:
        recordings = find_recordings(path)
        found = list(dict.fromkeys(r.parent if is_session_folder(r.parent) else r for r in recordings))
    if not found and path.name != SESSIONS:
        raise click.ClickException(f"{path} holds neither sessions nor recordings")
    yield from found


def _add_one(study_dir: Path, path: Path, given: Mapping[str, Any]) -> str:
    if is_session_folder(path):
        with Study(study_dir, write=True) as study:
            return adding.add_session(study, path).outcome
    if path.suffix.lower() == ".csv" and table_of(path) is not None:
        with Study(study_dir, write=True) as study:
            table, n = adding.add_file(study, path)
        return f"{n} new line{'s' if n != 1 else ''} of {table.kind}"
    settings = read_settings(study_dir)
    # the analysis may take long: it is done before the study is held for writing
    manifest, writers = _session(path, given, settings.timezone, study_exercises(study_dir))
    with Study(study_dir, write=True) as study:
        outcome = adding.put_session(study, manifest, writers).outcome
    return f"{outcome} as session {manifest.session_id}: {summary(manifest)}"


def summary(manifest: Manifest) -> str:
    """What was found, in one line: each block's exercise, side and count."""
    words = [
        f"{block['exercise']} {block['side']}: "
        + (f"{block['count']}" if block["observability"] != "none" else "not observable")
        for block in manifest.blocks
    ]
    return ", ".join(words) or "no block"


def _session(
    path: Path, given: Mapping[str, Any], default_timezone: str | None, exercises: Mapping[str, Exercise] | None
) -> tuple[Manifest, dict[str, Writer]]:
    """Read and analyse one recording and make a session of it."""
    overrides = {key: value for key, value in given.items() if value not in (None, "auto") and key != "start"}
    recording = read(path, **overrides)
    start = _start(given.get("start"), recording.timezone or default_timezone)
    return importing.session_of(
        recording, start_utc=start, default_timezone=default_timezone, catalogue=exercises,
        exercise=given.get("exercise"),
    )  # fmt: skip


def _start(text: str | None, timezone: str | None) -> dt.datetime | None:
    """The instant that `--start` means: its own offset, else the wall clock of the zone."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"'{text}' is not a time; write it like 2026-03-02T18:30", param_hint="--start"
        ) from None
    if moment.tzinfo is not None:
        return moment
    if timezone is None:
        raise click.BadParameter("a local time needs its zone: give --timezone Europe/Berlin", param_hint="--start")
    return moment.replace(tzinfo=zone(timezone))
