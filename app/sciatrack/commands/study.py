"""`sciatrack study`: make a study, add to it, build its index anew, take a person out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sciatrack.study_options import recording_options

STUDY_DIR = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def study() -> None:
    """Make a study, add sessions and lists to it, build its index anew.

    A study is a folder: the session folders and the CSV files in it are the truth, study.duckdb is an index
    over them.

    \b
    Example:
      sciatrack study create clinic --timezone Europe/Berlin
      sciatrack study add clinic prescriptions.csv sessions/
      sciatrack study rebuild clinic
      sciatrack study forget clinic P01
    """


@study.command()
@click.argument("study_dir", metavar="DIR", type=STUDY_DIR)
@click.option("--name", help="What the reports call it. [default: the folder's name]")
@click.option(
    "--timezone", default="UTC", show_default=True, metavar="ZONE",
    help="Zone of lines and recordings that name none, like Europe/Berlin.",
)  # fmt: skip
@click.option("--day-start", default="04:00", show_default=True, metavar="HH:MM", help="When a local day begins.")
def create(study_dir: Path, name: str | None, timezone: str, day_start: str) -> None:
    """Make an empty study in the folder DIR, readable by you only.

    \b
    Example:
      sciatrack study create clinic --timezone Europe/Berlin --name "Back pain 2026"
    """
    from sciatrack_analytics.settings import parse_day_start
    from sciatrack_analytics.store import create_study

    try:
        begin = parse_day_start(day_start)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--day-start") from error
    create_study(study_dir, name=name, timezone=timezone, day_start=begin)
    click.echo(f"{study_dir}: an empty study, zone {timezone}, days from {begin:%H:%M}", err=True)


@study.command()
@click.argument("study_dir", metavar="DIR", type=STUDY_DIR)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@recording_options
def add(study_dir: Path, paths: tuple[Path, ...], **given: Any) -> None:
    """Add session folders, recordings and CSV lists to a study; the same thing twice is there once.

    A PATH is a session folder or a folder of them, a recording (analysed on the way in), or a CSV list with a
    column `participant`: participants, prescriptions, checkins, selfreports, excused, clearances, known_signs,
    tolerances or ears; its header tells which. A list comes in whole or not at all, with every wrong cell named.
    Without a PATH, sessions that were recorded straight into DIR/sessions are indexed.

    \b
    Example:
      sciatrack study add clinic sessions/ checkins.csv
      sciatrack study add clinic bridge.csv --participant P01 --placement right_thigh --exercise glute_bridge
    """
    from sciatrack.study_add import add_path

    failed = 0
    for path in paths or (study_dir / "sessions",):
        failed += add_path(study_dir, path, given)
    if failed:
        raise click.exceptions.Exit(1)


@study.command()
@click.argument("study_dir", metavar="DIR", type=STUDY_DIR)
def rebuild(study_dir: Path) -> None:
    """Build the index of a study anew from its folders and lists.

    \b
    Example:
      sciatrack study rebuild clinic
    """
    from sciatrack.progress import progress_bar
    from sciatrack_analytics import store
    from sciatrack_ingest.sessions import session_folders

    total = sum(1 for _ in session_folders(study_dir / "sessions"))
    with progress_bar("indexing", total) as bar:
        problems = store.rebuild(study_dir, bar.advance)
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    click.echo(f"{study_dir}: index built" + (f", {len(problems)} left out" if problems else ""), err=True)
    if problems:
        raise click.exceptions.Exit(1)


@study.command()
@click.argument("study_dir", metavar="DIR", type=STUDY_DIR)
@click.argument("participant", metavar="PARTICIPANT")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def forget(study_dir: Path, participant: str, yes: bool) -> None:
    """Remove a person from a study: sessions, lines of the lists, index; nothing of it can be brought back.

    Then every byte of the study is searched for the pseudonym, and what was found is told; exit status 1 if it
    still stands somewhere. Prints the files that were written elsewhere from this study with the person in them:
    those, and copies that you made, are yours to delete (docs/privacy.md).

    \b
    Example:
      sciatrack study forget clinic P01
    """
    import sys

    from sciatrack_analytics.forgetting import forget as forget_participant

    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete everything of '{participant}' in {study_dir}, for good?", abort=True, err=True)
    gone = forget_participant(study_dir, participant)
    click.echo(f"{study_dir}: {gone.sessions} sessions and {gone.lines} lines removed, index built anew", err=True)
    for export in gone.exports:
        click.echo(f"out of reach: {export}")
    for problem in gone.problems:
        click.echo(f"error: {problem}", err=True)
    for place in gone.left:
        click.echo(f"still there: {place}", err=True)
    if gone.left:
        raise click.exceptions.Exit(1)
    click.echo(f"'{participant}' was searched for in every file of {study_dir} and stands nowhere", err=True)
