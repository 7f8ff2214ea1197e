"""phyphox exports: five dialects, columns by unit, pauses that the app's clock leaves out."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sciatrack_ingest import GravityError, RecordingFileError, read

DIALECTS = [(",", "."), ("\t", "."), (";", "."), ("\t", ","), (";", ",")]
RAW = [f"Acceleration {axis} (m/s^2)" for axis in "xyz"]
GYRO = [f"Gyroscope {axis} (rad/s)" for axis in "xyz"]
EVENTS = '"event"{s}"experiment time"{s}"system time"{s}"system time text"\n'


def number(value: float, decimal: str = ".") -> str:
    """As the app writes it: 9 decimals, an exponent without sign or zeros."""
    mantissa, _, exponent = f"{value:.9e}".partition("e")
    return f"{mantissa}E{int(exponent)}".replace(".", decimal) if exponent else "NaN"


def as_csv(names: list[str], columns: list[np.ndarray], separator: str = ",", decimal: str = ".") -> str:
    header = separator.join(f'"{name}"' for name in names)
    rows = (separator.join(number(value, decimal) for value in row) for row in zip(*columns, strict=True))
    return "\n".join([header, *rows]) + "\n"


def resting(n: int = 300) -> list[np.ndarray]:
    noise = np.random.default_rng(2).normal(0, 0.03, (3, n))
    return [noise[0] + 3.0, noise[1], noise[2] + 9.33]


def events(rows: list[tuple[str, float, float]], separator: str = ",", decimal: str = ".") -> str:
    lines = (
        f'"{event}"{separator}{number(clock_s, decimal)}{separator}{f"{system_s:.3f}".replace(".", decimal)}'
        f'{separator}"2026-09-21 07:13:20.000 UTC-07:00"\n'
        for event, clock_s, system_s in rows
    )
    return EVENTS.replace("{s}", separator) + "".join(lines)


def stamps(n: int = 300) -> np.ndarray:
    return 0.004 + np.arange(n) / 100


def export(path: Path, members: dict[str, str]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
    else:
        for name, text in members.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text)
    return path


@pytest.mark.parametrize(("separator", "decimal"), DIALECTS)
@pytest.mark.parametrize("name", ["a.zip", "folder", "single.csv"])
def test_all_dialects_in_all_forms(tmp_path: Path, separator: str, decimal: str, name: str) -> None:
    absolute = np.sqrt(sum(axis**2 for axis in resting()))
    names = ["Time (s)", *RAW, "Absolute acceleration (m/s^2)"]
    text = as_csv(names, [stamps(), *resting(), absolute], separator, decimal)
    path = tmp_path / name
    if name == "single.csv":
        path.write_text(text)
    else:
        time = events([("START", 0, 1.79e9), ("PAUSE", 3, 1.79e9 + 3)], separator, decimal)
        device = f'"property"{separator}"value"\n"deviceModel"{separator}"Pixel 6a"\n'
        export(path, {"Raw Data.csv": text, "meta/device.csv": device, "meta/time.csv": time})
    recording = read(path)
    np.testing.assert_allclose(recording.acc, np.column_stack(resting()), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(recording.time_s, stamps(), rtol=1e-9)
    assert recording.gyr is None
    assert recording.findings == ()
    assert (recording.source, recording.name) == ("phyphox", str(path))
    assert f"separator {separator!r}, decimal mark {decimal!r}" in recording.provenance[0]
    if name != "single.csv":
        first = dt.datetime.fromtimestamp(1.79e9 + 0.004, dt.UTC)
        assert recording.start_utc is not None
        assert abs(recording.start_utc - first) < dt.timedelta(milliseconds=1)


@pytest.mark.parametrize("meta", [True, False])
def test_sets_of_their_own_are_joined(tmp_path: Path, meta: bool) -> None:
    later = 0.0065 + np.arange(280) / 100
    names = ["Time (s)", "X (m/s^2)", "Y (m/s^2)", "Z (m/s^2)"]
    members = {
        "Accelerometer.csv": as_csv(names, [stamps(), *resting()]),
        "Gyroscope.csv": as_csv(["Time (s)", *GYRO], [later, 0.1 * later, 0.2 * later, 0.3 * later]),
        "Linear Accelerometer.csv": as_csv(names, [stamps(), *(0.01 * axis for axis in resting())]),
        "Location.csv": as_csv(["Time (s)", "Latitude (°)"], [stamps(3), stamps(3)]),
        "Gravity.csv": as_csv(names, [stamps(), *resting()]),
    }
    if meta:
        members["meta/time.csv"] = events([("START", 0, 1.79e9)])
    recording = read(export(tmp_path / "x", members))
    np.testing.assert_allclose(recording.acc, np.column_stack(resting()), rtol=1e-9, atol=1e-9)
    assert recording.gyr is not None
    known = np.isfinite(recording.gyr).all(axis=1)
    assert known.sum() == 279
    np.testing.assert_allclose(recording.gyr[known, 2], 0.3 * recording.time_s[known], atol=1e-8)


def test_one_set_with_both_sensors_filled_up_with_nan(tmp_path: Path) -> None:
    gyr = [np.where(np.arange(300) < 250, 0.01, np.nan)] * 3
    path = tmp_path / "a.csv"
    path.write_text(as_csv(["Time (s)", *GYRO, *RAW], [stamps(), *gyr, *resting()]))
    recording = read(path)
    assert recording.gyr is not None
    np.testing.assert_array_equal(np.isnan(recording.gyr[:, 0]), np.arange(300) >= 250)


@pytest.mark.parametrize("name", ["a.zip", "single.csv"])
def test_linear_acceleration_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    names = ["Time (s)", *(f"Linear Acceleration {axis} (m/s^2)" for axis in "xyz")]
    text = as_csv(names, [stamps(), *(0.05 * axis for axis in resting())])
    path = tmp_path / name
    if name == "single.csv":
        path.write_text(text)
    else:
        export(path, {"Raw Data.csv": text, "meta/time.csv": events([("START", 0, 1.79e9)])})
    with pytest.raises(GravityError, match=r"column Linear Acceleration x .*'Acceleration \(with g\)'"):
        read(path)


def test_a_pause_is_put_back_as_a_gap(tmp_path: Path) -> None:
    rows = [
        ("START", 0.0, 1.79e9), ("PAUSE", 1.0, 1.79e9 + 1.0),
        ("START", 1.0, 1.79e9 + 8.5), ("PAUSE", 2.0, 1.79e9 + 9.5),
        ("START", 2.0, 1.79e9 + 10.0), ("CLEAR", 9.0, 1.79e9),
    ]  # fmt: skip
    members = {"Raw Data.csv": as_csv(["Time (s)", *RAW], [stamps(), *resting()]), "meta/time.csv": events(rows)}
    recording = read(export(tmp_path / "a.zip", members))
    shift_s = np.select([stamps() < 1.0, stamps() < 2.0], [0.0, 7.5], 8.0)
    np.testing.assert_allclose(recording.time_s, stamps() + shift_s, atol=1e-6)
    np.testing.assert_allclose(recording.gaps_s, [[0.994, 8.504], [9.494, 10.004]], atol=1e-6)
    assert {finding.code: finding.count for finding in recording.findings} == {"paused": 2, "gap": 2}


def test_a_broken_list_of_events_is_named(tmp_path: Path) -> None:
    members = {"Raw Data.csv": as_csv(["Time (s)", *RAW], [stamps(), *resting()])}
    members["meta/time.csv"] = EVENTS.replace("{s}", ",") + '"START",zero,1,"x"\n'
    with pytest.raises(RecordingFileError, match=r"meta/time.csv, line 2: .*'zero'"):
        read(export(tmp_path / "a.zip", members))


def test_a_zip_of_something_else_says_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(RecordingFileError, match=r"holds letter.txt"):
        read(export(tmp_path / "a.zip", {"letter.txt": "Dear all"}))
    with pytest.raises(RecordingFileError, match=r"holds nothing"):
        read(export(tmp_path / "b.zip", {}))


def test_rotation_alone_is_no_recording(tmp_path: Path) -> None:
    members = {
        "Raw Data.csv": as_csv(["Time (s)", *GYRO], [stamps(), *resting()]),
        "meta/time.csv": events([("START", 0, 1.79e9)]),
    }
    with pytest.raises(RecordingFileError, match=r"no set with x, y and z in m/s\^2"):
        read(export(tmp_path / "a.zip", members))


def test_several_singles_in_a_folder_are_not_one_export(tmp_path: Path) -> None:
    text = as_csv(["Time (s)", *RAW], [stamps(), *resting()])
    with pytest.raises(RecordingFileError, match="this folder is no recording"):
        read(export(tmp_path / "x", {"a.csv": text, "b.csv": text}))
