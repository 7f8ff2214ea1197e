"""The pages: self-contained, well-formed, safe against what people write into notes, and true to the numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sciatrack_analytics import adding, cohort, figures, reports
from sciatrack_analytics.csv_tables import PARTICIPANTS
from sciatrack_analytics.html import SIMULATED, SUPERVISION, page, write_page
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from study_cases import asked

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
PEOPLE = ("S07", "S16", "S23")  # not observable, one leg seen, never started
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
ADDRESSES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """Three people of the sample cohort: enough for every section, and quick."""
    folder = tmp_path_factory.mktemp("page") / "study"
    cohort.build_cohort_study(SAMPLE, folder, participants=PEOPLE)
    with Study(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(study: Study) -> dict[str, str]:
    return {who: page(study, participant=who) for who in PEOPLE} | {"all": page(study)}


def test_nothing_is_loaded_and_nothing_runs(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert "<script" not in text.lower()
        assert not re.search(r"\son\w+\s*=", text)
        assert "@import" not in text
        assert set(re.findall(r"https?://[^\"'\s<)]+", text)) <= set(ADDRESSES)
        assert set(re.findall(r"url\(([^)]*)", text)) <= set(re.findall(r"url\((#[^)]*)", text))
        assert "Content-Security-Policy" in text


def test_the_page_is_well_formed(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert text.startswith("<!DOCTYPE html>")
        ElementTree.fromstring(text.split("\n", 1)[1])


def test_ids_are_unique_and_every_reference_finds_one(pages: dict[str, str]) -> None:
    for text in pages.values():
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        asked = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
        asked |= {part for found in re.findall(r'aria-labelledby="([^"]+)"', text) for part in found.split()}
        assert asked
        assert asked <= set(ids)


def test_every_figure_is_told_in_words_and_numbers(pages: dict[str, str]) -> None:
    for text in pages.values():
        figures = re.findall(r"<figure>.*?</figure>", text, flags=re.DOTALL)
        assert figures
        for figure in figures:
            assert re.search(r"<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>", figure)
            assert "<figcaption>" in figure
            assert figure.count("<tr>") > 1


def test_every_page_says_what_it_is_not_and_where_the_data_come_from(pages: dict[str, str]) -> None:
    for text in pages.values():
        assert SUPERVISION.split(".")[0] in text
        assert text.index(SIMULATED[:20]) < text.index("<h1>")
        assert "2026-05" in text
        assert "sciatrack " in text


def test_the_numbers_of_the_page_are_those_of_the_report(study: Study, pages: dict[str, str]) -> None:
    for who in PEOPLE:
        (row,) = reports.run(study, "adherence_patient", participant=who).table.to_pylist()
        assert f"{row['days_done']} of {row['days_rx']} due" in pages[who]
        assert f"{row['reps_counted']} of {row['reps_rx']} asked" in pages[who]
        weekly = reports.run(study, "adherence_weekly", participant=who).table.to_pylist()
        for one in weekly:
            assert f">{one['days_done']}/{one['days_rx']}<" in pages[who] or not one["days_rx"]


def test_a_written_page_is_for_its_owner(study: Study, pages: dict[str, str], tmp_path: Path) -> None:
    path = write_page(study.path, tmp_path / "page.html", participant="S23")
    assert path.read_text(encoding="utf-8") == pages["S23"]
    assert path.stat().st_mode & 0o077 == 0


def test_not_observable_stands_apart(pages: dict[str, str]) -> None:
    assert "not observable" in pages["S07"]
    assert "Not seen by the sensor, and in none of these numbers" in pages["S16"]


def test_somebody_without_sessions_has_a_page(pages: dict[str, str]) -> None:
    assert "never started" in pages["S23"]
    assert "No holds were measured" in pages["S23"]


def test_pain_that_was_never_scored(tmp_path: Path) -> None:
    create_study(tmp_path / "s")
    with Study(tmp_path / "s", write=True) as opened:
        adding.add_rows(opened, PARTICIPANTS, [{"participant": "P1", "start_date": dt.date(2026, 3, 2)}])
        for name in ("adherence", "pain", "sessions"):
            for who in (None, "P1"):
                ElementTree.fromstring(page(opened, name, participant=who).split("\n", 1)[1])


def test_an_empty_study_has_a_page(tmp_path: Path) -> None:
    create_study(tmp_path / "s", name="Nobody")
    with Study(tmp_path / "s") as opened:
        text = page(opened)
    assert "knows nobody yet" in text
    assert "Simulated data" not in text


class Collector(HTMLParser):
    """The tags and the text of a page, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_what_people_write_stays_text(tmp_path: Path) -> None:
    create_study(tmp_path / "s", name=ATTACK)
    with Study(tmp_path / "s", write=True) as opened:
        adding.prescribe(
            opened,
            {
                "participant": "P1", "exercise": "glute_bridge", "valid_from": dt.date(2026, 3, 2),
                "author": ATTACK, "reason": ATTACK,
            },
        )  # fmt: skip
        adding.add_rows(opened, PARTICIPANTS, [{"participant": "P1", "arm": ATTACK, "note": ATTACK}])
        until = {"to_date": dt.date(2026, 3, 8)}
        names = ("adherence", "adherence_patient", "prescriptions")
        texts = [page(opened, name, **until) for name in names] + [page(opened, participant="P1", **until)]
    for text in texts:
        seen = Collector()
        seen.feed(text)
        assert not {"script", "img"} & seen.tags
        assert not {name for name in seen.attributes if name.startswith("on")}
        assert ATTACK in seen.words


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("adherance", {}, "Did you mean 'adherence'"),
        ("adherence", {"participant": "S6"}, "Close to it: S16"),
        ("pain", {"from_date": dt.date(2026, 4, 2), "to_date": dt.date(2026, 4, 1)}, "before they begin"),
    ],
)
def test_what_cannot_be_answered_is_said(study: Study, name: str, more: dict[str, object], said: str) -> None:
    with pytest.raises(reports.ReportError, match=said):
        page(study, name, **more)
    # and the study can be asked again
    assert reports.run(study, "adherence").table.num_rows


def test_many_people_are_drawn_by_arm(tmp_path: Path) -> None:
    """61 participants: one line an arm instead of one a person, and everybody in the table."""
    create_study(tmp_path / "s")
    people = [{"participant": f"P{n:02}", "arm": "AB"[n % 2], "start_date": dt.date(2026, 3, 2)} for n in range(61)]
    with Study(tmp_path / "s", write=True) as opened:
        adding.add_rows(opened, PARTICIPANTS, people[:60])
        few = page(opened, to_date=dt.date(2026, 3, 8))
        adding.add_rows(opened, PARTICIPANTS, people[60:])
        asked(opened, participant="P60")
        many = page(opened, to_date=dt.date(2026, 3, 8))
    assert "Due days done, mean by week of the study" in many
    assert "Everybody" not in many
    assert "Due days done, mean by week of the study" not in few
    assert ">P60</td>" in many


def test_a_smooth_course_of_pain_is_near_a_straight_one_and_absent_for_few_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("statsmodels", reason="the extra `stats` is not installed")
    day = list(range(0, 30, 3))
    course = figures.smoothed(day, [9 - at // 3 for at in day])  # a straight line stays one
    assert course == pytest.approx([9 - at / 3 for at in day])
    bent = figures.smoothed(list(range(20)), [8] * 10 + [2] * 10)
    assert bent is not None
    assert bent[0] > 7
    assert bent[-1] < 3
    assert figures.smoothed(day[:9], [5] * 9) is None
    monkeypatch.setattr(figures.importlib.util, "find_spec", lambda name: None)
    assert figures.smoothed(day, [5] * 10) is None
