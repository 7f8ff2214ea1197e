"""`sciatrack import`: recordings become session folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sciatrack.study_options import recording_options


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@recording_options
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default="sessions", show_default=True,
    metavar="SESSIONS_DIR", help="Folder in which the session folders are made.",
)  # fmt: skip
def import_command(files: tuple[Path, ...], output: Path, **given: Any) -> None:
    """Make a session folder of each recording: samples, analysis and a manifest; prints the folders.

    The same recording imported twice is one session.

    \b
    Example:
      sciatrack import bridge.csv --participant P01 --placement right_thigh --start 2026-03-02T18:30 \\
          --timezone Europe/Berlin
    """
    from sciatrack.study_add import import_file, tell
    from sciatrack_ingest.errors import SciatrackError

    failed = 0
    for path in files:
        try:
            folder, outcome = import_file(output, path, given)
        except (SciatrackError, OSError) as error:
            tell(path, error)
            failed += 1
            continue
        click.echo(f"{path}: {outcome}", err=True)
        click.echo(folder)
    if failed:
        raise click.exceptions.Exit(1)
