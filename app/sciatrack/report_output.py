"""A report in each format of `sciatrack report`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack.output import console, destination, plain_table
from sciatrack_analytics.reports import Answer, Header, plain_rows

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
WIDE = 200  # columns of a table that goes to a file or a pipe
Cell = Callable[[Row], str]


def write_csv(answer: Answer, output: Path | None, tell: Callable[[str], None]) -> None:
    """Plain CSV, so that every reader takes it; the header goes to stderr, or beside a file as NAME.header.json."""
    with destination(output) as stream:
        writer = csv.DictWriter(stream, answer.table.column_names, lineterminator="\n")
        writer.writeheader()
        for row in plain_rows(answer.table):
            writer.writerow({k: str(v).lower() if isinstance(v, bool) else v for k, v in row.items()})
    if output is None:
        tell_header(answer.header, tell)
        return
    with destination(output.with_name(output.name + ".header.json")) as stream:
        json.dump(asdict(answer.header), stream, indent=1, ensure_ascii=False)
        stream.write("\n")


def write_json(answer: Answer, output: Path | None) -> None:
    """`{"header": {...}, "rows": [{...}]}`."""
    with destination(output) as stream:
        body = {"header": asdict(answer.header), "rows": plain_rows(answer.table)}
        json.dump(body, stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


def write_parquet(answer: Answer, output: Path | None) -> None:
    """Parquet with the header in the schema's metadata under `sciatrack`."""
    import pyarrow.parquet as pq

    header = json.dumps(asdict(answer.header), ensure_ascii=False)
    table: pa.Table = answer.table.replace_schema_metadata({"sciatrack": header})
    with destination(output, binary=True) as stream:
        pq.write_table(table, stream, compression="zstd")


def write_table(answers: dict[str, Answer], output: Path | None) -> None:
    """For people: the columns that matter at a glance, numerators beside their ratios; the header below."""
    with destination(output) as stream:
        out = console(stream)
        if not out.is_terminal:
            out.width = WIDE  # nobody's screen ends here, and a wrapped table cannot be searched
        for name, answer in answers.items():
            out.print(f"{answer.header.report}\n")
            out.print(_for_people(name, answer))
            out.print("" if answer.table.num_rows else "nothing to report\n")
        header = next(iter(answers.values())).header
        tell_header(header, lambda line: out.print(line, soft_wrap=True))


def tell_header(header: Header, tell: Callable[[str], None]) -> None:
    for key, value in header.lines():
        tell(f"# {key}: {value}")


def _for_people(name: str, answer: Answer) -> Any:
    """The rows as a table; a column that is empty, or the same one participant all the way down, is left out."""
    rows = answer.table.to_pylist()
    cells = {label: [cell(row) for row in rows] for label, cell in TABLES[name].items()}
    if answer.header.participant != "all":
        del cells["participant"]
    shown = {label: column for label, column in cells.items() if any(column) or not rows}
    table = plain_table(*shown, right=tuple(label for label in shown if label in NUMBERS))
    for values in zip(*shown.values(), strict=True):
        table.add_row(*values)
    return table


def _of(done: str, rx: str) -> Cell:
    """`3 of 7  43 %`; a dash where nothing was due."""

    def cell(row: Row) -> str:
        if not row[rx]:
            return "-"
        return f"{row[done]:.0f} of {row[rx]:.0f} {row[done] / row[rx]:4.0%}"

    return cell


def _plain(name: str) -> Cell:
    return lambda row: "" if row[name] is None else str(row[name])


def _number(name: str, form: str = ".1f") -> Cell:
    return lambda row: "" if row[name] is None else format(row[name], form)


def _count(name: str) -> Cell:
    return lambda row: str(row[name]) if row[name] else ""


def _interval(row: Row) -> str:
    return "" if row["ci_low"] is None else f"{row['ci_low']:.0%} to {row['ci_high']:.0%}"


def _slope(row: Row) -> str:
    if row["slope_per_week"] is None:
        return ""
    return f"{row['slope_per_week']:+.2f} ({row['slope_ci_low']:+.2f} to {row['slope_ci_high']:+.2f})"


def _yes(name: str) -> Cell:
    return lambda row: {True: "yes", False: "no", None: ""}[row[name]]


def _week(row: Row) -> str:
    return f"{row['iso_week']}*" if row["partial_week"] else str(row["iso_week"])


# label -> how a cell is made of a row; a week with * is a partial one
TABLES: dict[str, dict[str, Cell]] = {
    "adherence_weekly": {
        "participant": _plain("participant"),
        "exercise": _plain("exercise"),
        "week": _week,
        "days": _of("days_done", "days_rx"),
        "reps": _of("reps_counted", "reps_rx"),
        "hold s": _of("hold_s_counted", "hold_s_rx"),
        "unknown": _count("n_no_information"),
        "not seen": _count("not_observable_days"),
        "excused": _count("excused_days"),
        "not due": _count("not_due_days"),
    },
    "adherence_patient": {
        "participant": _plain("participant"),
        "arm": _plain("arm"),
        "start": _plain("start"),
        "end": _plain("end"),
        "days": _of("days_done", "days_rx"),
        "95 %": _interval,
        "reps": _of("reps_counted", "reps_rx"),
        "weeks at target": _of("weeks_at_target", "weeks_observed"),
        "not seen": _count("not_observable_days"),
        "status": _plain("status"),
    },
    "adherence_daily": {
        "participant": _plain("participant"),
        "exercise": _plain("exercise"),
        "date": _plain("local_date"),
        "state": _plain("state"),
        "due": _yes("due"),
        "reps": _of("reps_counted", "reps_rx"),
        "flags": _plain("quality_flag"),
    },
    "pain_trend": {
        "participant": _plain("participant"),
        "site": _plain("site"),
        "n": _count("n"),
        "first week": _number("baseline_nrs"),
        "last": _number("last_nrs", "d"),
        "change": _number("change", "+.1f"),
        "a week (95 %)": _slope,
        "2 points less": _yes("mcid_abs"),
        "30 % less": _yes("mcid_pct"),
        "centralised": _yes("centralised"),
    },
    "session_log": {
        "participant": _plain("participant"),
        "start": lambda row: f"{row['start_local']:%Y-%m-%d %H:%M}",
        "exercise": _plain("exercise"),
        "side": _plain("side"),
        "reps": _count("reps_detected"),
        "hold s": _number("hold_median_s"),
        "observability": _plain("observability"),
        "pain": lambda row: (
            "" if row["pain_before"] is None and row["pain_after"] is None
            else f"{_or_dash(row['pain_before'])} to {_or_dash(row['pain_after'])}"
        ),
    },
    "prescription_history": {
        "participant": _plain("participant"),
        "exercise": _plain("exercise"),
        "version": _plain("version"),
        "from": _plain("valid_from"),
        "days a week": _plain("days_per_week"),
        "sets": _plain("sets"),
        "reps": _plain("reps"),
        "hold s": _number("hold_s", "g"),
        "side": _plain("side"),
        "reason": _plain("reason"),
    },
}  # fmt: skip
NUMBERS = {
    "days", "reps", "hold s", "unknown", "not seen", "excused", "not due", "n", "first week", "last", "change",
    "version", "days a week", "sets", "weeks at target",
}  # fmt: skip


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)
