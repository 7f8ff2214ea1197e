"""The reports: named questions to a study, each answered with a header that says what it rests on."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sciatrack_analytics import sql_files
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


class ReportError(SciatrackError, ValueError):
    """A report that cannot be made as asked: its name, its participant or its dates."""


@dataclass(frozen=True)
class Report:
    """One question: its name, what it answers, and a last step for what SQL cannot compute."""

    name: str
    title: str
    finish: Callable[[pa.Table], pa.Table] | None = None


@dataclass(frozen=True)
class Header:
    """What a report rests on; said on every one of them."""

    report: str
    study: str
    participant: str
    first_date: str
    cut_off_date: str
    time_zone_rule: str
    rules: str
    origin: str
    software: str
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


def _with_slope_interval(table: pa.Table) -> pa.Table:
    """The 95 % interval of a least squares slope, from its standard error and n - 2 degrees of freedom."""
    import numpy as np
    import pyarrow as pa
    from scipy.special import stdtrit

    slope = table.column("slope_per_week").to_numpy(zero_copy_only=False).astype(float)
    error = table.column("slope_se").to_numpy(zero_copy_only=False).astype(float)
    n = table.column("n").to_numpy(zero_copy_only=False).astype(float)
    half = stdtrit(np.maximum(n - 2, 1), 0.975) * error
    at = table.column_names.index("slope_se")
    table = table.remove_column(at)
    for name, values in (("slope_ci_high", slope + half), ("slope_ci_low", slope - half)):
        table = table.add_column(at, name, pa.array(values, mask=~np.isfinite(values)))
    return table


REPORTS = {
    report.name: report
    for report in (
        Report("adherence_weekly", "Adherence by participant, exercise and week"),
        Report("adherence_patient", "Adherence by participant"),
        Report("adherence_daily", "Adherence by participant, exercise and day"),
        Report("pain_trend", "Pain by participant and site", _with_slope_interval),
        Report("session_log", "Sessions"),
        Report("prescription_history", "Prescriptions"),
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
) -> Answer:
    """Ask one of REPORTS (or ALIASES) of a study.

    `from_date` and `to_date` bound the days of observation: weeks cut by them are partial weeks, and no report
    knows anything after `to_date`. Without it the cut-off is the last day that the study knows of.
    Raises ReportError for a name, a participant or dates that do not fit the study.
    """
    report = find(name)
    check(study, participant, from_date, to_date)
    study.set_variables(participant, from_date, to_date)
    try:
        table = study.arrow(sql_files.text(f"report_{report.name}"))
        header = header_of(study, report.title, participant)
    finally:
        study.set_variables()
    return Answer(header, report.finish(table) if report.finish else table)


@cache
def columns() -> dict[str, str]:
    """What each column of the reports says, by name."""
    text = (files("sciatrack_analytics") / "columns.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))


def find(name: str) -> Report:
    """The report of that name. Raises ReportError with close matches and all names."""
    known = ALIASES.get(name, name)
    if known not in REPORTS:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ReportError(f"there is no report '{name}'.{hint} There are: {', '.join(NAMES)}.")
    return REPORTS[known]


def check(study: Study, participant: str | None, from_date: dt.date | None, to_date: dt.date | None) -> None:
    """Raises ReportError for a participant that the study does not know, and for dates the wrong way round."""
    if from_date and to_date and from_date > to_date:
        raise ReportError(f"the dates end ({to_date}) before they begin ({from_date}).")
    if participant is None:
        return
    known = participants(study)
    if participant not in known:
        close = difflib.get_close_matches(participant, known, n=3)
        hint = f" Close to it: {', '.join(close)}." if close else ""
        raise ReportError(
            f"the study '{study.settings.name}' knows no participant '{participant}'.{hint} It has {len(known)}."
        )


def participants(study: Study) -> list[str]:
    """Every participant that the study knows from anywhere, sorted."""
    return [row[0] for row in study.rows("select participant from person order by participant")]


def header_of(study: Study, title: str, participant: str | None) -> Header:
    """What a report made now, with the variables that are set now, rests on."""
    settings = study.settings
    ((first_date, last_date),) = study.rows("select first_date, last_date from cut_off")
    if participant is not None:
        ((first_date,),) = study.rows("select first_date from person")
    origins = [row[0] for row in study.rows("select distinct origin from session order by origin")]
    return Header(
        report=title,
        study=settings.name,
        participant=participant or "all",
        first_date=str(first_date or "start of each participant"),
        cut_off_date=str(last_date or "none: the study holds no sessions, check-ins or self-reports yet"),
        time_zone_rule=(
            f"local days of the zone in which each session was recorded, beginning at {settings.day_start:%H:%M}; "
            f"{settings.timezone} where a line names no zone"
        ),
        rules=(
            f"a day counts from {settings.qualifying_ratio:.0%} of its prescribed repetitions; a week is at "
            f"target from {settings.target_ratio:.0%} of its due days; no_information counts as not done, "
            "not_observable, device_fault, excused and not_due days leave numerator and denominator"
        ),
        origin=" and ".join(origins),
        software=_software(),
    )


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
