"""The sections of a study's page: everybody at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sciatrack_analytics import figures_cohort, figures_groups, html_safety
from sciatrack_analytics import html_parts as parts
from sciatrack_analytics.figures import of
from sciatrack_analytics.html_ask import STATUS_WORDS, Ask, Row, percent
from sciatrack_analytics.html_parts import Tile
from sciatrack_analytics.study import Study
from sciatrack_analytics.svg import Picture

MOST_ROWS = 60  # participants drawn one by one: as many rows as a printed page holds; more are drawn by arm


def sections(ask: Ask) -> list[str]:
    """The sections of a study's page."""
    people = ask.rows("adherence_patient")
    if not people:
        return [parts.section("Participants", parts.paragraph("The study knows nobody yet.", "empty"))]
    tiles = parts.tiles(_study_tiles(ask.study, people))
    safety = html_safety.section(ask, ask.detail("safety"))
    if len(people) > MOST_ROWS:
        return [tiles, safety, *of_groups(ask), _people_table(people)]
    staying = _group("Staying", ask.rows("retention_km"), "survival", figures_groups.retention)
    return [tiles, safety, _each_week(ask), staying, _people_table(people), pain(ask)]


def _each_week(ask: Ask) -> str:
    weekly = ask.detail("cohort_week")
    seen = [row for row in weekly if row["freq_adherence"] is not None]
    return parts.section(
        "Adherence",
        parts.figure(figures_cohort.everybody(weekly)) if weekly else "",
        parts.figure(figures_cohort.together(weekly)) if seen else "",
        "" if seen else parts.paragraph("Nothing was due on these days.", "empty"),
    )


def of_groups(ask: Ask) -> list[str]:
    """What tells of groups alone: fit to be handed on once small numbers are kept out of it."""
    weeks, staying, scored = (ask.rows(name) for name in ("cohort_week", "retention_km", "pain_cohort"))
    return [
        _group("Adherence", weeks, "mean_adherence", figures_groups.adherence),
        _group("Staying", staying, "survival", figures_groups.retention),
        _group("Pain", scored, "mean", figures_groups.pain),
    ]


def _group(title: str, rows: Sequence[Row], value: str, draw: Callable[[Sequence[Row]], Picture]) -> str:
    if not any(row[value] is not None for row in rows):
        return parts.section(title, parts.paragraph("There is nothing to show of groups of this size.", "empty"))
    return parts.section(title, parts.figure(draw(rows)))


def _study_tiles(study: Study, people: Sequence[Row]) -> list[Tile]:
    ((n_sessions, n_reps),) = study.rows("select count(*), (select count(*) from rep where counted) from session")
    shares = sorted(row["freq_adherence"] for row in people if row["freq_adherence"] is not None)
    middle = f"{100 * _median(shares):.0f} %" if shares else "–"
    left = sum(row["status"] in ("dropped_out", "never_started") for row in people)

    def total(key: str) -> str:
        return f"{sum(row[key] for row in people):,}".replace(",", " ")

    return [
        Tile("Participants", str(len(people)), f"{left} fell silent or never started"),
        Tile("Days done", middle, f"median of {len(shares)}; all: {total('days_done')} of {total('days_rx')} due"),
        Tile("Repetitions", percent(*(sum(row[key] for row in people) for key in ("reps_counted", "reps_rx"))),
             f"{total('reps_counted')} of {total('reps_rx')} asked for on due days"),
        Tile("Sessions", f"{n_sessions:,}".replace(",", " "), f"{n_reps:,} repetitions".replace(",", " ")),
        Tile("Not observable", total("not_observable_days"), "exercise days left out of every ratio"),
        Tile("Excused, broken", f"{total('excused_days')}, {total('device_fault_days')}", "exercise days left out"),
    ]  # fmt: skip


def _people_table(people: Sequence[Row]) -> str:
    columns = ("participant", "arm", "days done of due", "95 % interval", "repetitions", "weeks at target",
               "not seen", "state")  # fmt: skip
    rows = [
        [
            row["participant"], row["arm"], of(row["days_done"], row["days_rx"]),
            "–" if row["ci_low"] is None else f"{row['ci_low']:.0%} to {row['ci_high']:.0%}".replace("%", " %"),
            of(row["reps_counted"], row["reps_rx"]), f"{row['weeks_at_target']} of {row['weeks_observed']}",
            str(row["not_observable_days"]), STATUS_WORDS[row["status"]],
        ]
        for row in people
    ]  # fmt: skip
    return parts.section("Participants", parts.table(columns, rows, "Participants"))


def pain(ask: Ask) -> str:
    trends = ask.rows("pain_trend")
    if not any(row["baseline_nrs"] is not None for row in trends):
        return parts.section("Pain", parts.paragraph("Nobody has scored pain often enough yet.", "empty"))
    return parts.section("Pain", parts.figure(figures_cohort.pain_change(trends)))


def _median(values: Sequence[float]) -> float:
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
