"""docs/study.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack_analytics.checkins import NO_PAIN_SITE, PHASES, SITES
from sciatrack_analytics.csv_tables import EXCUSES, RX_SIDES, TABLES

PAGE = (Path(__file__).parents[1] / "docs" / "study.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", TABLES)
def test_the_columns_of_a_list_are_those_of_the_page(kind: str) -> None:
    found = re.search(rf"^\| {kind} \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert found is not None
    declared = [column.name if column.required else f"[{column.name}]" for column in TABLES[kind].columns]
    assert found[1].split() == declared


def test_the_words_of_the_lists_are_those_of_the_page() -> None:
    for word in (*PHASES, *EXCUSES, *RX_SIDES):
        assert f"`{word}`" in PAGE
    assert f"`{' '.join((NO_PAIN_SITE, *SITES))}`" in PAGE


def test_every_command_of_the_page_exists() -> None:
    for line in re.findall(r"^    sciatrack (.*)$", PAGE, flags=re.MULTILINE):
        words = line.split()
        name = words[:2] if words[0] in ("study", "plan") else words[:1]
        result = CliRunner().invoke(cli, [*name, "--help"])
        assert result.exit_code == 0
        for option in re.findall(r"--[a-z-]+", line):
            assert option in result.output
