"""What a study folder remembers of a person: across crashes, rebuilds and copies, and never from its index."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sciatrack.cli import cli
from sciatrack.closing import close_session
from sciatrack.walk import answers_event, begin_event, event_to_json, fold
from sciatrack_analytics import store
from sciatrack_analytics.adding import add_file
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.csv_file import TableFileError
from sciatrack_analytics.live_log import LiveLog
from sciatrack_analytics.safety import decide, may_start
from sciatrack_analytics.safety_history import History, Tolerance
from sciatrack_analytics.safety_reading import read_history
from sciatrack_analytics.study import Study

NOW = dt.datetime(2026, 3, 20, 12, 0, tzinfo=dt.UTC)
LATER = Answers("before", NOW + dt.timedelta(days=30), "UTC", 1, 0, "thigh", (), (), ())
CLEARED = "participant,cleared_utc,rule,clinician\nP01,2026-03-21T09:00:00Z,red_flag,Dr. A\n"


def said(signs: tuple[str, ...]) -> Answers:
    return Answers("before", NOW, "UTC", 3, 2, "thigh", signs, (), ())


def cut_off(sessions: Path, participant: str = "P01", signs: tuple[str, ...] = ("fever",)) -> Path:
    """A session of answers whose recorder died: there is only its log."""
    folder = sessions / f"{participant}-20260320T120000Z-0"
    session = {
        "session_id": folder.name, "participant": participant,
        "start_utc": "2026-03-20T12:00:00Z", "timezone": "UTC",
    }  # fmt: skip
    first = begin_event(0.0, session, {}, ())
    with LiveLog(folder) as log:
        log.append(event_to_json(first))
        log.append(event_to_json(answers_event(5.0, said(signs), History(), fold([first]))[0]))
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    store.create_study(folder, timezone="UTC")
    return folder


def rules(folder: Path, participant: str = "P01") -> list[str]:
    return [decision.rule for decision in decide(LATER, read_history(folder, participant))]


def clear(study: Path, text: str = CLEARED) -> None:
    lines = study.parent / "lines.csv"
    lines.write_text(text, encoding="utf-8")
    with Study(study, write=True) as opened:
        add_file(opened, lines)


def test_a_red_flag_outlives_the_crash_that_followed_it(study: Path) -> None:
    cut_off(study / "sessions")
    assert rules(study) == ["red_flag_open"]
    assert rules(study / "sessions") == ["red_flag_open"]
    assert rules(study, "P02") == []


def test_a_red_flag_outlives_closing_rebuild_the_loss_of_the_index_and_a_copy(study: Path, tmp_path: Path) -> None:
    close_session(cut_off(study / "sessions"))
    assert rules(study) == ["red_flag_open"]
    store.rebuild(study)
    assert rules(study) == ["red_flag_open"]
    copy = tmp_path / "another machine" / "clinic"
    shutil.copytree(study, copy)
    (copy / "study.duckdb").unlink()
    assert rules(copy) == ["red_flag_open"]
    store.rebuild(copy)
    with Study(copy) as opened:
        kept = opened.rows("select rule, rule_set from decision where rule = 'red_flag'")
    assert len(kept) == 1
    assert kept[0][0] == "red_flag"
    assert kept[0][1]


def test_only_a_clinician_s_line_clears_it_and_that_line_travels_too(study: Path, tmp_path: Path) -> None:
    close_session(cut_off(study / "sessions"))
    clear(study, CLEARED.replace("P01", "P02"))
    assert rules(study) == ["red_flag_open"]
    clear(study)
    assert rules(study) == []
    shutil.copytree(study, tmp_path / "copy")
    assert may_start(decide(LATER, read_history(tmp_path / "copy", "P01")))


def test_a_sessions_folder_without_a_study_remembers_as_well(tmp_path: Path) -> None:
    cut_off(tmp_path)
    assert rules(tmp_path) == ["red_flag_open"]


def test_what_a_clinician_knows_and_allows_is_read_and_taken_back(study: Path) -> None:
    known = "participant,sign,state,recorded_utc,author\nP01,fever,known,2026-03-01T09:00:00Z,Dr. A\n"
    allowed = "participant,nrs,recorded_utc,author,reason\nP01,1,2026-03-01T09:00:00Z,PT1,stretch pain\n"
    (study / "known_signs.csv").write_text(known, encoding="utf-8")
    (study / "tolerances.csv").write_text(allowed, encoding="utf-8")
    history = read_history(study, "P01")
    assert history.known_signs == {"fever": "Dr. A"}
    assert history.tolerance == Tolerance(1, "PT1", "stretch pain")
    (study / "known_signs.csv").write_text(
        known + "P01,fever,withdrawn,2026-03-02T09:00:00Z,Dr. A\n", encoding="utf-8"
    )
    (study / "tolerances.csv").write_text(allowed + "P01,0,2026-03-02T09:00:00Z,PT1,over\n", encoding="utf-8")
    assert read_history(study, "P01").known_signs == {}
    assert read_history(study, "P01").tolerance is None


def test_a_damaged_session_of_one_s_own_is_told(study: Path) -> None:
    folder = cut_off(study / "sessions")
    close_session(folder)
    (folder / "manifest.json").write_text('{"participant": "P01"', encoding="utf-8")
    assert rules(study) == ["past_unknown"]
    assert rules(study, "P02") == []


def test_a_list_that_cannot_be_read_is_an_error_and_no_clearance(study: Path) -> None:
    cut_off(study / "sessions")
    (study / "clearances.csv").write_text(CLEARED.replace("red_flag", "everything"), encoding="utf-8")
    with pytest.raises(TableFileError, match="rule"):
        read_history(study, "P01")


def record(sessions: Path) -> Result:
    """As typed, with a sensor that is not there: what is asked is only whether it comes to looking for it."""
    worn = ("--sensor", "IMU 9", "--placement", "hip", "--no-fit-check", "--timezone", "UTC")
    return CliRunner().invoke(cli, ["record", *worn, "--participant", "P01", "--output", str(sessions)])


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Participants with whom a recording began."""
    found: list[str] = []

    def begin(request: Any) -> Any:
        found.append(request.sitting.participant)
        raise click.ClickException("no such sensor")

    monkeypatch.setattr("sciatrack.recorder.record", begin)
    return found


def test_nothing_is_recorded_while_a_red_flag_is_not_cleared(study: Path, looked_for: list[str]) -> None:
    close_session(cut_off(study / "sessions"))
    refused = record(study / "sessions")
    assert (refused.exit_code, looked_for) == (1, [])
    assert "Please seek immediate medical attention" in refused.stderr
    assert "clearances.csv" in refused.stderr
    clear(study)
    assert "medical" not in record(study / "sessions").stderr
    assert looked_for == ["P01"]


def test_what_else_is_open_is_said_and_recording_begins(tmp_path: Path, looked_for: list[str]) -> None:
    folder = close_worse(tmp_path)
    assert "talk to your physical therapist" in record(tmp_path).stderr
    assert looked_for == ["P01"]
    (folder / "manifest.json").write_text('{"participant": "P01"', encoding="utf-8")
    assert "cannot be read" in record(tmp_path).stderr


def close_worse(sessions: Path) -> Path:
    """A session in which pain rose by three points."""
    folder = cut_off(sessions, signs=())
    walk = replace(fold([]), before=said(()).to_dict())
    worse = Answers("after", NOW + dt.timedelta(minutes=20), "UTC", 6, 2)
    with LiveLog(folder) as log:
        log.append(event_to_json(answers_event(1200.0, worse, History(), walk)[0]))
    close_session(folder)
    return folder
