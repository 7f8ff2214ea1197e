"""`sciatrack sql`: a researcher's own question to a study."""

from __future__ import annotations

from pathlib import Path

import click

from sciatrack.study_options import STUDY_DIR

FORMATS = ("table", "csv", "json", "parquet")
DEFAULT_ROWS, DEFAULT_TIMEOUT_S = 100_000, 60.0  # as sql_query.py has them; a test holds them together


@click.command()
@click.argument("query", metavar="SELECT", required=False)
@click.option("--study", "study_dir", metavar="DIR", type=STUDY_DIR, help="The study's folder.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: by the name of --output, else table]")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write here.")
@click.option(
    "--rows", type=click.IntRange(min=1), default=DEFAULT_ROWS, show_default=True, metavar="N",
    help="At most so many rows; the answer says if there were more.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=DEFAULT_TIMEOUT_S, show_default=True, metavar="S",
    help="Stop the query after so many seconds.",
)  # fmt: skip
@click.option("--dictionary", is_flag=True, help="Instead: every relation and column, with type and meaning.")
def sql(
    query: str | None,
    study_dir: Path | None,
    form: str | None,
    output: Path | None,
    rows: int,
    timeout: float,
    dictionary: bool,
) -> None:
    """Ask a study one SELECT of DuckDB's SQL; read-only, and without files, network or other statements.

    The relations are those of the index and the views that the reports are made of; they know the whole study up
    to its last day. CSV stays plain: what it rests on goes to stderr, or beside a file as FILE.header.json.

    \b
    Example:
      sciatrack sql "from week select participant, avg(days_done / days_rx) group by all" --study clinic
      sciatrack sql "select * from day_state" --study clinic --output days.parquet
      sciatrack sql --dictionary
    """
    from sciatrack import sql_output

    form = form or _format_of(output)
    if dictionary:
        sql_output.write_dictionary(form, output, _tell)
        return
    if query is None or study_dir is None:
        raise click.UsageError('give a query and the study: sciatrack sql "from person" --study DIR')
    from sciatrack_analytics.exports_log import log_export
    from sciatrack_analytics.sql_query import ask
    from sciatrack_analytics.study import Study

    with Study(study_dir) as study:
        for stale in study.stale_files():
            _tell(f"note: {stale} was changed since it was indexed; run: sciatrack study rebuild {study_dir}")
        header = sql_output.header_of(study, query, rows, timeout)
    answer = ask(study_dir, query, max_rows=rows, timeout_s=timeout)
    sql_output.write(answer, header, form, output, _tell)
    if output is not None:
        log_export(study_dir, "sql", None, output)
    if answer.cut_off:
        _tell(f"note: cut off after {rows} rows; --rows asks for more")


def _format_of(output: Path | None) -> str:
    ending = output.suffix[1:].lower() if output else ""
    return ending if ending in FORMATS else "table"


def _tell(line: str) -> None:
    click.echo(line, err=True)
