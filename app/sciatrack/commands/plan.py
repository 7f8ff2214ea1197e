"""`sciatrack plan`: what participants are asked to do, in versions that are never changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from sciatrack.study_options import DAY, STUDY_DIR


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def plan() -> None:
    """Prescribe exercises in a study, and show what is asked for.

    \b
    Example:
      sciatrack plan prescribe clinic --participant P01 --exercise glute_bridge --days-per-week 5 \\
          --author PT1 --reason "first plan"
      sciatrack plan show clinic --participant P01
    """


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
    from sciatrack_analytics.study import Study
    from sciatrack_ingest.manifest import check_participant, local_time

    check_participant(row["participant"])
    with Study(study_dir, write=True) as study:
        today = local_time(dt.datetime.now(dt.UTC), study.settings.timezone).date()
        new = write_version(study, row | {"valid_from": valid_from or today})
    what = f"{row['exercise']} of {row['participant']}"
    if new is None:
        click.echo(f"{what}: the version in force says this already", err=True)
    else:
        click.echo(f"{what}: version {new['version']} from {new['valid_from']}: {dose_words(new)}", err=True)


@plan.command()
@click.argument("study_dir", metavar="STUDY_DIR", type=STUDY_DIR)
@click.option("--participant", metavar="P")
@click.option("--on", "on_date", type=DAY, help="What is in force on that day. [default: every version]")
def show(study_dir: Path, participant: str | None, on_date: dt.date | None) -> None:
    """Show what is asked for: every version, or those in force on a day.

    \b
    Example:
      sciatrack plan show clinic --participant P01 --on 2026-03-29
    """
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
    out = console()
    if not out.is_terminal:
        out.width = WIDE
    out.print(table)


def dose_words(row: dict[str, Any]) -> str:
    """`5 days a week, 2 x 10, 5 s, each side`."""
    if row["days_per_week"] == 0:
        return "ended"
    days = "daily" if row["days_per_week"] == 7 else f"{row['days_per_week']} days a week"
    often = "" if row["sessions_per_day"] == 1 else f" {row['sessions_per_day']} times"
    sets = f"{row['reps']}" if row["sets"] == 1 else f"{row['sets']} x {row['reps']}"
    hold = f", {row['hold_s']:g} s" if row["hold_s"] else ""
    side = {"both": "", "each": ", each side"}.get(row["side"], f", {row['side']} side")
    return f"{days}{often}, {sets}{hold}{side}"
