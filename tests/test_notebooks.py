"""The notebooks run, and the numbers in their text are those of their cells."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN = ROOT / "notebooks" / "run.py"
MISSING = [name for name in ("nbclient", "ipykernel") if importlib.util.find_spec(name) is None]
needs_jupyter = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
LARGEST_BYTES = 250_000


def cells(path: Path, kind: str) -> list[Any]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    sources = os.pathsep.join(str(ROOT / name) for name in ("ingest", "signal", "analytics", "app"))
    environment = os.environ | {"PYTHONPATH": sources}
    command = [sys.executable, str(RUN), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_four_are_there() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]


@needs_jupyter
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_its_text_is_true(path: Path) -> None:
    done = run("--check", path.name)
    assert done.returncode == 0, done.stderr


@needs_jupyter
def test_a_wrong_number_is_noticed(tmp_path: Path) -> None:
    cell = {
        "cell_type": "markdown",
        "id": "a",
        "source": "two is 3",
        "metadata": {"sciatrack": {"text": "two is {n}"}},
    }
    code = {
        "cell_type": "code",
        "id": "b",
        "source": "n = 1 + 1",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    path = tmp_path / "wrong.ipynb"
    path.write_text(json.dumps({"cells": [cell, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    done = run("--check", path)
    assert done.returncode == 1
    assert "two is 2" in done.stderr
    assert run(path).returncode == 0
    assert cells(path, "markdown")[0]["source"] in ("two is 2", ["two is 2"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_story_without_definitions_run_and_small(path: Path) -> None:
    code = ["".join(cell["source"]) for cell in cells(path, "code")]
    assert not [line for text in code for line in text.splitlines() if re.match(r"\s*(def|class) ", line)]
    assert any(cell["outputs"] for cell in cells(path, "code"))
    text = path.read_text()
    assert len(text) < LARGEST_BYTES
    assert "simulated" in "".join("".join(cell["source"]) for cell in cells(path, "markdown")[:1])
    for place in (str(Path.home()), str(ROOT), "/tmp/"):
        assert place not in text
