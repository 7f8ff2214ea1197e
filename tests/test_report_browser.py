"""The pages in a browser: axe-core finds no fault on screen, light or dark, and on A4 they print as meant.

Skipped without chromium (`apt-get install chromium poppler-utils`), playwright or, in part, axe-core.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from page_cases import CASES, half_a_year_of_nine, made
from sciatrack_analytics import cohort
from sciatrack_analytics.html import write_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
# axe-core needs half a minute for 26 weeks of nine exercises: PAGES=all looks at every page
ALL_PAGES = os.environ.get("PAGES") == "all"
LOOKED_AT = ("nothing", "long_names", "nothing_observable, everybody", "red_flag", "red_flag, everybody", "S16")
A4_POINTS = (595, 842)
DETAILS = "Every version of the prescription"  # the first heading after the page that is read in a minute


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each hard case, of its whole study, and of the sample cohort."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for case in CASES:
        study, who = made(folder / case.__name__, case)
        found[case.__name__] = write_page(study, folder / f"{case.__name__}.html", participant=who)
        found[f"{case.__name__}, everybody"] = write_page(study, folder / f"{case.__name__}-all.html")
    cohort.build_cohort_study(SAMPLE, folder / "cohort", participants=("S01", "S07", "S16", "S23"))
    for who in ("S01", "S16"):
        found[who] = write_page(folder / "cohort", folder / f"{who}.html", participant=who)
    found["cohort"] = write_page(folder / "cohort", folder / "cohort.html")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize(("scheme", "names"), [("light", LOOKED_AT), ("dark", ("red_flag", "cohort"))])
def test_axe_finds_no_fault(files: dict[str, Path], browser: Any, scheme: str, names: tuple[str, ...]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()
    faults = {}
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # the page itself lets no script in
    tab = context.new_page()
    for name in names if not ALL_PAGES else files:
        tab.goto(files[name].as_uri())
        for fold in tab.locator("details").all():
            fold.evaluate("fold => fold.open = true")
        found = axe.run(tab).response
        assert found["passes"]  # it did look
        for fault in found["violations"]:
            faults[name, fault["id"]] = [node["html"][:200] for node in fault["nodes"][:3]]
    context.close()
    assert faults == {}


def test_axe_would_find_a_fault(browser: Any, files: dict[str, Path]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()
    tab = browser.new_page(bypass_csp=True)
    tab.set_content("<html><body><img src='a.png'><p style='color:#ddd;background:#fff'>pale</p></body></html>")
    assert {"image-alt", "color-contrast"} <= {fault["id"] for fault in axe.run(tab).response["violations"]}
    tab.close()


def test_nothing_is_asked_of_any_network(files: dict[str, Path], browser: Any) -> None:
    tab = browser.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    for path in files.values():
        tab.goto(path.as_uri())
    tab.close()
    assert sorted(asked) == sorted(path.as_uri() for path in files.values())


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_never_scrolls_sideways(files: dict[str, Path], browser: Any, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    for name, path in files.items():
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
    tab.close()


@pytest.fixture(scope="module")
def printed(files: dict[str, Path], browser: Any) -> dict[str, list[str]]:
    """The text of every printed page."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    tab = browser.new_page()
    found = {}
    for name, path in files.items():
        tab.goto(path.as_uri())
        pdf = path.with_suffix(".pdf")
        tab.pdf(path=pdf, prefer_css_page_size=True)
        found[name] = text_of(pdf)
    tab.close()
    return found


def text_of(pdf: Path) -> list[str]:
    told = output("pdfinfo", pdf)
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", told)
    assert size is not None
    assert (round(float(size[1])), round(float(size[2]))) == A4_POINTS
    return output("pdftotext", "-layout", pdf, "-").split("\f")[:-1]


def output(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("name", ["one_session", "half_a_year_of_nine", "long_names", "nothing_observable",
                                  "red_flag", "S01", "S16"])  # fmt: skip
def test_what_is_read_in_a_minute_stands_on_one_page(printed: dict[str, list[str]], name: str) -> None:
    first, *rest = printed[name]
    for heading in ("Days done", "What the safety rules said", "Prescribed and done", "Pain"):
        assert heading in first
    assert DETAILS not in first
    assert DETAILS in rest[0]
    assert "Pain, 0 to 10" in first or "Pain was not scored" in first


def test_a_printed_red_flag_is_on_the_first_page_of_both(printed: dict[str, list[str]]) -> None:
    for name in ("red_flag", "red_flag, everybody"):
        assert "Seek immediate medical care. " in printed[name][0]
        assert "fever" in printed[name][0]


def test_nine_exercises_stand_side_by_side_on_the_first_page(printed: dict[str, list[str]]) -> None:
    first = printed[half_a_year_of_nine.__name__][0]
    assert first.count("10, hold 5 s, every day") == 9
    assert len(printed[half_a_year_of_nine.__name__]) <= 6


def test_no_printed_page_is_empty(printed: dict[str, list[str]]) -> None:
    for name, pages in printed.items():
        assert all(len(text.split()) >= 5 for text in pages), name
