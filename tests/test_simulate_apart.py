"""The detector and the simulator stay apart: nothing that detects imports or reads what simulates."""

from __future__ import annotations

import ast
from importlib.resources import files
from pathlib import Path

import pytest

PACKAGE = Path(str(files("sciatrack_signal")))
DETECTOR = sorted(path for path in PACKAGE.glob("*.py"))


def test_the_detector_is_found() -> None:
    names = {path.stem for path in DETECTOR}
    assert {"pipeline", "exercises", "result"} <= names


@pytest.mark.parametrize("path", DETECTOR, ids=lambda path: path.stem)
def test_no_module_of_the_detector_imports_the_simulator(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        assert not [name for name in names if "simulate" in name.split(".")]


@pytest.mark.parametrize("path", DETECTOR, ids=lambda path: path.stem)
def test_no_module_of_the_detector_names_the_simulators_parameters(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "parameters.toml" not in text
    assert "sciatrack_signal.simulate" not in text


def test_the_catalogue_holds_no_distribution() -> None:
    text = (PACKAGE / "exercises.toml").read_text(encoding="utf-8")
    for word in ("rest_sd_deg", "breath_deg", "tremor_deg", "out_s", "severity"):
        assert word not in text
