"""The contract's own recording file: columns by name, sidecar, options, refusals that say where."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciatrack_ingest import (
    GravityError,
    MissingPathError,
    RecordingError,
    RecordingFileError,
    TimeError,
    UnitsError,
    read,
)
from sciatrack_ingest.files.columns import numbers

G_M_S2 = 9.80665
ACC = ("acc_x", "acc_y", "acc_z")
GYR = ("gyr_x", "gyr_y", "gyr_z")


def lying(n: int = 300, rate_hz: float = 100.0) -> dict[str, np.ndarray]:
    """Columns of a sensor that lies still, in m/s^2 and rad/s."""
    noise = np.random.default_rng(7).normal(0.0, 0.03, (6, n))
    columns = {"time": np.arange(n) / rate_hz}
    columns |= {name: noise[at] + (0.0, 0.0, G_M_S2)[at] for at, name in enumerate(ACC)}
    return columns | {name: noise[3 + at] for at, name in enumerate(GYR)}


def write(path: Path, columns: dict[str, Any], sidecar: dict[str, Any] | None = None) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
    else:
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join("" if v is None else str(v) for v in row) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    if sidecar is not None:
        path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path


SIDECAR = {
    "units": {"acc": "m/s^2", "gyr": "rad/s"},
    "sampling_rate_hz": 100,
    "exercise": "glute_bridge",
    "placement": "right_thigh",
    "side": "right",
    "participant": "P-01",
    "start_utc": "2026-03-29T10:30:00+02:00",
    "timezone": "Europe/Berlin",
}


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_reads_columns_labels_and_provenance(tmp_path: Path, ending: str) -> None:
    columns = lying()
    recording = read(write(tmp_path / f"bridge{ending}", columns, SIDECAR))
    np.testing.assert_array_equal(recording.time_s, columns["time"])
    np.testing.assert_array_equal(recording.acc, np.column_stack([columns[name] for name in ACC]))
    np.testing.assert_array_equal(recording.gyr, np.column_stack([columns[name] for name in GYR]))
    assert recording.acc.flags.c_contiguous
    assert recording.acc.dtype == np.float64
    assert not recording.acc.flags.writeable
    labels = (recording.exercise, recording.placement, recording.side, recording.participant)
    assert labels == ("glute_bridge", "right_thigh", "right", "P-01")
    assert recording.start_utc == dt.datetime(2026, 3, 29, 8, 30, tzinfo=dt.UTC)
    assert (recording.timezone, recording.nominal_rate_hz) == ("Europe/Berlin", 100.0)
    assert recording.name == str(tmp_path / f"bridge{ending}")
    assert recording.findings == ()
    assert any("acc in m/s^2 (said by sidecar bridge.json)" in line for line in recording.provenance)


def test_options_win_over_the_sidecar(tmp_path: Path) -> None:
    columns = lying()
    for name in ACC:
        columns[name] /= G_M_S2
    path = write(tmp_path / "a.csv", columns, SIDECAR)
    recording = read(path, units_acc="g", placement="hip", side="both", exercise="pelvic_tilt")
    np.testing.assert_allclose(recording.acc[:, 2].mean(), G_M_S2, rtol=1e-3)
    assert (recording.placement, recording.side, recording.exercise) == ("hip", "both", "pelvic_tilt")
    assert recording.participant == "P-01"
    assert "placement from option" in recording.provenance
    assert any("acc in g (said by option), x 9.80665" in line for line in recording.provenance)


@pytest.mark.parametrize(("unit", "factor"), [("g", G_M_S2), ("mg", G_M_S2 / 1000), ("m/s^2", 1.0)])
def test_units_of_acceleration_are_converted(tmp_path: Path, unit: str, factor: float) -> None:
    columns = {name: column for name, column in lying().items() if name not in GYR}
    expected = np.column_stack([columns[name] for name in ACC])
    scaled = columns | {name: columns[name] / factor for name in ACC}
    recording = read(write(tmp_path / "a.csv", scaled), units_acc=unit)
    np.testing.assert_allclose(recording.acc, expected, rtol=1e-12)
    assert recording.gyr is None


def test_degrees_become_radians(tmp_path: Path) -> None:
    columns = lying()
    scaled = columns | {name: np.rad2deg(columns[name]) for name in GYR}
    recording = read(write(tmp_path / "a.csv", scaled), units_acc="m/s^2", units_gyr="deg/s")
    assert recording.gyr is not None
    np.testing.assert_allclose(recording.gyr, np.column_stack([columns[name] for name in GYR]), rtol=1e-12)


def test_column_order_and_other_columns_do_not_matter(tmp_path: Path) -> None:
    columns = lying()
    order = ["gyr_z", "note", "acc_y", "time", "acc_x", "gyr_x", "acc_z", "gyr_y"]
    shuffled = {name: columns.get(name, np.array(["a;b"] * 300)) for name in order}
    expected = read(write(tmp_path / "a.csv", columns, SIDECAR))
    for ending in (".csv", ".parquet"):
        found = read(write(tmp_path / f"b{ending}", shuffled, SIDECAR))
        np.testing.assert_array_equal(found.acc, expected.acc)
        np.testing.assert_array_equal(found.gyr, expected.gyr)


def test_a_file_without_gyroscope_or_with_an_empty_one_is_normal(tmp_path: Path) -> None:
    columns = lying()
    without = {name: column for name, column in columns.items() if name not in GYR}
    empty = columns | {name: np.full(300, np.nan) for name in GYR}
    for name, content in (("a.csv", without), ("b.csv", empty), ("c.parquet", empty)):
        recording = read(write(tmp_path / name, content), units_acc="m/s^2")
        assert recording.gyr is None
        assert recording.findings == ()


def test_without_time_the_rate_counts(tmp_path: Path) -> None:
    columns = {name: column for name, column in lying().items() if name in ACC}
    path = write(tmp_path / "a.csv", columns)
    with pytest.raises(TimeError, match="--rate"):
        read(path, units_acc="m/s^2")
    recording = read(path, units_acc="m/s^2", rate=50)
    np.testing.assert_allclose(recording.time_s, np.arange(300) / 50)
    assert [finding.code for finding in recording.findings] == ["counted_time"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_header_alone_is_an_empty_recording(tmp_path: Path, ending: str) -> None:
    recording = read(write(tmp_path / f"a{ending}", lying(0), SIDECAR))
    assert recording.n_samples == 0
    assert recording.acc.shape == (0, 3)


def test_one_sample_is_a_recording(tmp_path: Path) -> None:
    recording = read(write(tmp_path / "a.csv", lying(1), SIDECAR))
    assert (recording.n_samples, recording.duration_s) == (1, 0.0)


def test_without_units_the_option_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", lying())
    with pytest.raises(UnitsError, match="--units-acc"):
        read(path)
    with pytest.raises(UnitsError, match="--units-gyr"):
        read(path, units_acc="m/s^2")


@pytest.mark.parametrize(
    ("line", "content", "where"),
    [
        (3, "0.01,oops,0,9.8", "line 3, column acc_x: 'oops' is not a number"),
        (4, "0.02,0,9.8", "line 4: 3 values, but line 1 names 4 columns"),
        (3, "0.01,0,0,9.8,1", "line 3: 5 values"),
        (5, "0.03,0,0,9_8", "line 5, column acc_z: '9_8'"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, line: int, content: str, where: str) -> None:
    lines = ["time,acc_x,acc_y,acc_z"] + [f"{i / 100},0,0,9.8" for i in range(10)]
    lines[line - 1] = content
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RecordingFileError) as error:
        read(path, units_acc="m/s^2")
    assert where in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_last_line_cut_off_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,acc_x,acc_y,acc_z\n" + "".join(f"{i / 100},0,0,9.8\n" for i in range(9)) + "0.09,0,")
    recording = read(path, units_acc="m/s^2")
    assert recording.n_samples == 9
    assert [finding.code for finding in recording.findings] == ["cut_line"]


def test_empty_cells_and_words_for_nothing_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["0,0,0,9.8", "0.01,,,", "0.02,NaN,nan,NaN", "0.03,NA,null,n/a", "0.04,0,0,9.8", ",0,0,9.8"]
    path.write_text("time,acc_x,acc_y,acc_z\n" + "\n".join(rows) + "\n")
    recording = read(path, units_acc="m/s^2")
    np.testing.assert_array_equal(np.isnan(recording.acc).all(axis=1), [False, True, True, True, False])
    assert {finding.code: finding.count for finding in recording.findings} == {
        "time_missing": 1,
        "missing_samples": 3,
    }


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("time,acc_x,acc_y", "no column acc_z"),
        ("t,ax,ay,az", "no column acc_x among: t, ax, ay, az"),
        ("time,acc_x,acc_y,acc_z,gyr_x", "gyr_x is there, gyr_y is not"),
        ("time,acc_x,acc_y,acc_z,acc_x", "two columns are named acc_x"),
        ("1,2,3,4", "no column acc_x"),
    ],
)
def test_a_wrong_header_says_what_is_missing(tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    with pytest.raises(RecordingFileError, match=message):
        read(path, units_acc="m/s^2")


@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), ("\t", "."), (";", "."), ("\t", ","), (";", ",")])
def test_csv_of_any_spreadsheet(tmp_path: Path, separator: str, decimal: str) -> None:
    columns = lying(20)
    rows = [[repr(float(v)).replace(".", decimal) for v in row] for row in zip(*columns.values(), strict=True)]
    path = tmp_path / "a.csv"
    text = "\r\n".join(separator.join(row) for row in [list(columns), *rows])
    path.write_bytes(("\ufeff" + text + "\r\n").encode())
    recording = read(path, units_acc="m/s^2", units_gyr="rad/s")
    np.testing.assert_array_equal(recording.acc, np.column_stack([columns[name] for name in ACC]))


def test_parquet_of_other_number_types_and_nulls(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "time": pa.array(np.arange(50) / 50, pa.float32()),
        "acc_x": pa.array([0, None] * 25, pa.int16()),
        "acc_y": pa.array([0] * 50, pa.int64()),
        "acc_z": pa.array([1000] * 50, pa.uint16()),
    }
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=7)
    recording = read(path, units_acc="mg")
    np.testing.assert_array_equal(np.isnan(recording.acc[:, 0]), [False, True] * 25)
    np.testing.assert_allclose(recording.acc[:, 2], G_M_S2)


def test_numbers_of_a_part_of_an_arrow_array() -> None:
    whole = pa.array([1.0, None, 3.0, None, 5.0, 6.0, 7.0, 8.0, None, 10.0])
    np.testing.assert_array_equal(numbers(whole[3:9]), [np.nan, 5, 6, 7, 8, np.nan])
    np.testing.assert_array_equal(numbers(whole[4:7]), [5, 6, 7])
    np.testing.assert_array_equal(numbers(pa.nulls(2)), [np.nan, np.nan])


def test_parquet_of_text_or_dates_names_the_column(tmp_path: Path) -> None:
    columns: dict[str, Any] = lying(3)
    text = columns | {"acc_y": pa.array(["a", "b", "c"])}
    with pytest.raises(RecordingFileError, match="column acc_y: holds string, not numbers"):
        read(write(tmp_path / "a.parquet", text, SIDECAR))
    dates = columns | {"time": pa.array([1, 2, 3], pa.timestamp("ms"))}
    with pytest.raises(RecordingFileError, match=r"column time: .*in seconds"):
        read(write(tmp_path / "a.parquet", dates, SIDECAR))


@pytest.mark.parametrize(
    ("sidecar", "message"),
    [
        ("{", "a.json, line 1, column 2: not valid JSON"),
        ("[1]", "holds no JSON object"),
        ('{"units": "g"}', "`units` is 'g'"),
        ('{"units": {"acc": "gee"}}', "units_acc 'gee' is not a unit known here; it is one of m/s^2, g, mg"),
        ('{"placement": "left_knee"}', "placement 'left_knee' is not known; it is one of hip, left_thigh"),
        ('{"side": 3}', "side is 3"),
        ('{"participant": "Jane Doe"}', "participant 'Jane Doe' is not allowed"),
        ('{"sampling_rate_hz": "fast"}', "sampling rate 'fast'"),
        ('{"sampling_rate_hz": 0}', "sampling rate 0"),
        ('{"start_utc": "yesterday"}', "start_utc 'yesterday' is not a time such as"),
        ('{"timezone": "Berlin"}', "timezone 'Berlin' is no IANA time zone"),
    ],
)
def test_a_wrong_sidecar_is_refused_by_name(tmp_path: Path, sidecar: str, message: str) -> None:
    path = write(tmp_path / "a.csv", lying())
    (tmp_path / "a.json").write_text(sidecar)
    with pytest.raises(RecordingFileError) as error:
        read(path, units_acc="m/s^2", units_gyr="rad/s")
    assert message in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "a.json"))


def test_keys_of_a_sidecar_that_nobody_reads_are_told(tmp_path: Path) -> None:
    sidecar = SIDECAR | {"plcement": "hip", "units": {"acc": "m/s^2", "gyr": "rad/s", "mag": "uT"}}
    recording = read(write(tmp_path / "a.csv", lying(), sidecar))
    assert [finding.code for finding in recording.findings] == ["sidecar_unread"]
    assert "plcement, units.mag" in recording.findings[0].message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units_acc": "m"}, "units_acc 'm' is not a unit"),
        ({"placement": "knee"}, "placement 'knee'"),
        ({"side": "middle"}, "side 'middle'"),
        ({"rate": -1}, "sampling rate -1"),
        ({"participant": "a b"}, "participant 'a b'"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        read(write(tmp_path / "a.csv", lying()), **options)


def test_a_misspelt_option_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no option 'unit_acc'"):
        read(tmp_path, unit_acc="g")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the first line is empty"),
        (b"\xd0\xcf\x11\xe0abc", "Excel"),
        (b"\x89MCAP0\r\n", "raw log"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x00\x01\x02\x03", "of no kind known here"),
        (b"PAR1 and then nothing of the kind", "damaged Parquet"),
        (b"PK\x03\x04 and then nothing", "damaged zip"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingFileError, match=message):
        read(path, units_acc="m/s^2")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError) as error:
        read(tmp_path / "gone.csv")
    assert isinstance(error.value, FileNotFoundError)
    assert "gone.csv: there is no such file" in str(error.value)


def test_inputs_are_untouched(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"a{ending}", lying(), SIDECAR) for ending in (".csv", ".parquet")]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in paths:
        read(path, units_acc="m/s^2")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_missing_gravity_is_an_error_of_units() -> None:
    assert issubclass(GravityError, UnitsError)
    assert issubclass(UnitsError, RecordingFileError)


def test_reading_imports_neither_pandas_nor_scipy(tmp_path: Path) -> None:
    paths = [str(write(tmp_path / f"a{ending}", lying(), SIDECAR)) for ending in (".csv", ".parquet")]
    code = (
        "import sys; from sciatrack_ingest import read; [read(path) for path in sys.argv[1:]]; "
        "print([name for name in ('pandas', 'scipy', 'duckdb', 'matplotlib') if name in sys.modules])"
    )
    roots = [entry for entry in sys.path if entry]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {roots!r}; {code}", *paths],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
