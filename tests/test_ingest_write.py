"""What is written comes back as it was, and an interrupted write leaves nothing half."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sciatrack_ingest import PLACEMENTS, SIDES, Recording, RecordingError, RecordingFileError, read, write_recording
from sciatrack_ingest.files import write

UP = np.array([0.0, 0.0, 9.8])


def recording(n: int = 40, *, gyr: bool = True) -> Recording:
    noise = np.random.default_rng(1).normal(0, 0.1, (n, 3))
    return Recording(
        time_s=np.arange(n) / 50 + 0.001,
        acc=noise + UP,
        gyr=noise / 10 if gyr else None,
        placement="hip",
        side="both",
        exercise="pelvic_tilt",
        participant="P-1",
        start_utc=dt.datetime(2026, 3, 29, 1, 30, 0, 250000, tzinfo=dt.UTC),
        timezone="Europe/Berlin",
        nominal_rate_hz=50.0,
    )


def same(a: Recording, b: Recording) -> None:
    np.testing.assert_array_equal(a.time_s, b.time_s)
    np.testing.assert_array_equal(a.acc, b.acc)
    assert (a.gyr is None) == (b.gyr is None)
    if a.gyr is not None and b.gyr is not None:
        np.testing.assert_array_equal(a.gyr, b.gyr)
    names = ("placement", "side", "exercise", "participant", "start_utc", "timezone", "nominal_rate_hz")
    for name in names:
        assert getattr(a, name) == getattr(b, name), name


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".CSV"])
@pytest.mark.parametrize("gyr", [True, False])
def test_a_round_trip_keeps_every_bit(tmp_path: Path, ending: str, gyr: bool) -> None:
    written = recording(gyr=gyr)
    path = write_recording(written, tmp_path / f"a{ending}")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, "a.json"])
    same(read(path), written)
    assert read(path).findings == ()


def test_csv_has_plain_names_and_a_readable_sidecar(tmp_path: Path) -> None:
    write_recording(recording(2, gyr=False), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "time,acc_x,acc_y,acc_z"
    assert json.loads((tmp_path / "a.json").read_text())["units"] == {"acc": "m/s^2"}


@settings(max_examples=30, deadline=None)
@given(
    data=st.data(),
    n=st.integers(0, 20),
    ending=st.sampled_from([".csv", ".parquet"]),
    placement=st.sampled_from([None, *PLACEMENTS]),
    side=st.sampled_from([None, *SIDES]),
)
def test_any_recording_comes_back(
    data: st.DataObject, n: int, ending: str, placement: str | None, side: str | None
) -> None:
    steps_s = data.draw(hnp.arrays(float, n, elements=st.floats(0.004, 0.08)))
    wobble = data.draw(hnp.arrays(float, (n, 3), elements=st.floats(-0.5, 0.5) | st.just(np.nan)))
    gyr = data.draw(st.none() | hnp.arrays(float, (n, 3), elements=st.floats(-2, 2)))
    start_s = data.draw(st.floats(-100, 1.7e9))
    time_s = start_s + np.cumsum(steps_s)
    written = Recording(time_s=time_s, acc=wobble + UP, gyr=gyr, placement=placement, side=side)
    with tempfile.TemporaryDirectory() as folder:
        same(
            read(write_recording(written, Path(folder) / f"a{ending}")),
            written if n else replace(written, gyr=None),
        )


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_recording(recording(), tmp_path / "a.csv")
    before = path.read_bytes()

    def fail(table: object, building: Path) -> None:
        building.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "_write_csv", fail)
    with pytest.raises(RecordingFileError, match="No space left"):
        write_recording(recording(5), path)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "a.json"]


def test_what_read_would_refuse_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(RecordingFileError, match="ending says no format"):
        write_recording(recording(), tmp_path / "a.xlsx")
    with pytest.raises(RecordingError, match="participant 'Jane Doe'"):
        write_recording(replace(recording(), participant="Jane Doe"), tmp_path / "a.csv")
    with pytest.raises(RecordingFileError, match="cannot be written"):
        write_recording(recording(), tmp_path / "gone" / "a.csv")
    assert list(tmp_path.iterdir()) == []
