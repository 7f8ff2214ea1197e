"""The live page in a browser: it shows what the engine says, forgets nothing, keeps nobody out, asks no other host.

Skipped without chromium (`apt-get install chromium`), playwright or axe-playwright-python.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import live
from sciatrack.live.playing import play_live
from sciatrack_ingest.playback import raw_logs
from test_live_engine import PLAN, STARTS_S, Session, bridges
from test_live_record import Recording

MISSING = live.browser_job()
pytestmark = pytest.mark.skipif(isinstance(MISSING, str), reason=str(MISSING))
SPEED = 2.0
UNTIL_S = 100.0  # the walk is over at 71 s; what is left is for looking at its last page


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> live.Watched:
    """Four bridges with a plan, watched from four screens; the first is reloaded, closed and opened again."""
    session = Session(tmp_path_factory.mktemp("live") / "P01-20261125T180000Z-0", PLAN, bridges(STARTS_S, UNTIL_S))
    session.write_log()
    session.until(2.0)
    session.answer()
    session.until(UNTIL_S)
    assert session.log is not None
    session.log.close()
    play = partial(play_live, session.folder, raw_logs(session.folder), SPEED)
    lines = asyncio.run(live.watch(play, look=True, reloads=[5.0, 10.0], at_most_s=UNTIL_S / SPEED + 60.0))
    return live.Watched(lines, {})


def test_it_counts_up_to_the_truth_through_a_reload_and_a_closed_page(watched: live.Watched) -> None:
    assert len(watched.of("reload")) == 2
    shown = [int(line["count"]) for line in watched.of("seen") if line["count"] is not None]
    assert [count for count, _ in itertools.groupby(shown)][-1] in (
        3,
        4,
    )  # the fourth may be shown by the table only
    assert shown == sorted(shown)
    assert [row[1] for row in watched.of("rows")[-1]["rows"]] == ["4"]
    assert watched.of("end")[-1]["over"]


def test_the_hold_is_that_of_the_body(watched: live.Watched) -> None:
    held = [line["held_s"] for line in watched.of("held")]
    assert 3.0 < max(held) < 7.5  # 5 s at the top, and the slow ends of both moves


def test_axe_finds_no_fault_on_any_screen(watched: live.Watched) -> None:
    assert {line["name"] for line in watched.of("checked")} >= {"active", "check_out"}
    assert {line["view"] for line in watched.of("checked")} == {view["name"] for view in live.VIEWS}
    assert watched.of("violation") == []


def test_no_other_host_is_asked_and_nothing_goes_wrong_in_the_page(watched: live.Watched) -> None:
    end = watched.of("end")[-1]
    assert len(end["hosts"]) == 1
    assert end["hosts"][0].startswith("127.0.0.1:")
    assert end["problems"] == []


def test_digits_are_half_of_the_smaller_side(watched: live.Watched) -> None:
    assert watched.of("digits")[-1]["share"] >= 0.5


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    started = Recording(tmp_path / "sessions", "--live")
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate()


def test_a_person_stops_by_keyboard_only_when_they_mean_it(recording: Recording) -> None:
    address = recording.address()
    playwright: Any = pytest.importorskip("playwright.sync_api")
    assert isinstance(MISSING, dict)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=MISSING["browser"], args=["--no-sandbox"])
        page = browser.new_page(locale="de-DE")
        page.goto(address)
        stop = page.locator("button[data-key=stop]")
        stop.wait_for()
        assert "Beenden" in stop.inner_text()
        page.keyboard.press("x")
        page.get_by_text("Wirklich beenden?").wait_for()
        assert recording.process.poll() is None
        page.keyboard.press("u")
        page.locator("body[data-phase=stopped]").wait_for()
        assert "Schmerzen" in page.locator("#say").inner_text()
        assert "Kein Medizinprodukt" in page.locator("#disclaimer").inner_text()
        assert page.locator("#disclaimer").is_visible()
        page.keyboard.press("x")
        page.keyboard.press("x")
        recording.process.communicate(timeout=60)
        browser.close()
    assert recording.process.returncode == 0
