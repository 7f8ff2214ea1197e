"""Whatever bytes come, `read` gives a Recording or one of our own errors, and leaves the file alone."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_ingest import Recording, SciatrackError, read


def _csv() -> bytes:
    rows = "".join(f"{i / 50},{i % 3},0.5,9.8,0,0.1,0\n" for i in range(40))
    return ("time,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n" + rows).encode()


def _parquet() -> bytes:
    columns = {name: np.full(60, 5.66) for name in ("acc_x", "acc_y", "acc_z")}
    buffer = io.BytesIO()
    pq.write_table(pa.table({"time": np.arange(60) / 50, **columns}), buffer, compression="none")
    return buffer.getvalue()


def _zip(members: dict[str, str], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


LOGGER_ROWS = "time,seconds_elapsed,z,y,x\n" + "".join(f"{i * 10**7},{i / 100},9.8,0,1\n" for i in range(40))
PHYPHOX_ROWS = '"Time (s)";"X (m/s^2)";"Y (m/s^2)";"Z (m/s^2)"\n' + "".join(
    f"{i}E-2;0,1;0,2E0;9,8\n".replace(".", ",") for i in range(40)
)
SEEDS = {
    "csv": _csv(),
    "parquet": _parquet(),
    "sensor_logger": _zip(
        {"TotalAcceleration.csv": LOGGER_ROWS, "Gyroscope.csv": LOGGER_ROWS.replace("9.8", "0.1"),
         "Metadata.csv": "platform,standardisation\nios,false\n"}, zipfile.ZIP_STORED,
    ),
    "phyphox": _zip(
        {"Raw Data.csv": PHYPHOX_ROWS,
         "meta/time.csv": '"event";"experiment time";"system time"\n"START";0E0;1790000000,0\n'},
        zipfile.ZIP_DEFLATED,
    ),
    "single": PHYPHOX_ROWS.encode(),
}  # fmt: skip


def read_bytes(content: bytes, sidecar: bytes | None = None) -> Recording | SciatrackError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dat"
        path.write_bytes(content)
        if sidecar is not None:
            path.with_suffix(".json").write_bytes(sidecar)
        try:
            result: Recording | SciatrackError = read(path, units_acc="m/s^2", units_gyr="rad/s")
        except SciatrackError as error:
            result = error
        assert path.read_bytes() == content
        assert isinstance(result, Recording) or str(path.with_suffix("")) in str(result)
        return result


@pytest.mark.parametrize("kind", SEEDS)
def test_each_seed_is_readable(kind: str) -> None:
    recording = read_bytes(SEEDS[kind])
    assert isinstance(recording, Recording), recording
    assert recording.n_samples in (40, 60)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400)
    | st.text(alphabet="acc_xyztime,;\t\n\"'0123456789.-+eEnNaA ", max_size=300).map(str.encode)
)
def test_random_bytes(content: bytes) -> None:
    read_bytes(content)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='0123456789.-+eEnaif,\n\r" ', max_size=200))
def test_random_cells_below_a_good_header(text: str) -> None:
    read_bytes(b"time,acc_x,acc_y,acc_z\n" + text.encode())


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(width=32) | st.sampled_from([0.0, 9.8, 1e300, -1e-300, 1e308])] * 4), max_size=30
    )
)
def test_any_numbers(rows: list[tuple[float, ...]]) -> None:
    lines = "".join(",".join(map(repr, row)) + "\n" for row in rows)
    read_bytes(b"time,acc_x,acc_y,acc_z\n" + lines.encode())


@pytest.mark.parametrize("kind", SEEDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_files(kind: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "end"]))
        size = data.draw(st.integers(0, 12))
        if how == "set":
            content[at : at + size] = data.draw(st.binary(min_size=size, max_size=size))
        elif how == "cut":
            del content[at : at + size]
        elif how == "insert":
            content[at:at] = data.draw(st.binary(max_size=12))
        else:
            del content[at:]
    read_bytes(bytes(content))


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["units", "acc", "gyr", "placement", "start_utc", "timezone", "sampling_rate_hz", "x"]),
            inner, max_size=4,
        ),
        max_leaves=8,
    ).map(lambda value: __import__("json").dumps(value).encode())
)  # fmt: skip
def test_any_sidecar(sidecar: bytes) -> None:
    read_bytes(SEEDS["csv"], sidecar)
