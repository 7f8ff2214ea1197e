"""The sections of one participant's page: a minute's reading for a physical therapist."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence

from sciatrack_analytics import figures, figures_cohort, html_safety
from sciatrack_analytics import html_parts as parts
from sciatrack_analytics.figures import of
from sciatrack_analytics.html_ask import Ask, Row, names_of, number, percent, yes
from sciatrack_analytics.html_parts import Tile


def sections(ask: Ask) -> list[str]:
    """The sections of one participant's page: a page to read in a minute, then what it was made of."""
    (summary,) = ask.rows("adherence_patient")
    weekly, daily = ask.rows("adherence_weekly"), ask.rows("adherence_daily")
    trends, spoken, holds = ask.rows("pain_trend"), ask.detail("safety"), ask.detail("hold")
    return [
        parts.tiles(_person_tiles(summary, trends)),
        html_safety.section(ask, spoken),
        _prescribed_and_done(ask, weekly, daily, holds),
        pain(ask, trends, table=False),
        parts.begin_details(),
        html_safety.log(spoken),
        _versions(ask),
        _week_by_week(ask, weekly),
        _holds(ask, holds),
        parts.section("Pain trends", _trend_table(trends)) if trends else "",
        _sessions(ask),
    ]


def _person_tiles(summary: Row, trends: Sequence[Row]) -> list[Tile]:
    interval = ""
    if summary["ci_low"] is not None:
        interval = f", 95 % interval {summary['ci_low']:.0%} to {summary['ci_high']:.0%}".replace("%", " %")
    at_target = f"{summary['weeks_at_target']} of {summary['weeks_observed']}" if summary["weeks_observed"] else "–"
    found = [
        Tile("Days done", _share(summary, "days_done", "days_rx"),
             f"{summary['days_done']} of {summary['days_rx']} due{interval}"),
        Tile("Repetitions", _share(summary, "reps_counted", "reps_rx"),
             f"{summary['reps_counted']} of {summary['reps_rx']} asked for on due days"),
        Tile("Hold time", _share(summary, "hold_s_counted", "hold_s_rx"),
             f"{summary['hold_s_counted'] / 60:.0f} of {summary['hold_s_rx'] / 60:.0f} min"),
        Tile("Weeks at target", at_target, "weeks with enough of their due days done"),
    ]  # fmt: skip
    for trend in trends:
        if trend["baseline_nrs"] is not None:
            much = f"{trend['baseline_nrs']:.1f} → {trend['last_nrs']}"
            found.append(Tile(f"{trend['site']} pain".capitalize(), much, "mean of the first week, last score"))
    return found


def _share(sums: Row, done: str, rx: str) -> str:
    """`43 %`; in words where nothing can be said because the sensor could not see."""
    return "not observable" if not sums[rx] and sums["not_observable_days"] else percent(sums[done], sums[rx])


def _prescribed_and_done(ask: Ask, weekly: Sequence[Row], daily: Sequence[Row], holds: Sequence[Row]) -> str:
    title = "Prescribed and done"
    if not daily:
        words = "No prescription was in force on the days of this report."
        return parts.section(title, parts.paragraph(words, "empty"))
    names = names_of(ask.study)
    unseen = _unseen_sides(daily, names)
    return parts.section(
        title,
        _glance(ask, weekly, daily, holds),
        parts.paragraph(unseen) if unseen else "",
        parts.figure(figures.calendar(daily, names)),
    )


def _glance(ask: Ask, weekly: Sequence[Row], daily: Sequence[Row], holds: Sequence[Row]) -> str:
    """One line an exercise: what is asked for now, and what was done of what was asked for on all days."""
    names = names_of(ask.study)
    last = max(row["local_date"] for row in daily)
    now = {row["exercise"]: row for row in ask.rows("prescription_history") if row["valid_from"] <= last}
    rows = []
    for exercise, own in _by(weekly, "exercise").items():
        sums = {key: sum(row[key] for row in own) for key in (*SUMMED, *APART)}
        shares = [
            "not observable" if not sums[rx] and sums["not_observable_days"] else of(sums[done], sums[rx])
            for done, rx in (("days_done", "days_rx"), ("reps_counted", "reps_rx"))
        ]
        hold = _typical_hold([row for row in holds if row["exercise"] == exercise], now[exercise],
                             [row for row in daily if row["exercise"] == exercise])  # fmt: skip
        rows.append([names[exercise], _dose(now[exercise]), *shares, hold, str(sums["not_observable_days"])])
    columns = ("exercise", "asked for now", "days done of due", "repetitions", "usual hold", "days not observable")
    return parts.table(columns, rows, "Prescribed and done, by exercise")


def _typical_hold(own: Sequence[Row], rx: Row, daily: Sequence[Row]) -> str:
    """The middle of the sessions' median holds beside what is asked for now; in words where there is none."""
    if not rx["hold_s"]:
        return "–"
    medians = [row["hold_median_s"] for row in own if row["hold_target_s"] == rx["hold_s"]]
    if medians:
        return f"{statistics.median(medians):.1f} s of {rx['hold_s']:g} s"
    hidden = any(row["state"] == "not_observable" or "holds_not_observable" in row["quality_flag"] for row in daily)
    return "not observable" if hidden else "none measured"


def _versions(ask: Ask) -> str:
    names = names_of(ask.study)
    rows = [
        [
            names[row["exercise"]], f"v{row['version']}", str(row["valid_from"]), _until(row), _dose(row),
            row["reason"], row["author"],
        ]
        for row in ask.rows("prescription_history")
    ]  # fmt: skip
    title = "Every version of the prescription"
    if not rows:
        return parts.section(title, parts.paragraph("Nothing yet.", "empty"))
    columns = ("exercise", "version", "from", "until", "dose", "reason", "by")
    return parts.section(title, parts.table(columns, rows, title))


def _week_by_week(ask: Ask, weekly: Sequence[Row]) -> str:
    if not weekly:
        return ""
    names = names_of(ask.study)
    return parts.section(
        "Week by week", _sums(_by(weekly, "exercise"), names), parts.figure(figures.weeks(weekly, names))
    )


SUMMED = ("days_done", "days_rx", "reps_counted", "reps_rx", "hold_s_counted", "hold_s_rx")
# Counts of days that stand apart from the ratios; a column with nothing in it is left out.
APART = {
    "extra_days": "extra days done", "days_selfreport": "own word only", "n_no_information": "nothing known",
    "not_observable_days": "not observable", "excused_days": "excused", "device_fault_days": "device fault",
    "not_due_days": "not due", "side_not_observable_days": "a side not seen",
}  # fmt: skip


def _sums(by_exercise: dict[str, list[Row]], names: dict[str, str]) -> str:
    """One line an exercise: numerator and denominator beside each share, and the days that stand apart."""
    shown = {
        key: label for key, label in APART.items() if any(row[key] for own in by_exercise.values() for row in own)
    }
    rows = []
    for exercise, own in by_exercise.items():
        sums = {key: sum(row[key] for row in own) for key in (*SUMMED, *shown)}
        shares = (
            of(sums["days_done"], sums["days_rx"]),
            of(sums["reps_counted"], sums["reps_rx"]),
            of(sums["hold_s_counted"], sums["hold_s_rx"], " s"),
        )
        rows.append([names[exercise], *shares, *(str(sums[key]) for key in shown)])
    columns = ("exercise", "days done of due", "repetitions", "hold time", *shown.values())
    return parts.table(columns, rows, "Sums by exercise")


def _unseen_sides(daily: Sequence[Row], names: dict[str, str]) -> str:
    """In words, which legs the sensor could not see, since they are in none of the numbers."""
    days: dict[tuple[str, str], int] = {}
    for row in daily:
        for side in row["sides_not_observable"].split():
            if side != "both":
                days[row["exercise"], side] = days.get((row["exercise"], side), 0) + 1
    found = [f"{names[exercise]}, {side} leg, on {n} days" for (exercise, side), n in days.items()]
    return f"Not seen by the sensor, and in none of these numbers: {'; '.join(found)}." if found else ""


def _holds(ask: Ask, holds: Sequence[Row]) -> str:
    rows = [row for row in holds if row["hold_target_s"]]
    if not rows:
        return parts.section("Holds", parts.paragraph("No holds were measured on these days.", "empty"))
    return parts.section("Holds", parts.figure(figures.holds(rows, names_of(ask.study))))


def pain(ask: Ask, trends: Sequence[Row] | None = None, *, table: bool = True) -> str:
    trends = ask.rows("pain_trend") if trends is None else trends
    if not trends:
        return parts.section("Pain", parts.paragraph("Pain was not scored on these days.", "empty"))
    figure = parts.figure(figures.pain(ask.detail("pain"), trends))
    return parts.section("Pain", figure, _trend_table(trends) if table else "")


def _trend_table(trends: Sequence[Row]) -> str:
    """What matters at a glance; the rest of the report is in `sciatrack report pain`."""
    columns = ("site", "scored days", "first week", "last", "change", "slope a week", "95 % interval",
               "2 points less", "30 % less", "centralised")  # fmt: skip
    rows = [
        [
            row["site"], str(row["n"]), number(row["baseline_nrs"]), str(row["last_nrs"]),
            number(row["change"], "+.1f"), *figures_cohort.slope_words(row), yes(row["mcid_abs"]),
            yes(row["mcid_pct"]), yes(row["centralised"]),
        ]
        for row in trends
    ]  # fmt: skip
    return parts.table(columns, rows, "Pain trends")


def _sessions(ask: Ask) -> str:
    rows = ask.rows("session_log")
    if not rows:
        return parts.section("Sessions", parts.paragraph("There are no sessions on these days.", "empty"))
    table = session_table(rows, names_of(ask.study))
    folded = parts.folded("All sessions, one line for each exercise and side", table)
    return parts.section("Sessions", parts.paragraph(session_words(rows)), folded)


def session_words(rows: Sequence[Row]) -> str:
    """How many sessions there are, and by which clock they are told."""
    n, zones = len({row["session_id"] for row in rows}), sorted({row["tz"] for row in rows})
    return f"{n} session{'s' if n != 1 else ''}; wall clock of {', '.join(zones)}."


def session_table(rows: Sequence[Row], names: dict[str, str], *, who: bool = False) -> str:
    """The session log in the columns that people read; with `who`, of several participants."""
    columns = ["start", "exercise", "side", "sensor", "repetitions", "median hold", "pain", "seen", "flags", "note"]
    cells = [
        [
            f"{row['start_local']:%Y-%m-%d %H:%M}", names.get(row["exercise"], row["exercise"] or "–"),
            row["side"] or "", row["placement"] or "",
            "–" if row["reps_detected"] is None else str(row["reps_detected"]),
            f"{row['hold_median_s']:.1f} s" if row["hold_median_s"] is not None else "",
            _before_after(row), row["observability"], row["flags"], row["note"],
        ]
        for row in rows
    ]  # fmt: skip
    if who:
        columns.insert(0, "participant")
        cells = [[row["participant"], *line] for row, line in zip(rows, cells, strict=True)]
    return parts.table(columns, cells, "Sessions")


def _before_after(row: Row) -> str:
    before, after = row["pain_before"], row["pain_after"]
    if before is None and after is None:
        return ""
    return " → ".join("–" if score is None else str(score) for score in (before, after))


def _by(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _until(row: Row) -> str:
    return str(row["valid_to"] - dt.timedelta(days=1)) if row["valid_to"] else ""


def _dose(row: Row) -> str:
    if not row["days_per_week"]:
        return "ended"
    days = "every day" if row["days_per_week"] == 7 else f"{row['days_per_week']} days a week"
    often = "" if row["sessions_per_day"] == 1 else f", {row['sessions_per_day']} times a day"
    sets = f"{row['reps']}" if row["sets"] == 1 else f"{row['sets']} × {row['reps']}"
    hold = f", hold {row['hold_s']:g} s" if row["hold_s"] else ""
    side = {"both": "", "each": " on each side"}.get(row["side"], f" {row['side']}")
    return f"{sets}{side}{hold}, {days}{often}"
