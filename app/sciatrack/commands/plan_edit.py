"""`sciatrack plan edit`: change what is in force, by options, from a file or in an editor."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciatrack.plan_words import version_words
from sciatrack.study_options import DAY, STUDY_DIR

if TYPE_CHECKING:
    import datetime as dt

    from sciatrack_analytics.study import Study


@click.command()
@click.argument("study_dir", metavar="STUDY_DIR", type=STUDY_DIR)
@click.option("--participant", required=True, metavar="P", help="A pseudonym.")
@click.option("--exercise", metavar="ID", help="Change this one by the options below; the rest of its dose stays.")
@click.option("--remove", multiple=True, metavar="ID", help="End an exercise. May be given several times.")
@click.option(
    "--file",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the plan from a file instead of an editor.",
)
@click.option("--from", "valid_from", type=DAY, help="First local day in force. [default: today]")
@click.option("--days-per-week", type=click.IntRange(0, 7), help="0 ends the exercise.")
@click.option("--sessions-per-day", type=click.IntRange(1, 20))
@click.option("--sets", type=click.IntRange(1, 50))
@click.option("--reps", type=click.IntRange(1, 1000))
@click.option("--hold", "hold_s", type=click.FloatRange(0, 600), metavar="S")
@click.option("--side", type=click.Choice(["left", "right", "both", "each"]))
@click.option("--rom-target", "rom_target_deg", type=click.FloatRange(0, 180), metavar="DEG")
@click.option("--author", required=True, help="Who changes it, as a pseudonym or role.")
@click.option("--reason", required=True, help="Why.")
def edit(
    study_dir: Path,
    participant: str,
    exercise: str | None,
    remove: tuple[str, ...],
    plan_file: Path | None,
    valid_from: dt.date | None,
    author: str,
    reason: str,
    **changes: Any,
) -> None:
    """Change what is in force: by options, or (without --exercise, --remove and --file) in your editor.

    What is written are new versions; the old ones stay, and days before keep them. All changes are written or none.

    \b
    Example:
      sciatrack plan edit clinic --participant P01 --exercise clamshell --reps 8 --author PT1 --reason "too many"
      sciatrack plan edit clinic --participant P01 --author PT1 --reason "second month"
    """
    from sciatrack_analytics import plan_changes
    from sciatrack_analytics.study import Study
    from sciatrack_ingest.manifest import check_participant

    _check(exercise, remove, plan_file, changes)
    check_participant(participant)
    with Study(study_dir) as study:  # nobody is kept waiting while somebody thinks in an editor
        first_day = valid_from or plan_changes.local_today(study)
        before = plan_changes.versions_in_force(study, participant, first_day)
        if exercise or remove:
            rows = plan_changes.ended_rows(before, remove)
            rows += [plan_changes.changed_row(before, exercise, changes)] if exercise else []
        elif plan_file is not None:
            rows = plan_changes.edited_rows(_read(plan_file), plan_file, before, study.exercises)
        else:
            rows = _in_editor(study, participant, first_day, before)
    why = {"valid_from": first_day, "author": author, "reason": reason}
    with Study(study_dir, write=True) as study:
        new = plan_changes.write_versions(study, participant, rows, why)
    for row in new:
        click.echo(version_words(row), err=True)
    if not new:
        click.echo("nothing is changed", err=True)


def _check(exercise: str | None, remove: tuple[str, ...], plan_file: Path | None, changes: dict[str, Any]) -> None:
    given = any(value is not None for value in changes.values())
    if given and exercise is None:
        raise click.UsageError("A dose belongs to an exercise: add --exercise ID.")
    if exercise is not None and not given:
        raise click.UsageError(
            f"Say what changes of {exercise}: --reps, --sets, --hold, --side, --days-per-week ..."
        )
    if plan_file is not None and (exercise or remove):
        raise click.UsageError("Change the plan by options or by a file: leave out either.")
    if exercise in remove or len(set(remove)) < len(remove):
        raise click.UsageError("An exercise is named twice.")


def _read(path: Path) -> str:
    from sciatrack_analytics.session_plan import read_text

    return read_text(path)


def _in_editor(
    study: Study, participant: str, first_day: dt.date, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Let a person edit a file of their own; it is kept where it cannot be used."""
    from sciatrack_analytics.plan_changes import edited_rows, plan_in_force, text_to_edit
    from sciatrack_analytics.session_plan import PlanError

    text = text_to_edit(plan_in_force(study, participant, first_day))
    handle, name = tempfile.mkstemp(prefix="sciatrack-plan-", suffix=".toml")
    path = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    click.edit(filename=name)
    try:
        edited = _read(path)
        rows = [] if edited == text else edited_rows(edited, path, before, study.exercises)
    except PlanError as error:
        raise click.ClickException(
            f"{error} Nothing was changed. Your text is kept: mend it and give it with --file {path}"
        ) from error
    path.unlink()
    return rows
