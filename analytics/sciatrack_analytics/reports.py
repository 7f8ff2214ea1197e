"""The reports: named questions to a study, each answered with a header that says what it rests on."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sciatrack_analytics import checklist, finishing, intervals, sql_files, suppression
from sciatrack_analytics.software import software
from sciatrack_analytics.study import Study
from sciatrack_ingest.errors import SciatrackError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NOTICE = (
    "sciatrack is no medical device and makes no diagnosis. Exercises belong under the supervision of a "
    "physical therapist; counts and holds are estimates."
)
# Numbers of the definitions in docs/study.md; raise one when the same rows would give another answer.
ADHERENCE_RULES = 1
PAIN_RULES = 1
# So many participants are asked about at once, on one thread: what is known of their days does not outgrow the
# processor's cache by much. Of 10,000, portions of half as many cost a tenth more (each is planned anew), and of
# weeks so do portions of 5,000 (benchmarks/study.py).
PORTION = 2_000


class ReportError(SciatrackError, ValueError):
    """A report that cannot be made as asked: its name, its participant or its dates."""


@dataclass(frozen=True)
class Report:
    """One question: its name, what it answers, how its intervals are made, and a last step after SQL.

    by_participant : its rows come in the order of participants and need those of nobody else.
    """

    name: str
    title: str
    intervals: str = ""
    finish: Callable[[pa.Table, Callable[[str], pa.Table]], pa.Table] | None = None
    by_participant: bool = False


@dataclass(frozen=True)
class Header:
    """What a report rests on; said on every one of them."""

    report: str
    study: str
    participant: str
    first_date: str
    cut_off_date: str
    time_zone_rule: str
    rules_version: str
    rules: str
    intervals: str
    origin: str
    software: str
    suppression: str = ""
    notice: str = NOTICE

    def lines(self) -> list[tuple[str, str]]:
        """Each entry with its label, empty ones left out."""
        return [(key.replace("_", " "), value) for key, value in asdict(self).items() if value]


@dataclass(frozen=True)
class Answer:
    """A report's header and its rows."""

    header: Header
    table: pa.Table

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame; an empty report has its columns and no rows."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame


WILSON = "95 %, Wilson, n = different days"
BOOTSTRAP = (
    f"95 %, percentiles of {intervals.RESAMPLES} means of participants drawn with replacement, "
    f"seed {intervals.SEED}"
)
SLOPE = "95 %, t with n - 2 degrees of freedom, of least squares"
MIXED = f"of the mean: {BOOTSTRAP}; of the mixed slope: 95 %, Wald, REML"
KAPLAN_MEIER = "95 %, log-log, Greenwood's variance; log-rank of each arm against the others together"
AGREEMENT = (
    "limits of agreement: mean difference and 1.96 standard deviations of single days (Bland and Altman 1986)"
)

REPORTS = {
    report.name: report
    for report in (
        Report("adherence_weekly", "Adherence by participant, exercise and week", by_participant=True),
        Report("adherence_patient", "Adherence by participant", WILSON, by_participant=True),
        Report("adherence_daily", "Adherence by participant, exercise and day", by_participant=True),
        Report("cohort_week", "Adherence by arm and week of the study", BOOTSTRAP, finishing.cohort_interval),
        Report("pain_trend", "Pain by participant and site", SLOPE, finishing.slope_interval),
        Report("pain_cohort", "Pain by arm, site and week of the study", MIXED, finishing.pain_of_cohort),
        Report("session_log", "Sessions"),
        Report("prescription_history", "Prescriptions"),
        Report("retention_km", "Staying in the study, by arm", KAPLAN_MEIER, finishing.retention),
        Report("sensor_vs_selfreport", "Sensor and self-report, by participant and exercise", AGREEMENT),
        Report("data_quality", "Data quality by participant and device"),
        Report("reporting_checklist", "Reporting checklist", finish=checklist.filled),
    )
}
ALIASES = {
    "adherence": "adherence_weekly",
    "pain": "pain_trend",
    "sessions": "session_log",
    "prescriptions": "prescription_history",
}
NAMES = (*ALIASES, *REPORTS)


def run(
    study: Study,
    name: str,
    *,
    participant: str | None = None,
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    suppress_below: int | None = None,
) -> Answer:
    """Ask one of REPORTS (or ALIASES) of a study.

    `from_date` and `to_date` bound the days of observation: weeks cut by them are partial weeks, and no report
    knows anything after `to_date`. Without it the cut-off is the last day that the study knows of.
    `suppress_below` empties counts of fewer participants, in reports on groups.
    Raises ReportError for a name, a participant or dates that do not fit the study.
    """
    report = find(name)
    check_suppression(report, suppress_below)
    check(study, participant, from_date, to_date)
    study.set_variables(participant, from_date, to_date)
    try:
        table = _rows_of(study, report, participant)
        if report.finish:
            table = report.finish(table, lambda name: study.arrow(sql_files.text(name)))
        header = header_of(study, report, participant)
    finally:
        study.set_variables()
    if suppress_below:
        table, words = suppression.suppressed(report.name, table, suppress_below)
        header = replace(header, suppression=words)
    return Answer(header, table)


def _rows_of(study: Study, report: Report, participant: str | None) -> pa.Table:
    """The rows that SQL gives: all at once, or for some participants after the others."""
    text = sql_files.text(f"report_{report.name}")
    if participant is not None:
        with study.planned_briefly():
            return study.arrow(text)
    if not report.by_participant:
        study.use_all_cores()
        return study.arrow(text)
    known = participants(study)
    if len(known) <= PORTION:
        return study.arrow(text)
    import pyarrow as pa

    tables = []
    for start in range(0, len(known), PORTION):
        portion = known[start : start + PORTION]
        study.set_portion(portion[0], portion[-1])
        tables.append(study.arrow(text))
    return pa.concat_tables(tables)


def columns(report: str = "") -> dict[str, str]:
    """What each column says, by name; with the name of a report, as that report means it."""
    told = _told()
    return {name: text for name, text in told.items() if isinstance(text, str)} | dict(told.get(report, {}))


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads((files("sciatrack_analytics") / "columns.toml").read_text(encoding="utf-8"))


def find(name: str) -> Report:
    """The report of that name. Raises ReportError with close matches and all names."""
    known = ALIASES.get(name, name)
    if known not in REPORTS:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ReportError(f"there is no report '{name}'.{hint} There are: {', '.join(NAMES)}.")
    return REPORTS[known]


def check_suppression(report: Report, below: int | None) -> None:
    """Raises ReportError where small groups are to be kept out of a report with a row for each participant."""
    if below is not None and report.name not in suppression.NAMES:
        raise ReportError(
            f"'{report.name}' holds lines about single participants, so no small number can be kept out of it. "
            f"Reports on groups are: {', '.join(suppression.NAMES)}."
        )


def check(study: Study, participant: str | None, from_date: dt.date | None, to_date: dt.date | None) -> None:
    """Raises ReportError for a participant that the study does not know, and for dates the wrong way round."""
    if from_date and to_date and from_date > to_date:
        raise ReportError(f"the dates end ({to_date}) before they begin ({from_date}).")
    if participant is None or _is_known(study, participant):
        return
    known = participants(study)
    close = difflib.get_close_matches(participant, known, n=3)
    hint = f" Close to it: {', '.join(close)}." if close else ""
    raise ReportError(
        f"the study '{study.settings.name}' knows no participant '{participant}'.{hint} It has {len(known)}."
    )


def _is_known(study: Study, participant: str) -> bool:
    """Asked of the tables that `person` is made of: the view would cost a tenth of one participant's report."""
    tables = ("participant", "prescription", "session", "checkin", "selfreport")
    who = {"who": participant}
    return any(study.rows(f"select 1 from {table} where participant = $who limit 1", who) for table in tables)


def participants(study: Study) -> list[str]:
    """Every participant that the study knows from anywhere, sorted."""
    return [row[0] for row in study.rows("select participant from person order by participant")]


def header_of(study: Study, report: Report, participant: str | None) -> Header:
    """What a report made now, with the variables that are set now, rests on."""
    settings = study.settings
    ((first_date, last_date),) = study.rows("select first_date, last_date from cut_off")
    if participant is not None:
        ((first_date,),) = _first_date(study)
    origins = sorted(origin for (origin,) in study.rows("select distinct origin from session"))
    return Header(
        report=report.title,
        study=settings.name,
        participant=participant or "all",
        first_date=str(first_date or "start of each participant"),
        cut_off_date=str(last_date or "none: the study holds no sessions, check-ins or self-reports yet"),
        time_zone_rule=(
            f"local days of the zone in which each session was recorded, beginning at {settings.day_start:%H:%M}; "
            f"{settings.timezone} where a line names no zone"
        ),
        rules_version=f"adherence {ADHERENCE_RULES}, pain {PAIN_RULES}",
        rules=(
            f"a day counts from {settings.qualifying_ratio:.0%} of its prescribed repetitions; a week is at "
            f"target from {settings.target_ratio:.0%} of its due days; no_information counts as not done, "
            "not_observable, device_fault, excused and not_due days leave numerator and denominator"
        ),
        intervals=report.intervals,
        origin=" and ".join(origins),
        software=_software(),
    )


def _first_date(study: Study) -> list[tuple[Any, ...]]:
    """The first day of observation of the one whom the views speak about.

    Whoever has a prescription is asked of its plan: the view is made of all that the study knows, which would cost
    a sixth of one participant's report.
    """
    planned = "select observed_from(min(enrolled_date), any_value(first_date)) from rx_plan cross join cut_off"
    found = study.rows(f"{planned} where is_asked(participant) having count(*) > 0")
    return found or study.rows("select first_date from person")


def _software() -> str:
    import duckdb

    return f"sciatrack {software()['sciatrack']}, DuckDB {duckdb.__version__}"


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows in plain Python types: dates as ISO text, missing values and NaN as None."""
    return [{key: _plain(value) for key, value in row.items()} for row in table.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value
