"""benchmarks/study.py runs, and its facts are the sum of its reps (an assertion of its own)."""

from __future__ import annotations

from pathlib import Path

import pytest

import study


def test_a_small_study_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study.measure(tmp_path / "of_30", 30)
    said = capsys.readouterr().out
    for what in ("scan of four columns", "first facts", "whole adherence_weekly", "one participant", "peak memory"):
        assert what in said
