"""`sciatrack plan`: what participants are asked to do, in versions that are never changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import IO, Any

import click

from sciatrack.commands.plan_edit import edit
from sciatrack.plan_words import dose_words, version_words
from sciatrack.study_options import DAY, STUDY_DIR


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def plan() -> None:
    """Prescribe exercises in a study, and show what is asked for.

    \b
    Example:
      sciatrack plan prescribe clinic --participant P01 --exercise glute_bridge --days-per-week 5 \\
          --author PT1 --reason "first plan"
      sciatrack plan show clinic --participant P01
      sciatrack plan show clinic --participant P01 --format toml --output plan.toml
    """


plan.add_command(edit)


@plan.command()
@click.argument("study_dir", metavar="STUDY_DIR", type=STUDY_DIR)
@click.option("--participant", required=True, metavar="P", help="A pseudonym.")
@click.option("--exercise", required=True, metavar="ID", help="See `sciatrack exercises`.")
@click.option("--from", "valid_from", type=DAY, help="First local day in force. [default: today]")
@click.option("--days-per-week", type=click.IntRange(0, 7), help="0 ends the exercise.")
@click.option("--sessions-per-day", type=click.IntRange(1, 20))
@click.option("--sets", type=click.IntRange(1, 50), help="Sets in a session.")
@click.option("--reps", type=click.IntRange(1, 1000), help="Repetitions in a set (of each leg, with side each).")
@click.option("--hold", "hold_s", type=click.FloatRange(0, 600), metavar="S", help="Seconds to hold.")
@click.option("--side", type=click.Choice(["left", "right", "both", "each"]), help="both: legs not told apart.")
@click.option("--rom-target", "rom_target_deg", type=click.FloatRange(0, 180), metavar="DEG")
@click.option("--author", required=True, help="Who prescribes, as a pseudonym or role.")
@click.option("--reason", required=True, help="Why this version.")
def prescribe(study_dir: Path, valid_from: dt.date | None, **row: Any) -> None:
    """Write the next version of a prescription; what is left out comes from the catalogue of exercises.

    Versions are never changed: a new one takes over from its first day, and each day is judged by the version
    that was in force.

    \b
    Example:
      sciatrack plan prescribe clinic --participant P01 --exercise clamshell --reps 8 --side each \\
          --from 2026-03-02 --author PT1 --reason "first plan"
    """
    from sciatrack_analytics.adding import prescribe as write_version
    from sciatrack_analytics.plan_changes import local_today
    from sciatrack_analytics.study import Study
    from sciatrack_ingest.manifest import check_participant

    check_participant(row["participant"])
    with Study(study_dir, write=True) as study:
        new = write_version(study, row | {"valid_from": valid_from or local_today(study)})
    if new is None:
        what = f"{row['exercise']} of {row['participant']}"
        click.echo(f"{what}: the version in force says this already", err=True)
    else:
        click.echo(version_words(new), err=True)


@plan.command()
@click.argument("study_dir", metavar="STUDY_DIR", type=STUDY_DIR)
@click.option("--participant", metavar="P")
@click.option("--on", "on_date", type=DAY, help="What is in force on that day. [default: every version; today]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "toml"]),
    default="table",
    show_default=True,
    help="toml: a session's plan of what is in force, for `sciatrack record --plan`.",
)
@click.option("--article", is_flag=True, help="A session's plan with the article's nine exercises and doses.")
@click.option(
    "--painful",
    type=click.Choice(["left", "right", "each"]),
    default="each",
    show_default=True,
    help="With --article: the painful leg.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Instead of stdout."
)
def show(
    study_dir: Path,
    participant: str | None,
    on_date: dt.date | None,
    format_: str,
    article: bool,
    painful: str,
    output: Path | None,
) -> None:
    """Show what is asked for: every version, those in force on a day, or a session's plan to be led through.

    \b
    Example:
      sciatrack plan show clinic --participant P01 --on 2026-03-29
      sciatrack plan show clinic --participant P01 --format toml --output plan.toml
      sciatrack plan show clinic --article --painful right --output plan.toml
    """
    from sciatrack.output import destination

    if article or format_ == "toml":
        text = _plan_text(study_dir, participant, on_date, article, painful)
        with destination(output) as stream:
            stream.write(text)
    else:
        with destination(output) as stream:
            _print_versions(study_dir, participant, on_date, stream)


def _plan_text(
    study_dir: Path, participant: str | None, on_date: dt.date | None, article: bool, painful: str
) -> str:
    from sciatrack_analytics.plan_changes import local_today, plan_in_force
    from sciatrack_analytics.session_plan import plan_of_article, plan_to_toml
    from sciatrack_analytics.study import Study, study_exercises

    if article:
        return plan_to_toml(plan_of_article(study_exercises(study_dir), painful))
    if participant is None:
        raise click.UsageError("Say whose plan: --participant P (or --article).")
    with Study(study_dir) as study:
        today = on_date or local_today(study)
        return plan_to_toml(plan_in_force(study, participant, today))


def _print_versions(study_dir: Path, participant: str | None, on_date: dt.date | None, stream: IO[str]) -> None:
    from sciatrack.output import console, plain_table
    from sciatrack.report_output import WIDE
    from sciatrack_analytics import reports
    from sciatrack_analytics.study import Study

    with Study(study_dir) as study:
        rows = reports.run(study, "prescription_history", participant=participant).table.to_pylist()
    table = plain_table("participant", "exercise", "version", "from", "until", "dose", "reason", "author")
    for row in rows:
        if on_date is None or (row["valid_from"] <= on_date and (row["valid_to"] or dt.date.max) > on_date):
            until = row["valid_to"] - dt.timedelta(days=1) if row["valid_to"] else ""
            table.add_row(
                row["participant"], row["exercise"], str(row["version"]), str(row["valid_from"]), str(until),
                dose_words(row), row["reason"], row["author"],
            )  # fmt: skip
    out = console(stream)
    if not out.is_terminal:
        out.width = WIDE
    out.print(table)
