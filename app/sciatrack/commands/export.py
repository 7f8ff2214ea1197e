"""`sciatrack export`: a study in the formats of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciatrack.study_options import STUDY_DIR

if TYPE_CHECKING:
    from sciatrack_analytics.exports.sources import Exported


@click.group()
def export() -> None:
    """Write a study (or one participant) in the formats of others, into a new folder.

    \b
    Example:
      sciatrack export bids --study clinic --output clinic-bids
      sciatrack export fhir --study clinic --participant P01 --output P01-fhir
      sciatrack export tables --study clinic --output clinic-tables
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--participant", metavar="P", help="One participant. [default: all]"),
        click.option(
            "--output", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new or empty folder."
        ),
        click.option(
            "--study", "study_dir", required=True, metavar="DIR", type=STUDY_DIR, help="The study's folder."
        ),
    ):
        command = option(command)
    return command


@export.command()
@_options
def bids(study_dir: Path, output: Path, participant: str | None) -> None:
    """The samples of every sensor as a Motion-BIDS dataset, reps and holds as its events.

    Sessions without samples (imported rep tables) have no place in BIDS and are named on stderr.

    \b
    Example:
      sciatrack export bids --study clinic --output clinic-bids
    """
    from sciatrack_analytics.exports.bids import export_bids

    _run(export_bids, study_dir, output, participant)


@export.command()
@_options
def fhir(study_dir: Path, output: Path, participant: str | None) -> None:
    """One FHIR R4 transaction bundle a participant: prescriptions, sessions, reps and holds, pain.

    What a sensor could not see has no value and says so. With the extra `fhir` installed the bundles are checked
    against the library's models too.

    \b
    Example:
      sciatrack export fhir --study clinic --participant P01 --output P01-fhir
    """
    from sciatrack_analytics.exports.fhir import export_fhir
    from sciatrack_analytics.exports.fhir_check import library_there

    _run(export_fhir, study_dir, output, participant)
    if not library_there():
        click.echo("checked by our own rules only; pip install 'sciatrack[fhir]' checks the models too", err=True)


@export.command()
@_options
def tables(study_dir: Path, output: Path, participant: str | None) -> None:
    """Every relation of the study as CSV and Parquet, with a dictionary of all columns beside them.

    \b
    Example:
      sciatrack export tables --study clinic --output clinic-tables
    """
    from sciatrack_analytics.exports.tables import export_tables

    _run(export_tables, study_dir, output, participant)


def _run(write: Callable[..., Exported], study_dir: Path, output: Path, participant: str | None) -> None:
    """Write an export, say what it holds on stdout and what it does not on stderr; exit 1 if something failed."""
    from sciatrack_analytics.exports_log import log_export
    from sciatrack_analytics.study import Study

    with Study(study_dir) as study:
        for stale in study.stale_files():
            click.echo(
                f"note: {stale} was changed since it was indexed; run: sciatrack study rebuild {study_dir}",
                err=True,
            )
        done = write(study, output, participant=participant)
    log_export(study_dir, f"export {click.get_current_context().info_name}", participant, output)
    for line in done.left_out:
        click.echo(f"left out: {line}", err=True)
    for line in done.failed:
        click.echo(f"failed: {line}", err=True)
    click.echo(f"{output}: " + ", ".join(f"{number} {what}" for what, number in done.counts.items()))
    if done.failed:
        raise click.exceptions.Exit(1)
