"""The sample recordings: made by their command, readable, small, said to be simulated, and analysed right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sciatrack_ingest.files as reading
from make import PHYPHOX, SENSOR_LOGGER, SESSIONS, make, simulate, truth_of
from sciatrack_ingest.recording import Recording
from sciatrack_signal.exercises import catalogue

FOLDER = Path(__file__).parents[1] / "sample_data"
MAX_BYTES = 3_000_000  # of the 5 MB that the whole folder may have


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return loaded


def test_there_is_one_session_for_each_exercise_and_two_phone_exports(truth: dict[str, Any]) -> None:
    sessions = sorted((FOLDER / "sessions").glob("*.parquet"))
    assert {path.stem[2:] for path in sessions} == {name for name in catalogue() if name != "generic"}
    assert len(sessions) == 9
    phone = sorted(path.name for path in (FOLDER / "phone").glob("*.zip"))
    assert [name.split("_")[0] for name in phone] == ["phyphox", "sensor"]
    assert set(truth) == {f"sessions/{p.name}" for p in sessions} | {f"phone/{name}" for name in phone}


def test_the_folder_is_small_and_says_what_it_is() -> None:
    mine = [*(FOLDER / "sessions").iterdir(), *(FOLDER / "phone").iterdir(), FOLDER / "truth.json"]
    assert sum(path.stat().st_size for path in mine) < MAX_BYTES
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "simulated" in readme
    assert "sample_data/make.py" in readme
    assert "CC0" in (FOLDER / "LICENSE").read_text(encoding="utf-8")


def same(first: Recording, second: Recording, tolerance: float) -> None:
    """Equal but for the last digit, in which two versions of a library may round otherwise."""
    np.testing.assert_allclose(first.time_s, second.time_s, atol=1e-3)
    np.testing.assert_allclose(first.acc, second.acc, atol=tolerance)
    assert first.gyr is not None
    assert second.gyr is not None
    np.testing.assert_allclose(first.gyr, second.gyr, atol=tolerance)
    assert first.start_utc == second.start_utc


@pytest.mark.parametrize("number", range(9))
def test_the_sessions_are_what_the_command_makes(number: int, truth: dict[str, Any]) -> None:
    made = simulate(SESSIONS[number], number)
    name = f"sessions/{number + 1}_{SESSIONS[number].exercise}.parquet"
    read = reading.read(FOLDER / name)
    same(read, made.recording, 0.011)
    for label in ("exercise", "placement", "side", "participant", "timezone"):
        assert getattr(read, label) == getattr(made.recording, label)
    assert truth[name] == truth_of(made)
    assert truth[name]["observability"] == "full"
    assert 60.0 < read.duration_s < 150.0
    assert not read.gaps_s.size


@pytest.mark.parametrize(
    ("name", "session", "number"),
    [("sensor_logger_knee_to_chest.zip", SENSOR_LOGGER, 9), ("phyphox_childs_pose.zip", PHYPHOX, 10)],
)
def test_the_phone_exports_read_as_what_was_simulated(
    name: str, session: Any, number: int, truth: dict[str, Any]
) -> None:
    made = simulate(session, number)
    read = reading.read(FOLDER / "phone" / name, exercise=session.exercise, placement=session.placement)
    rec = made.recording
    np.testing.assert_allclose(read.time_s - read.time_s[0], rec.time_s - rec.time_s[0], atol=2e-3)
    np.testing.assert_allclose(read.acc, rec.acc, atol=0.011)
    assert truth[f"phone/{name}"] == truth_of(made)


def test_the_command_writes_the_same_bytes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("make.SESSIONS", SESSIONS[1:3])
    for folder in ("first", "second"):
        make(tmp_path / folder)
    first = sorted(path for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert len(first) == 2 * 2 + 2 + 1 + 1  # sessions with sidecars, phones, the raw log, the truth
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()
