"""What the pages tell of the safety rules: never less than was decided, never milder, and nothing invented."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from page_cases import MONDAY, cleared, nothing_observable, red_flag, said
from sciatrack_analytics import html_safety, sql_files
from sciatrack_analytics.checkins import RED_FLAGS
from sciatrack_analytics.html import page
from sciatrack_analytics.safety_rules import rule_set
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from study_cases import asked, done

NO_SIGNS: dict[str, Any] = {"red_flags": (), "other_symptoms": ()}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty study to copy, which is ten times faster than to make one."""
    folder = tmp_path_factory.mktemp("empty") / "study"
    create_study(folder, timezone="UTC")
    return folder


@pytest.fixture
def study(tmp_path: Path, empty: Path) -> Iterator[Study]:
    with Study(shutil.copytree(empty, tmp_path / "study"), write=True) as opened:
        yield opened


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.replace("&#x27;", "'")))


def stops(html: str) -> list[str]:
    """What stands in the frames at the top of a page, above everything that was done."""
    assert html.rfind('class="stop"') < html.index('class="tiles"') if 'class="stop"' in html else True
    return [words_of(text) for text in re.findall(r'<p class="stop"[^>]*>(.*?)</p>', html)]


def test_every_action_and_every_rule_has_words() -> None:
    rules = rule_set().rules
    assert set(html_safety.ACTIONS) == {rule.action.name for rule in rules.values()}
    assert set(html_safety.RULES) == set(rules)
    for rule in rules.values():
        text = html_safety.ACTIONS[rule.action.name].lower()
        assert ("stop" in text or "not start" in text or "pause" in text or "immediate" in text) == (
            rule.action.stops or not rule.action.starts
        )


def test_a_rule_of_another_version_asks_to_stop() -> None:
    text = html_safety.words({"rule": "new_rule", "action": "new_action"})
    assert "stop" in text
    assert "new_rule" in text


def test_a_red_flag_stands_at_the_top_until_a_clinician_has_cleared_it(study: Study) -> None:
    red_flag(study)
    first, second = stops(page(study, participant="P01"))
    assert first.startswith("Seek immediate medical care")
    assert "difficulty walking" in first
    assert "fever" in first
    assert "loss of bowel or bladder control (2026-03-08)" in first  # from the diary, put to no rule
    assert "before the next session" in second
    cleared(study, day=5)  # after the signs of day 4, before that of day 6
    (first, _) = stops(page(study, participant="P01"))
    assert "fever" not in first
    assert "loss of bowel or bladder control" in first
    cleared(study, day=8)
    (only,) = stops(page(study, participant="P01"))
    assert only.startswith("Talk to a clinician")
    # and it stays in what the rules said
    assert "Seek immediate medical care" in page(study, participant="P01")


def test_a_clearance_of_the_future_clears_nothing(study: Study) -> None:
    red_flag(study)
    cleared(study, day=40000)
    assert stops(page(study, participant="P01"))[0].startswith("Seek immediate medical care")
    assert stops(page(study))[0].startswith("Seek immediate medical care")


def test_a_clearance_of_another_rule_clears_no_sign(study: Study) -> None:
    red_flag(study)
    cleared(study, day=8, rule="nerve_symptom")
    first, second = stops(page(study, participant="P01"))
    assert "fever" in first
    assert "nerve compression" not in second
    assert "fever" in stops(page(study))[0]


def test_a_cut_off_knows_neither_later_signs_nor_later_clearances(study: Study) -> None:
    red_flag(study)
    for rule in ("red_flag", "session_pain_2"):
        cleared(study, day=7, rule=rule)
    before = page(study, participant="P01", to_date=MONDAY + dt.timedelta(days=3))
    assert not any("immediate" in line for line in stops(before))
    between = page(study, participant="P01", to_date=MONDAY + dt.timedelta(days=6))
    assert "fever" in stops(between)[0]
    assert "pain that rose" in stops(between)[1]
    late = page(study, participant="P01", to_date=MONDAY + dt.timedelta(days=9))
    assert not any("immediate" in line or "pain that rose" in line for line in stops(late))


def test_first_day_of_a_page_hides_no_open_sign(study: Study) -> None:
    red_flag(study)
    asked(study, exercise="clamshell")
    done(study, "2026-04-01T18:00")
    html = page(study, participant="P01", from_date=dt.date(2026, 4, 1))
    assert "fever" in stops(html)[0]


@pytest.mark.parametrize("name", ["adherence", "pain", "sessions", "adherence_daily"])
@pytest.mark.parametrize("who", ["P01", None])
def test_every_page_about_people_tells_of_an_open_sign(study: Study, name: str, who: str | None) -> None:
    red_flag(study)
    (first, *_) = re.findall(r'<p class="stop"[^>]*>(.*?)</p>', page(study, name, participant=who))
    assert first.startswith("Seek immediate medical care")
    assert ("P01: " in first) == (who is None)


def test_each_decision_is_told_with_its_answers(study: Study) -> None:
    red_flag(study)
    text = words_of(page(study, participant="P01"))
    for told in (
        "leg pain 3 → 6", "tingling", "difficulty walking, fever", "not answered: back pain",
        "Stop; talk to a physical therapist before the next session",
        "Stop; contact a healthcare provider before the next session",
    ):  # fmt: skip
        assert told in text
    rows = study.rows("select count(*) from decision where action is not null")
    html = page(study, participant="P01").partition("<h2>Every decision of the safety rules</h2>")[2]
    table = html.partition("</section>")[0]
    assert table.count("<tr>") == 1 + rows[0][0] + 1  # the head, the decisions, the sign in the diary


def test_that_nothing_was_decided_is_not_told_as_being_well(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00")
    text = words_of(page(study, participant="P01"))
    assert "No decision of a safety rule is recorded" in text
    assert "nobody was asked about the eight signs" in text
    said(study, NO_SIGNS | {"leg_nrs": 3, "back_nrs": 2}, day=1)
    said(study, {"leg_nrs": 3, "back_nrs": 2, "other_symptoms": ()}, day=2)
    text = words_of(page(study, participant="P01"))
    assert "The eight signs were answered in 1 of 2 check-ins" in text
    assert "Do not start before everything is answered" in text


@pytest.mark.parametrize("who", ["P01", None])
def test_a_cut_off_session_outlives_the_index(study: Study, who: str | None) -> None:
    """A red flag in a session that has only its live log is in no index, and on the page all the same."""
    asked(study)
    done(study, "2026-03-02T18:00")
    folder = study.sessions / "P01-20260303T180000Z"
    folder.mkdir()
    at = "2026-03-03T18:00:00Z"
    lines = [
        '{"kind": "begin", "session": {"participant": "P01", "timezone": "UTC"}}',
        f'{{"kind": "answers", "answers": {{"phase": "before", "at_utc": "{at}", "red_flags": "fever"}}, '
        f'"decisions": [{{"rule": "red_flag", "action": "seek_immediate_care", "at_utc": "{at}"}}]}}',
    ]
    (folder / "live.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (first, *_) = stops(page(study, participant=who))
    assert first.startswith("Seek immediate medical care" if who else "P01: Seek immediate medical care")
    assert "2026-03-03" in first


def test_a_torn_index_hides_no_red_flag_of_the_study(study: Study) -> None:
    """What stands in a folder and not in the index is told, and once where the index tells of it too."""
    red_flag(study)
    before = stops(page(study))
    assert before
    study.rows("delete from session where local_date = '2026-03-06'")
    study.rows("delete from decision")
    study.rows("delete from checkin")
    (only,) = stops(page(study))
    assert only.startswith("P01: Seek immediate medical care")
    assert "not in the index" in only


def test_what_a_folder_holds_that_nobody_can_read_is_told_as_unknown(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00")
    assert stops(page(study)) == []
    folder = study.sessions / "P02-20260303T180000Z-ab12cd34"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"participant": "P02", torn', encoding="utf-8")
    (only,) = stops(page(study))
    assert only.startswith("What was said cannot be read, and is unknown")
    assert folder.name in only


@pytest.mark.parametrize("sign", RED_FLAGS)
def test_each_of_the_eight_signs_is_open_in_the_index(study: Study, sign: str) -> None:
    said(study, {"leg_nrs": 3, "back_nrs": 2, "red_flags": (sign,), "other_symptoms": ()})
    (row, *_) = study.arrow(sql_files.text("page_safety")).to_pylist()
    assert (row["rule"], row["red_flag_open"]) == ("red_flag", True)
    assert sign.replace("_", " ") in html_safety.because(row)


def test_what_could_not_be_seen_is_never_told_as_not_done(study: Study) -> None:
    nothing_observable(study)
    html = page(study, participant="P01")
    (tiles,) = re.findall(r'<ul class="tiles">.*?</ul>', html, flags=re.DOTALL)
    shown = re.findall(r'class="much">([^<]*)', tiles)
    assert shown == ["not observable"] * 3 + ["–"]
    assert "0 %" not in words_of(html)
    assert "not done" not in words_of(html).replace("no_information counts as not done", "")


def test_groups_fit_to_hand_on_tell_of_nobody(study: Study) -> None:
    red_flag(study)
    html = page(study, suppress_below=5)
    assert "P01" not in html
    assert "fever" not in html
