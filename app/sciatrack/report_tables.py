"""What people see of each report as a table: which columns, and how a cell is made of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Cell = Callable[[Row], str]


def _of(done: str, rx: str) -> Cell:
    """`3 of 7  43 %`; a dash where nothing was due."""

    def cell(row: Row) -> str:
        if not row[rx] or row[done] is None:
            return "-"
        return f"{row[done]:.0f} of {row[rx]:.0f} {row[done] / row[rx]:4.0%}"

    return cell


def _plain(name: str) -> Cell:
    return lambda row: "" if row[name] is None else str(row[name])


def _number(name: str, form: str = ".1f") -> Cell:
    return lambda row: "" if row[name] is None else format(row[name], form)


def _count(name: str) -> Cell:
    return lambda row: str(row[name]) if row[name] else ""


def _percent(name: str) -> Cell:
    return lambda row: "" if row[name] is None else f"{row[name]:.0%}"


def _span(low: str, high: str, form: str) -> Cell:
    def cell(row: Row) -> str:
        return "" if row[low] is None else f"{row[low]:{form}} to {row[high]:{form}}"

    return cell


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
        "95 %": _span("ci_low", "ci_high", ".0%"),
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
    "cohort_week": {
        "arm": _plain("arm"),
        "week": _plain("study_week"),
        "people": _plain("n_at_risk"),
        "active": _plain("n_active"),
        "mean": _percent("mean_adherence"),
        "95 %": _span("ci_low", "ci_high", ".0%"),
        "median": _percent("median"),
        "middle half": _span("q1", "q3", ".0%"),
        "at target": _of("n_at_threshold", "n_due"),
        "nothing known": _of("n_no_information", "days_rx"),
        "known days only": _percent("complete_case_mean"),
    },
    "pain_cohort": {
        "arm": _plain("arm"),
        "site": _plain("site"),
        "week": _plain("study_week"),
        "n": _plain("n"),
        "mean": _number("mean"),
        "95 %": _span("ci_low", "ci_high", ".1f"),
        "2 points less": _of("responders_abs", "n_baseline"),
        "30 % less": _of("responders_pct", "n_baseline_above_0"),
        "arm's slope a week": _number("mixed_slope", "+.2f"),
        "its 95 %": _plain("mixed_ci"),
        "why none": _plain("mixed_note"),
    },
    "retention_km": {
        "arm": _plain("arm"),
        "day": _plain("day"),
        "at risk": _plain("n_at_risk"),
        "fell silent": _count("events"),
        "ended": _count("censored"),
        "staying": _percent("survival"),
        "95 %": _span("ci_low", "ci_high", ".0%"),
        "log-rank p": _number("logrank_p", ".3f"),
    },
    "sensor_vs_selfreport": {
        "participant": _plain("participant"),
        "exercise": _plain("exercise"),
        "days": _plain("days_both"),
        "both yes": _count("both_yes"),
        "sensor only": _count("sensor_only"),
        "own word only": _count("self_only"),
        "without session": _count("self_only_no_session"),
        "both no": _count("both_no"),
        "kappa": _number("kappa", ".2f"),
        "reps: word - sensor": _number("mean_diff_reps", "+.1f"),
        "limits": _span("loa_low", "loa_high", "+.1f"),
    },
    "data_quality": {
        "participant": _plain("participant"),
        "device": _plain("device"),
        "sessions": _plain("sessions"),
        "rejected": _count("rejected"),
        "reason": _plain("reason"),
        "Hz": _number("median_fs"),
        "lost %": _number("loss_pct", ".2f"),
        "with gaps": _count("gap_count"),
        "clock s": _number("clock_offset_s", "+.3f"),
        "noticed": _plain("unit_flag"),
    },
    "reporting_checklist": {
        "guideline": _plain("guideline"),
        "item": _plain("item"),
        "text": _plain("text"),
        "where": _plain("where_reported"),
        "from this study": _plain("auto_value"),
    },
    "session_log": {
        "participant": _plain("participant"),
        "start": lambda row: f"{row['start_local']:%Y-%m-%d %H:%M}",
        "exercise": _plain("exercise"),
        "side": _plain("side"),
        "reps": _number("reps_detected", "d"),
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
    "version", "days a week", "sets", "weeks at target", "week", "people", "active", "mean", "median", "day",
    "at risk", "fell silent", "ended", "staying", "log-rank p", "both yes", "sensor only", "own word only",
    "both no", "kappa", "sessions", "rejected", "Hz", "lost %", "with gaps", "known days only", "without session",
}  # fmt: skip


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)
