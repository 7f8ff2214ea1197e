"""What the sections of a page share: one question to every report, and words for numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sciatrack_analytics import reports, sql_files
from sciatrack_analytics.study import Study

Row = dict[str, Any]
STATUS_WORDS = {
    "active": "in the study", "completed": "completed", "dropped_out": "fell silent",
    "never_started": "never started", "no_data": "nothing known yet",
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """The same question for every report of one page."""

    study: Study
    participant: str | None
    from_date: dt.date | None
    to_date: dt.date | None
    suppress_below: int | None = None

    def answer(self, name: str) -> reports.Answer:
        return reports.run(
            self.study, name, participant=self.participant, from_date=self.from_date, to_date=self.to_date,
            suppress_below=self.suppress_below,
        )  # fmt: skip

    def rows(self, name: str) -> list[Row]:
        return list(self.answer(name).table.to_pylist())

    def detail(self, name: str) -> list[Row]:
        """A question that only pages ask (sql/page_*.sql)."""
        self.study.set_variables(self.participant, self.from_date, self.to_date)
        try:
            return list(self.study.arrow(sql_files.text(f"page_{name}")).to_pylist())
        finally:
            self.study.set_variables()


def names_of(study: Study) -> dict[str, str]:
    return {exercise.id: exercise.name for exercise in study.exercises.values()}


def percent(done: float, rx: float) -> str:
    return f"{100 * done / rx:.0f} %" if rx else "–"


def number(value: float | None, form: str = ".1f") -> str:
    return "–" if value is None else format(value, form)


def yes(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "–"}[value]
