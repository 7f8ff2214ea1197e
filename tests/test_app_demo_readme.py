"""README.md: its code runs, prints what the page shows, and its picture is of what `analyze` finds."""

from __future__ import annotations

import importlib.util
import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import sciatrack as st
from sciatrack.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL = (
    "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/sciatrack demo",
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest",
)
# The page shows seconds and degrees to one decimal; a better detector may move them by this much unnoticed.
TOLERANCE = 0.3
MAX_PICTURE_BYTES = 150_000
SVG = "{http://www.w3.org/2000/svg}"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the page takes for granted: the sample data and a recording in g and deg/s."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    table = pq.read_table(ROOT / "sample_data" / "sessions" / "1_glute_bridge.parquet")
    scale = {"acc": 1 / 9.80665, "gyr": 57.29578, "tim": 1.0}
    columns = {name: table[name].to_numpy() * scale[name[:3]] for name in table.column_names}
    pc.write_csv(type(table).from_pydict(columns), tmp_path / "bridge.csv")
    (tmp_path / "bridge.json").write_text(blocks("json")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def same(shown: str, printed: str) -> bool:
    """Equal words, and numbers within TOLERANCE."""
    pairs = list(zip(shown.split(), printed.split(), strict=False))
    return len(shown.split()) == len(printed.split()) and all(a == b or _near(a, b) for a, b in pairs)


def _near(shown: str, printed: str) -> bool:
    try:
        return abs(float(shown) - float(printed)) <= TOLERANCE
    except ValueError:
        return False


def test_the_comparison_can_fail() -> None:
    assert same("4 reps of 4.1 s", "4 reps of 4.2 s")
    assert not same("4 reps of 4.1 s", "5 reps of 4.1 s")
    assert not same("4 reps", "4 sets")
    assert not same("4 reps", "4 reps more")


def test_the_first_ten_lines_print_what_the_page_shows(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = blocks("python")[0], blocks("text")[0]
    assert len(code.splitlines()) == 10
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert same(shown, printed), f"README.md shows\n{shown}\nbut its lines print\n{printed}"


def test_every_command_and_the_python_lines_after_them_run(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("sciatrack ")]
    assert len(lines) >= 10
    for line in lines:
        result = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"
    assert len((workplace / "blocks.jsonl").read_text().splitlines()) == 9
    assert "<svg" in (workplace / "P01.html").read_text()
    exec(compile(blocks("python")[1], "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == [
        "exercise", "iso_week", "days_done", "days_rx", "0", "glute_bridge", "2026-W10", "1", "1"
    ]  # fmt: skip
    assert len((workplace / "reps.csv").read_text().splitlines()) == 11


def test_the_two_commands_stand_alone_in_blocks_of_their_own() -> None:
    held = [block.strip() for block in blocks("sh") if "python3 -m venv" in block]
    assert held == list(INSTALL)
    assert PAGE.count("python3 -m venv") == 2


def test_commands_named_in_the_text_exist() -> None:
    named = set(re.findall(r"`sciatrack (\w+)", PAGE)) | set(re.findall(r"^sciatrack (\w+)", PAGE, flags=re.M))
    assert len(named) >= 5
    assert named <= set(COMMANDS)


def picture_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def groups(svg: Path, what: str) -> int:
    return sum(re.fullmatch(rf"{what}-\d+", node.get("id", "")) is not None for node in ET.parse(svg).iter())


def test_the_picture_shows_what_analyze_finds(tmp_path: Path) -> None:
    script = picture_script()
    made = script.make(tmp_path)
    (block,) = st.analyze(st.read(script.SESSION)).blocks
    held = [f"{rep.hold_s:.1f} s" for rep in block.reps]
    for picture in (made, ROOT / "docs" / "img" / script.NAME):
        assert groups(picture, "rep") == groups(picture, "hold") == len(block.reps) == 8
        texts = ["".join(node.itertext()).strip() for node in ET.parse(picture).iter(f"{SVG}text")]
        above = [text for text in texts if text.endswith(" s")]
        assert same(" ".join(above), " ".join(held)), "make it again: python docs/make_pictures.py"


def test_the_picture_is_small_and_asks_for_nothing_else() -> None:
    (name,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text) < MAX_PICTURE_BYTES
    assert "<script" not in text
    assert "<image" not in text
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', text))


def test_figures_of_the_page_are_those_of_the_benchmark_s_page() -> None:
    page = ROOT / "docs" / "accuracy.md"
    if not page.exists():
        pytest.skip("docs/accuracy.md is not there yet")
    table = PAGE.split("| counted right |")[1].split("\n\n")[0]
    measured = page.read_text(encoding="utf-8")
    missing = [found for found in re.findall(r"\d+ of \d+", table) if found not in measured]
    assert missing == [], "bring the table in README.md up to docs/accuracy.md"
