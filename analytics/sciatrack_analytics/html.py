"""A report as one self-contained page: no script, nothing loaded from elsewhere, good on screen and on A4.

`page` is the only entry. A participant's page answers in a minute what was prescribed, what was done, how the
holds compare and how pain went; a study's page shows everybody at once.
"""

from __future__ import annotations

import datetime as dt
import os
from html import escape
from pathlib import Path
from typing import Any

from sciatrack_analytics import html_parts as parts
from sciatrack_analytics import html_person, html_safety, html_study, reports
from sciatrack_analytics.html_ask import STATUS_WORDS, Ask, names_of
from sciatrack_analytics.study import Study

SIMULATED = (
    "Simulated data. Nobody on this page exists; what it shows says nothing about people with sciatica or about "
    "any treatment."
)
SUPERVISION = (
    "Not a medical device and no diagnosis. Do the exercises under the supervision of a physical therapist, and "
    "stop when your pain increases. Counts and hold times are estimates made from a motion sensor."
)


def page(
    study: Study,
    name: str = "adherence",
    *,
    participant: str | None = None,
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    suppress_below: int | None = None,
) -> str:
    """The page for a report: `adherence` is the whole page, any other name that report alone.

    With `suppress_below`, the whole page of a study holds what tells of groups alone, without their small numbers.
    Raises ReportError for a name, a participant or dates that do not fit the study.
    """
    reports.find(name)
    groups = suppress_below is not None and name == "adherence" and participant is None
    ask = Ask(study, participant, from_date, to_date, suppress_below)
    header = ask.answer("cohort_week" if groups else name).header
    if groups:
        body = html_study.of_groups(ask)
    elif name == "adherence":
        body = html_person.sections(ask) if participant else html_study.sections(ask)
    elif reports.find(name).name == "pain_trend":
        body = [html_person.pain(ask) if participant else html_study.pain(ask)]
    elif reports.find(name).name == "session_log":
        body = [_sessions(ask)]
    else:
        body = [_plain(ask, name)]
    title = f"Participant {participant}" if participant else study.settings.name
    top = _top(header, title, _lead_person(ask, header) if participant else _lead_study(header))
    stop = "" if suppress_below else html_safety.banner(ask, ask.detail("safety"))
    notice = parts.paragraph(SUPERVISION, "notice")
    return parts.document(f"{title} · {header.report}", [*top, stop, notice, *body, _notes(header)])


def write_page(study_dir: Path, output: Path, *, participant: str | None = None) -> Path:
    """Write the whole page of a study, or of one participant, to a file that only its owner can read."""
    with Study(study_dir) as study:
        text = page(study, participant=participant)
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return output


def _lead_person(ask: Ask, header: reports.Header) -> str:
    (summary,) = ask.rows("adherence_patient")
    days = f"{summary['start']} to {summary['end']}" if summary["end"] else "no day observed yet"
    last = f"last session {summary['last_session']}" if summary["last_session"] else "no session yet"
    arm = f", arm {summary['arm']}" if summary["arm"] else ""
    return f"{header.study}{arm}. {days}; {STATUS_WORDS[summary['status']]}, {last}."


def _lead_study(header: reports.Header) -> str:
    if not header.cut_off_date[0].isdigit():
        return "Exercises, holds and pain; nothing is known of any day yet."
    since = f"from {header.first_date} " if header.first_date[0].isdigit() else ""
    return f"Exercises, holds and pain {since}until {header.cut_off_date}."


def _top(header: reports.Header, title: str, lead: str) -> list[str]:
    simulated = "simulated" in header.origin
    return [
        f'<p class="origin" role="note">{SIMULATED}</p>' if simulated else "",
        "<header>",
        f"<h1>{escape(title)}</h1>",
        parts.paragraph(lead, "lead"),
        "</header>",
    ]


def _sessions(ask: Ask) -> str:
    rows = ask.rows("session_log")
    if not rows:
        return parts.section("Sessions", parts.paragraph("There are no sessions on these days.", "empty"))
    table = html_person.session_table(rows, names_of(ask.study), who=ask.participant is None)
    return parts.section("Sessions", parts.paragraph(html_person.session_words(rows)), table)


def _plain(ask: Ask, name: str) -> str:
    """Any report as its table, for those without a picture of their own."""
    answer = ask.answer(name)
    rows = [["" if v is None else _cell(v) for v in row.values()] for row in reports.plain_rows(answer.table)]
    if not rows:
        return parts.section(answer.header.report, parts.paragraph("Nothing to report.", "empty"))
    columns = [column.replace("_", " ") for column in answer.table.column_names]
    return parts.section(answer.header.report, parts.table(columns, rows, answer.header.report))


def _notes(header: reports.Header) -> str:
    return parts.section("What this rests on", '<div class="keep">', parts.definitions(header.lines()), "</div>")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
