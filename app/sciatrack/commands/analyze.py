"""`sciatrack analyze`: from recording files to reps and holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciatrack.options import PLACEMENTS, SIDES, check_exercise, exercise_file_option
from sciatrack.rep_output import FORMATS, open_writer

if TYPE_CHECKING:
    from sciatrack.batch import Job, Outcome
    from sciatrack_ingest.labels import Overrides


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "--exercise",
    metavar="ID",
    help="What was done; `auto` finds and names it. [default: the sidecar's, else auto]",
)
@click.option("--placement", type=click.Choice(PLACEMENTS), help="Where the sensor sat.")
@click.option("--side", type=click.Choice(SIDES), help="The working leg.")
@click.option("--units-acc", type=click.Choice(["m/s^2", "g", "mg"]), help="Unit of acc_x, acc_y, acc_z.")
@click.option("--units-gyr", type=click.Choice(["rad/s", "deg/s"]), help="Unit of gyr_x, gyr_y, gyr_z.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HZ",
    help="Samples a second, for files without `time`.",
)
@exercise_file_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: by the name of --output, else table]")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write here instead of stdout.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Processes.")
@click.option("--quiet", is_flag=True, help="No notes and no progress on stderr; errors are still shown.")
def analyze(
    paths: tuple[str, ...],
    exercise: str | None,
    placement: str | None,
    side: str | None,
    units_acc: str | None,
    units_gyr: str | None,
    rate: float | None,
    exercise_file: Path | None,
    form: str | None,
    output: Path | None,
    workers: int,
    quiet: bool,
) -> None:
    """Count repetitions and time holds in recordings.

    A PATH is a recording file, a session folder, or a folder of either. One bad file never stops the others.
    Exit status: 0; 1 when any recording failed; 2 for a usage error or a PATH that is not there.

    \b
    Example:
      sciatrack analyze bridge.csv --units-acc g --exercise glute_bridge --placement right_thigh
      sciatrack analyze recordings/ --format jsonl --workers 4 > blocks.jsonl
    """
    if exercise not in (None, "auto"):
        from sciatrack_signal.exercises import catalogue

        check_exercise(str(exercise), catalogue(exercise_file), "--exercise")
    overrides: Overrides = {
        "units_acc": units_acc,
        "units_gyr": units_gyr,
        "rate": rate,
        "exercise": exercise,
        "placement": placement,
        "side": side,
    }
    if output is not None and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder of '{output}' is not there; create it first", param_hint="--output")
    jobs, failed = _collect(paths, overrides, exercise_file)
    if output is not None and output.exists() and any(output.samefile(job.path) for job in jobs):
        raise click.BadParameter(f"'{output}' is one of the recordings to read", param_hint="--output")
    failed += _run(jobs, form or _format_of(output), output, workers, quiet)
    if failed:
        raise click.exceptions.Exit(1)


def _format_of(output: Path | None) -> str:
    ending = output.suffix[1:].lower() if output else ""
    return ending if ending in FORMATS else "table"


def _collect(paths: Iterable[str], overrides: Overrides, exercise_file: Path | None) -> tuple[list[Job], int]:
    """The jobs of all paths in order, and how many paths gave none (each told on stderr)."""
    from sciatrack.batch import Job, one_line
    from sciatrack_ingest.errors import SciatrackError

    jobs: list[Job] = []
    failed = 0
    for path in paths:
        before = len(jobs)
        try:
            for name, found in _found(path):
                jobs.append(Job(name, found, overrides, exercise_file))
        except (SciatrackError, OSError) as error:
            _tell("error", path, one_line(error))
            failed += 1
            continue
        if len(jobs) == before:
            _tell("error", path, "holds no recording (CSV, Parquet, phone export or session folder)")
            failed += 1
    return jobs, failed


def _found(path: str) -> Iterator[tuple[str, Path]]:
    """Each recording under `path` with its name: `path` itself, or `path`/relative/path in a folder."""
    from sciatrack_ingest import find_recordings

    root = Path(path)
    for found in find_recordings(root):
        inside = found.relative_to(root).as_posix()
        yield (path if inside == "." else f"{path.rstrip('/')}/{inside}"), found


def _run(jobs: list[Job], form: str, output: Path | None, workers: int, quiet: bool) -> int:
    """Analyse and write all; how many failed (each told on stderr)."""
    from sciatrack.batch import run
    from sciatrack.progress import progress_bar

    failed = 0
    with open_writer(form, output) as write, progress_bar("analysing", len(jobs), quiet=quiet) as bar:
        for outcome in run(jobs, workers):
            with bar.hidden():
                failed += _report(outcome, quiet)
                if outcome.analysis:
                    write(outcome.analysis)
            bar.advance()
    if len(jobs) > 1 and not quiet:
        click.echo(f"{len(jobs) - failed} of {len(jobs)} recordings analysed", err=True)
    return failed


def _report(outcome: Outcome, quiet: bool) -> int:
    for note in () if quiet else outcome.notes:
        _tell("note", outcome.name, note)
    if outcome.analysis is None:
        _tell("error", outcome.name, outcome.error)
    return int(outcome.analysis is None)


def _tell(kind: str, name: str, message: str) -> None:
    click.echo(f"{kind}: {message}" if message.startswith(name) else f"{kind}: {name}: {message}", err=True)
