"""The documents name files that exist and commands that the checks run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### (\w+/\w+)\n(.*?)(?=^#)", ARCHITECTURE, flags=re.MULTILINE | re.DOTALL)


def named_paths() -> list[Path]:
    """Every `file` or `folder/` in a section that is headed by a package's folder."""
    return [
        ROOT / folder / name
        for folder, text in SECTIONS
        for name in re.findall(r"`([\w/]+(?:\.py|\.toml|/))`", text)
    ]


def test_architecture_has_a_section_for_each_package() -> None:
    assert [folder.split("/")[0] for folder, _ in SECTIONS] == ["ingest", "signal", "analytics", "app"]
    assert len(named_paths()) > 20


@pytest.mark.parametrize("path", named_paths(), ids=lambda path: str(path.relative_to(ROOT)))
def test_architecture_names_what_is_there(path: Path) -> None:
    assert path.exists()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    missing = [target for target in targets if not ((ROOT / page).parent / target).exists()]
    assert missing == []


def test_contributing_s_test_command_is_the_one_that_readme_gives_to_the_checks() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"
    assert command in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_checks_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_contributing_s_example_exercise_is_valid(tmp_path: Path) -> None:
    from sciatrack_signal.exercises import catalogue

    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add an exercise")[1]
    block = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    own = tmp_path / "own.toml"
    own.write_text("\n".join(block), encoding="utf-8")
    assert catalogue(own)["nerve_slider"].views["hip"].observability == "weak"
