"""`sciatrack recover`: a recording that was cut off becomes a finished session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sciatrack_ingest.decode_session import DecodedLog
    from sciatrack_ingest.recovery import FinishedSession


@click.command()
@click.argument(
    "folders", metavar="SESSION...", nargs=-1, required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
def recover(folders: tuple[Path, ...]) -> None:
    """Finish sessions whose recording was cut off (power, crash, full disk), and say what is missing.

    Decodes what is on disk, analyses it and seals the folder as at the end of a recording. A session that is
    finished is only checked. Exit status 1 if one could not be recovered or a finished one is not whole.

    \b
    Example:
      sciatrack recover sessions/P01-20260302T173000Z-1f3a9c2e
    """
    from sciatrack_ingest.errors import SciatrackError

    failed = False
    for folder in folders:
        try:
            failed |= not _recover(folder)
        except (SciatrackError, OSError) as error:
            click.echo(f"error: {error}", err=True)
            failed = True
    if failed:
        raise click.exceptions.Exit(1)


def _recover(folder: Path) -> bool:
    """Finish one folder and print what became of it; False for a finished one that is not whole."""
    from sciatrack_ingest.recovery import finish_session

    finished = finish_session(folder)
    whole = not (finished.was_finished and finished.missing)
    click.echo(f"{folder}: {_words(finished)}")
    for sensor in finished.sensors:
        recording = sensor.recording
        click.echo(f"  {recording.placement}: {recording.n_samples} samples in {recording.duration_s:.1f} s")
    for sentence in finished.missing:
        click.echo(f"  {sentence}")
    for line in _analysed(finished):
        click.echo(f"  {line}")
    return whole


def _words(finished: FinishedSession) -> str:
    if not finished.was_finished:
        return "recovered"
    return "finished, but not whole" if finished.missing else "finished already, nothing to recover"


def _analysed(finished: FinishedSession) -> list[str]:
    """Analyse what was recovered; a failure is told and leaves the samples alone."""
    from sciatrack.closing import analyse_into
    from sciatrack_ingest.errors import SciatrackError

    sensors = finished.sensors
    if finished.was_finished and not finished.missing and not finished.manifest.analyses:
        sensors = _decoded(finished)  # cut off between the last sample and the analysis
    sensors = tuple(sensor for sensor in sensors if sensor.recording.n_samples)
    if not sensors:
        return []
    try:
        return analyse_into(finished, sensors)
    except (SciatrackError, ValueError, ArithmeticError, IndexError) as error:
        return [f"not analysed: {error} (try `sciatrack analyze {finished.folder}`)"]


def _decoded(finished: FinishedSession) -> tuple[DecodedLog, ...]:
    """The samples of a finished session once more; none where it holds no raw logs."""
    from sciatrack_ingest.decode_session import decode_log
    from sciatrack_ingest.playback import raw_logs

    if not any(finished.folder.glob("raw-*.mcap")):
        return ()
    return tuple(decode_log(log) for log in raw_logs(finished.folder) if log.header is not None)
