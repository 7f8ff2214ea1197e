"""Sensor Logger exports: axes in the order z, y, x, gravity in files of its own, signs by platform."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sciatrack_ingest import GravityError, RecordingFileError, UnitsError, read

START_NS = 1_760_565_906_248_623_000
G_M_S2 = 9.80665
SHARED = Path(__file__).parents[2] / "shared/data/formats/imu_data_BennyJHui"
PLATFORM_KEYS = (
    "version,device name,recording epoch time,recording time,recording timezone,platform,appVersion,device id,"
    "sensors,sampleRateMs,standardisation,platform version"
)


def tilting(n: int = 400) -> np.ndarray:
    """(n, 3) what gravity looks like in a sensor that tilts slowly, x, y, z all different."""
    angle = np.linspace(0.2, 1.0, n)
    return G_M_S2 * np.column_stack([np.sin(angle), 0.6 * np.cos(angle), 0.8 * np.cos(angle)])


def stamps(n: int = 400, first_s: float = 0.1, rate_hz: float = 100.0) -> np.ndarray:
    return first_s + np.arange(n) / rate_hz


def stream(folder: Path, name: str, values: np.ndarray, time_s: np.ndarray) -> None:
    rows = [
        f"{START_NS + round(t * 1e9)},{float(t)!r},{float(z)!r},{float(y)!r},{float(x)!r}"
        for t, (x, y, z) in zip(time_s, values, strict=True)
    ]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join(["time,seconds_elapsed,z,y,x", *rows]) + "\n")


def metadata(folder: Path, platform: str, standardised: bool, zone: str = "Asia/Kolkata") -> None:
    row = f'3,"Phone, mine",1760565906145,2025-10-15_22-05-06,{zone},{platform},1.64,id,a|b,10|10,{standardised},18'
    (folder / "Metadata.csv").write_text(f"{PLATFORM_KEYS}\n{row.lower() if not zone else row}\n")


def zipped(folder: Path, inside: str = "") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}{file.name}")
        archive.writestr(f"__MACOSX/{inside}._Accelerometer.csv", b"\x00\x05")
    return path


@pytest.fixture
def android(tmp_path: Path) -> Path:
    folder = tmp_path / "android"
    stream(folder, "TotalAcceleration", tilting(), stamps())
    stream(folder, "Accelerometer", 0.01 * tilting(), stamps())
    stream(folder, "Gravity", 0.99 * tilting(), stamps())
    stream(folder, "Gyroscope", 0.01 * tilting(), stamps())
    metadata(folder, "android", standardised=False)
    (folder / "Annotation.csv").write_text("time,seconds_elapsed,text\n")
    (folder / "Location.csv").write_text("")
    return folder


@pytest.mark.parametrize("form", ["folder", "zip", "zip with folder"])
def test_android_s_total_acceleration_is_read_by_name(android: Path, form: str) -> None:
    path = {"folder": android, "zip": zipped(android), "zip with folder": zipped(android, "2025-10-15/")}[form]
    recording = read(path)
    np.testing.assert_allclose(recording.acc, tilting(), rtol=1e-12)
    assert recording.gyr is not None
    np.testing.assert_allclose(recording.gyr, 0.01 * tilting(), rtol=1e-12)
    np.testing.assert_array_equal(recording.time_s, stamps())
    assert recording.start_utc is not None
    first = dt.datetime(2025, 10, 15, 22, 5, 6, 348623, tzinfo=dt.UTC)
    assert abs(recording.start_utc - first) < dt.timedelta(microseconds=2)
    assert recording.timezone == "Asia/Kolkata"
    assert recording.source == "sensor_logger"
    assert recording.findings == ()
    assert recording.name == str(path)


@pytest.mark.parametrize("standardised", [True, False])
def test_an_iphone_s_signs_are_turned_unless_standardised(tmp_path: Path, standardised: bool) -> None:
    sign = 1.0 if standardised else -1.0
    folder = tmp_path / "ios"
    stream(folder, "Accelerometer", sign * 0.02 * tilting(), stamps())
    stream(folder, "Gravity", sign * 0.98 * tilting(), stamps())
    stream(folder, "Gyroscope", 0.01 * tilting(), stamps())
    metadata(folder, "ios", standardised=standardised)
    recording = read(folder)
    np.testing.assert_allclose(recording.acc, tilting(), rtol=1e-9)
    assert recording.gyr is not None
    np.testing.assert_allclose(recording.gyr, 0.01 * tilting(), rtol=1e-9)
    assert any("times -1" in line for line in recording.provenance) == (not standardised)
    assert "Accelerometer.csv + Gravity.csv" in recording.provenance[0]


def test_without_metadata_the_sign_is_left_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    stream(folder, "Accelerometer", 0.02 * tilting(), stamps())
    stream(folder, "Gravity", 0.98 * tilting(), stamps())
    recording = read(folder)
    np.testing.assert_allclose(recording.acc, tilting(), rtol=1e-9)
    assert [finding.code for finding in recording.findings] == ["sign_unknown"]


def test_gravity_at_other_moments_is_joined(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    stream(folder, "Accelerometer", 0.0 * tilting(), stamps())
    stream(folder, "Gravity", tilting(), stamps(first_s=0.104))
    metadata(folder, "android", standardised=False)
    recording = read(folder)
    assert np.isnan(recording.acc[0]).all()
    np.testing.assert_allclose(recording.acc[1:], tilting()[1:], atol=0.02)
    assert {finding.code: finding.count for finding in recording.findings} == {"missing_samples": 1}


def test_acceleration_without_gravity_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    stream(folder, "Accelerometer", 0.1 * tilting(), stamps())
    stream(folder, "Gyroscope", 0.1 * tilting(), stamps())
    (folder / "Gravity.csv").write_text("time,seconds_elapsed,z,y,x\n")
    with pytest.raises(GravityError, match=r"x, Accelerometer.csv: .*Switch on Total Acceleration"):
        read(folder)
    stream(folder, "Gravity", tilting(), stamps(first_s=100.0))
    with pytest.raises(GravityError, match="do not overlap"):
        read(folder)


@pytest.mark.parametrize(
    ("platform", "standardised", "factor"),
    [("ios", False, -1 / G_M_S2), ("ios", True, 1.0), ("android", False, 1.0)],
)
def test_uncalibrated_acceleration_in_the_platform_s_unit(
    tmp_path: Path, platform: str, standardised: bool, factor: float
) -> None:
    folder = tmp_path / "x"
    stream(folder, "Accelerometer", 0.1 * tilting(), stamps())
    stream(folder, "AccelerometerUncalibrated", factor * tilting(), stamps())
    metadata(folder, platform, standardised=standardised)
    np.testing.assert_allclose(read(folder).acc, tilting(), rtol=1e-9)


def test_uncalibrated_acceleration_of_an_unknown_platform_needs_the_option(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    stream(folder, "AccelerometerUncalibrated", tilting() / G_M_S2, stamps())
    with pytest.raises(UnitsError, match="--units-acc"):
        read(folder)
    np.testing.assert_allclose(read(folder, units_acc="g").acc, tilting(), rtol=1e-9)


def test_units_given_for_an_export_that_has_its_own_are_told_not_used(android: Path) -> None:
    recording = read(android, units_acc="g", placement="hip")
    np.testing.assert_allclose(recording.acc, tilting(), rtol=1e-12)
    assert [finding.code for finding in recording.findings] == ["units_unused"]
    assert recording.placement == "hip"


def test_gyroscope_at_other_moments_is_joined(android: Path) -> None:
    rate = np.column_stack([stamps(200, 0.305, 50.0)] * 3) * 0.1
    stream(android, "Gyroscope", rate, stamps(200, 0.305, 50.0))
    recording = read(android)
    assert recording.gyr is not None
    known = np.isfinite(recording.gyr).all(axis=1)
    assert known.sum() == 379
    np.testing.assert_allclose(recording.gyr[known, 1], 0.1 * recording.time_s[known], atol=1e-9)
    assert {finding.code: finding.count for finding in recording.findings} == {"gyr_missing_samples": 21}


def test_a_gap_of_the_gyroscope_stays_a_gap(android: Path) -> None:
    keep = np.ones(400, dtype=bool)
    keep[100:200] = False
    stream(android, "Gyroscope", 0.01 * tilting()[keep], stamps()[keep])
    recording = read(android)
    assert recording.gyr is not None
    np.testing.assert_array_equal(np.isnan(recording.gyr[:, 0]), ~keep)


def test_a_gyroscope_of_another_time_is_not_used(android: Path) -> None:
    stream(android, "Gyroscope", tilting(), stamps(first_s=1000.0))
    recording = read(android)
    assert recording.gyr is None
    assert [finding.code for finding in recording.findings] == ["no_gyr"]


def test_an_unknown_time_zone_is_told(android: Path) -> None:
    metadata(android, "android", standardised=False, zone="Mars/Base")
    recording = read(android)
    assert recording.timezone is None
    assert [finding.code for finding in recording.findings] == ["timezone_unknown"]


def test_a_sidecar_beside_zip_or_folder_labels_it(android: Path) -> None:
    (android.parent / "android.json").write_text('{"placement": "left_thigh", "timezone": "Europe/Paris"}')
    for path in (android, zipped(android)):
        recording = read(path)
        assert (recording.placement, recording.timezone) == ("left_thigh", "Europe/Paris")


def test_one_csv_of_an_export_points_to_the_export(android: Path) -> None:
    with pytest.raises(RecordingFileError, match=r"one sensor of a Sensor Logger export.*android"):
        read(android / "TotalAcceleration.csv")


def test_a_damaged_member_is_named(android: Path) -> None:
    path = zipped(android)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("TotalAcceleration.csv")
    middle = info.header_offset + 60 + info.compress_size // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(content))
    with pytest.raises(RecordingFileError, match=r"android.zip, TotalAcceleration.csv: damaged zip"):
        read(path)


def test_a_bad_cell_is_named_by_file_line_and_column(android: Path) -> None:
    lines = (android / "Gyroscope.csv").read_text().splitlines()
    lines[6] = lines[6].rpartition(",")[0] + ",?"
    (android / "Gyroscope.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(RecordingFileError, match=r"Gyroscope.csv, line 7, column x: '\?' is not a number"):
        read(android)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sample of a real phone is not beside this repository")
def test_a_real_phone_s_export_without_gravity_is_refused() -> None:
    with pytest.raises(GravityError, match="Switch on Total Acceleration"):
        read(SHARED)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sample of a real phone is not beside this repository")
def test_a_real_phone_s_streams_join(tmp_path: Path) -> None:
    """The real gyroscope and clock, with gravity added to the real linear acceleration."""
    content = np.loadtxt(SHARED / "Accelerometer.csv", delimiter=",", skiprows=1)
    folder = tmp_path / "phone"
    for name in ("Accelerometer", "Gyroscope"):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.csv").write_bytes((SHARED / f"{name}.csv").read_bytes())
    stream(folder, "Gravity", np.tile([0.0, 0.0, -G_M_S2], (len(content), 1)), content[:, 1])
    metadata(folder, "ios", standardised=False)
    recording = read(folder)
    assert recording.n_samples == len(content)
    np.testing.assert_allclose(recording.acc, [0, 0, G_M_S2] - content[:, [4, 3, 2]], atol=1e-9)
    assert 99.0 < recording.sampling_rate_hz < 101.0
    assert recording.start_utc is not None
    assert recording.start_utc.date() == dt.date(2025, 10, 15)
    assert recording.gyr is not None
    assert np.isfinite(recording.gyr).all()
