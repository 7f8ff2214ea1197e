"""docs/recording.md says of each message and each placement what the program says."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack_signal.exercises import catalogue

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recording.md").read_text(encoding="utf-8")
SIGNS = {"full": "✓", "counts": "(✓)", "weak": "~", "none": "–"}
CODE = "".join(
    path.read_text(encoding="utf-8") for part in ("app", "ingest") for path in (ROOT / part).rglob("*.py")
)
# Messages are written over several lines and with values in them; only their words are compared.
WORDS = re.sub(r'"\s*f?"', "", re.sub(r"\s+", " ", CODE))


@pytest.mark.parametrize("message", re.findall(r"^\| `([^`]+)`", PAGE.split("## Troubleshooting")[1], re.MULTILINE))
def test_every_message_of_the_page_is_one_of_the_program(message: str) -> None:
    assert re.sub(r"\d+", "", message).split("  ")[-1].strip() in WORDS


@pytest.mark.parametrize("name", [name for name in catalogue() if name != "generic"])
def test_the_table_of_placements_is_the_catalogue_s(name: str) -> None:
    views = catalogue()[name].views
    signs = [SIGNS[views[view].observability] for view in ("hip", "thigh_working", "thigh_other")]
    assert f"| `{name}` | {' | '.join(signs)} |" in PAGE


def test_the_drawing_is_there_and_tells_its_content_in_words() -> None:
    (image,) = re.findall(r"!\[[^\]]+\]\((images/[^)]+)\)", PAGE)
    root = ET.parse(ROOT / "docs" / image).getroot()
    assert root.find("{http://www.w3.org/2000/svg}desc").text


@pytest.mark.parametrize("name", ["scan", "record", "recover", "exercises"])
def test_commands_that_the_page_names_exist(name: str) -> None:
    assert f"sciatrack {name}" in PAGE
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


@pytest.mark.parametrize("what", ["README.md", "docs/recording.md", "docs/sensors.md", "scan", "record"])
def test_nobody_is_misled_about_hardware(what: str) -> None:
    path = ROOT / what
    text = path.read_text(encoding="utf-8") if path.suffix else CliRunner().invoke(cli, [what, "--help"]).output
    words = " ".join(text.split())
    assert re.search(r"\b(never|not|none|nothing)\b[^.]*\b(hardware|by us)\b", words, re.IGNORECASE)


def test_options_that_the_page_names_exist() -> None:
    shown = CliRunner().invoke(cli, ["record", "--help"]).output
    for option in set(re.findall(r"--[a-z][a-z-]+", PAGE)):
        assert option in shown
