"""Bad days of a sensor, through a file: what `read` keeps, masks, flags and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sciatrack_ingest import Recording, UnitsError, read, write_recording
from sciatrack_ingest.imu_file import imu_table

RATE_HZ = 50.0
G_M_S2 = 9.80665


def rolling(n: int = 2000) -> Recording:
    """A sensor that tilts to and fro about two axes, one after the other, gyroscope and gravity in accord."""
    t = np.arange(n) / RATE_HZ
    angle = 0.9 * np.sin(2 * np.pi * t / 6)
    speed = 0.9 * 2 * np.pi / 6 * np.cos(2 * np.pi * t / 6)
    first = (np.arange(n) < n // 2)[:, None]
    zero = np.zeros(n)
    about_x = np.column_stack([zero, np.sin(angle), np.cos(angle)])
    about_y = np.column_stack([-np.sin(angle), zero, np.cos(angle)])
    noise = np.random.default_rng(9).normal(0, 0.02, (2, n, 3))
    acc = G_M_S2 * np.where(first, about_x, about_y) + noise[0]
    gyr = np.where(first, np.column_stack([speed, zero, zero]), np.column_stack([zero, speed, zero]))
    return Recording(time_s=t, acc=acc, gyr=gyr + 0.2 * noise[1])


def through(tmp_path: Path, recording: Recording, **overrides: str) -> Recording:
    return read(write_recording(recording, tmp_path / "a.parquet"), **overrides)


def codes(recording: Recording) -> dict[str, int]:
    return {finding.code: finding.count for finding in recording.findings}


def changed(recording: Recording, **arrays: np.ndarray) -> Recording:
    whole = {"time_s": recording.time_s, "acc": recording.acc, "gyr": recording.gyr} | arrays
    return Recording(**whole)  # type: ignore[arg-type]


def test_a_sound_recording_passes(tmp_path: Path) -> None:
    recording = through(tmp_path, rolling())
    assert recording.gyr is not None
    assert recording.findings == ()


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"units_acc": "g"}, "--units-acc m/s^2"),
        ({"units_acc": "mg"}, "--units-acc m/s^2"),
        ({"units_gyr": "deg/s"}, "--units-gyr rad/s"),
    ],
)
def test_units_said_wrong_are_refused_with_the_right_option(
    tmp_path: Path, said: dict[str, str], option: str
) -> None:
    with pytest.raises(UnitsError, match=option.replace("^", r"\^")):
        through(tmp_path, rolling(), **said)


@pytest.mark.parametrize("sensor", ["acc", "gyr"])
def test_one_negated_axis_costs_the_gyroscope_not_the_recording(tmp_path: Path, sensor: str) -> None:
    sound = rolling()
    array = np.array(getattr(sound, sensor))
    array[:, 0] *= -1
    recording = through(tmp_path, changed(sound, **{sensor: array}))
    assert recording.gyr is None
    assert codes(recording) == {"gyro_contradicts_gravity": 0}
    assert recording.n_samples == sound.n_samples


def test_zero_nan_and_stuck_stretches_are_masked_or_flagged_and_the_rest_stays(tmp_path: Path) -> None:
    sound = rolling()
    acc = np.array(sound.acc)
    acc[100:150] = 0.0
    acc[300:320] = np.nan
    acc[1000:1400, 2] = acc[1000, 2]
    recording = through(tmp_path, changed(sound, acc=acc))
    assert codes(recording) == {"missing_samples": 20, "zero_rows": 50, "stuck_axis": 400, "gap": 2}
    np.testing.assert_allclose(recording.gaps_s, [[1.98, 3.0], [5.98, 6.4]])
    untouched = np.r_[0:100, 150:300, 320:2000]
    np.testing.assert_array_equal(recording.acc[untouched], acc[untouched])


def test_duplicates_and_reordering_leave_no_double_time_and_no_false_gap(tmp_path: Path) -> None:
    sound = rolling()
    order = np.arange(2000)
    order[500:520] = np.r_[510:520, 500:510]
    order = np.insert(order, 800, [799, 799])
    path = write_recording(sound, tmp_path / "a.parquet")
    pq.write_table(pq.ParquetFile(path).read().take(order), path)
    recording = read(path)
    assert codes(recording) == {"reordered": 10, "duplicate_time": 2}
    np.testing.assert_array_equal(recording.time_s, sound.time_s)
    np.testing.assert_array_equal(recording.acc, sound.acc)
    assert len(recording.gaps_s) == 0


def test_a_true_rate_off_its_nominal_one_is_told_and_the_stamps_win(tmp_path: Path) -> None:
    sound = rolling()
    recording = read(write_recording(sound, tmp_path / "a.csv"), rate=51.5)
    assert codes(recording) == {"rate_contradicts_stamps": 0}
    np.testing.assert_array_equal(recording.time_s, sound.time_s)


def test_the_history_of_samples_written_before_is_kept(tmp_path: Path) -> None:
    sound = replace(rolling(), provenance=("phyphox, Raw Data.csv",))
    path = tmp_path / "imu-hip.parquet"
    pq.write_table(imu_table(sound), path)
    recording = read(path, units_acc="m/s^2", units_gyr="rad/s")
    np.testing.assert_array_equal(recording.acc, sound.acc)
    assert recording.provenance[:2] == ("phyphox, Raw Data.csv", "contract Parquet")
    for metadata in (b"{", b"[]", b'{"provenance": 3}', b'{"provenance": [3]}'):
        pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata({b"sciatrack": metadata}), path)
        assert read(path, units_acc="m/s^2", units_gyr="rad/s").provenance[0] == "contract Parquet"
