"""The live state drawn for a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciatrack.live.terminal import large, lines_of, panel
from sciatrack.live.texts import page_texts
from sciatrack_signal.exercises import catalogue
from test_live_engine import PLAN, STARTS_S, Session, bridges

TEXTS = page_texts(catalogue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "P01-20261125T180000Z-0"


def shown(session: Session, language: str = "en") -> list[tuple[str, str]]:
    return lines_of(session.engine.state(), TEXTS, language)


def digits(session: Session) -> list[str]:
    return [text for style, text in shown(session) if style == "digits"]


def test_digits_are_five_rows_and_no_two_are_alike() -> None:
    drawn = [large(number) for number in range(10)]
    assert all(len(one.splitlines()) == 5 for one in drawn)
    assert len(set(drawn)) == 10
    assert large(10).splitlines()[4] == "██████  ██████"


def test_count_hold_and_what_is_next_are_those_of_the_page(folder: Path) -> None:
    session = Session(folder, PLAN, bridges(STARTS_S, 80.0))
    session.until(1.0)
    assert ("plain", TEXTS["terminal.ask"]["en"]) in shown(session)
    session.answer()
    session.until(STARTS_S[1] + 4.0)  # the second hold goes on, since 1.5 s after its start
    assert ("head", "Glute bridge") in shown(session)
    count, left = digits(session)
    assert count == large(1)
    assert left in (large(2), large(3))
    assert ("plain", "of 4") in shown(session)
    assert ("head", "Brücke") in shown(session, "de")


def test_a_lost_sensor_is_loud_and_the_disclaimer_is_always_there(folder: Path) -> None:
    session = Session(folder, None, [])
    session.until(1.0)
    assert [style for style, _ in shown(session)].count("loud") == 0
    session.status("sensor lost")
    assert shown(session)[0] == ("loud", "Sensor lost: right thigh. It is being sought.")
    assert shown(session)[-1] == ("small", TEXTS["page.disclaimer"]["en"])
    assert digits(session) == [large(0)]


def test_pain_that_went_up_is_said_in_the_words_of_the_rule(folder: Path) -> None:
    session = Session(folder, None, [])
    session.until(1.0)
    session.act(act="key", key="pain_up")
    words = session.engine.state()["decisions"][0]["words"]["en"]
    assert words
    assert ("loud", words) in shown(session)
    assert words in str(panel(session.engine.state(), TEXTS, "en"))


def test_before_the_server_has_spoken_there_is_nothing() -> None:
    assert lines_of({}, TEXTS, "en") == []
