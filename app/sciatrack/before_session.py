"""What earlier sessions left open, before one that asks no questions of its own begins."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from sciatrack_analytics.answers import Answers
from sciatrack_analytics.safety import decide
from sciatrack_analytics.safety_reading import read_history
from sciatrack_analytics.safety_rules import REPEATS
from sciatrack_analytics.safety_texts import message

TOLD = (*REPEATS, "past_unknown")


def check_past(sessions: Path, participant: str, timezone: str, language: str = "en") -> None:
    """Say what is open; raise ClickException where a red flag was reported and no clinician has cleared it.

    Raises TableFileError or SettingsError where a list of the study cannot be read: whom a clinician has cleared
    is then unknown.
    """
    now = Answers("before", dt.datetime.now(dt.UTC), timezone)
    for decision in decide(now, read_history(sessions, participant)):
        if decision.rule not in TOLD:
            continue
        words = message(decision.to_dict(), language)
        if decision.action == "seek_immediate_care":
            raise click.ClickException(
                f"{words} Nothing is recorded. When a clinician has seen {participant}, add a line to the study's "
                "clearances.csv (docs/safety.md)."
            )
        click.echo(words, err=True)
