"""`sciatrack report`: adherence, pain and sessions of a study."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from sciatrack.study_options import DAY, STUDY_DIR

FORMATS = ("table", "csv", "json", "parquet", "html")


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--study", "study_dir", required=True, metavar="DIR", type=STUDY_DIR, help="The study's folder.")
@click.option("--participant", metavar="P", help="One participant. [default: all]")
@click.option("--from", "from_date", type=DAY, help="First local day. [default: each participant's first]")
@click.option("--to", "to_date", type=DAY, help="Cut-off: nothing after this day is known. [default: the last day]")
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: by the name of --output, else table]")
@click.option(
    "--suppress-below",
    type=click.IntRange(min=2),
    metavar="N",
    help="For handing on: empty counts of fewer than N participants; of reports on groups, and of their page.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write here.")
def report(
    name: str,
    study_dir: Path,
    participant: str | None,
    from_date: dt.date | None,
    to_date: dt.date | None,
    form: str | None,
    suppress_below: int | None,
    output: Path | None,
) -> None:
    """Report on a study: adherence, pain, sessions, prescriptions and more.

    `adherence` is the week by week account of each participant and exercise (adherence_weekly), as a table with
    a summary of each participant above it; adherence_daily and adherence_patient give the days and the summary
    alone. Every ratio stands beside its numerator and denominator; days that were not observable, excused or
    not due are counted apart. The html format is one self-contained page. CSV stays plain: its header goes to
    stderr, or beside a file as FILE.header.json.

    \b
    Names (docs/study.md says what each holds):
      adherence_daily, adherence_weekly (adherence), adherence_patient, cohort_week,
      pain_trend (pain), pain_cohort, session_log (sessions), prescription_history (prescriptions),
      retention_km, sensor_vs_selfreport, data_quality, reporting_checklist
    \b
    Example:
      sciatrack report adherence --study clinic --participant P01 --from 2026-03-02 --to 2026-05-24
      sciatrack report pain --study clinic --format csv --output pain.csv
      sciatrack report adherence --study clinic --output report.html
      sciatrack report cohort_week --study clinic --suppress-below 5 --format csv
    """
    from sciatrack_analytics import reports
    from sciatrack_analytics.exports_log import log_export
    from sciatrack_analytics.study import Study

    form = form or _format_of(output)
    try:
        reports.find(name)
    except reports.ReportError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    asked = {
        "participant": participant, "from_date": from_date, "to_date": to_date, "suppress_below": suppress_below,
    }  # fmt: skip
    with Study(study_dir) as study:
        for stale in study.stale_files():
            _tell(f"note: {stale} was changed since it was indexed; run: sciatrack study rebuild {study_dir}")
        _write(study, name, asked, form, output)
    if output is not None:
        log_export(study_dir, f"report {name}", participant, output)


def _write(study: Any, name: str, asked: dict[str, Any], form: str, output: Path | None) -> None:
    from sciatrack import report_output
    from sciatrack_analytics import reports

    if form == "html":
        from sciatrack.output import destination
        from sciatrack_analytics.html import page

        with destination(output) as stream:
            stream.write(page(study, name, **asked))
        return
    answer = reports.run(study, name, **asked)
    if form == "table":
        answers = {reports.find(name).name: answer}
        if name == "adherence":
            answers = {"adherence_patient": reports.run(study, "adherence_patient", **asked)} | answers
        report_output.write_table(answers, output)
    elif form == "csv":
        report_output.write_csv(answer, output, _tell)
    elif form == "json":
        report_output.write_json(answer, output)
    else:
        report_output.write_parquet(answer, output)


def _format_of(output: Path | None) -> str:
    ending = output.suffix[1:].lower() if output else ""
    return ending if ending in FORMATS else "table"


def _tell(line: str) -> None:
    click.echo(line, err=True)
