"""Packets that real sensors sent, or that the makers' own tests use, against the values published with them.

The bytes come from public repositories under various licences and stay in the shared folder. What each proves is
said in PROOF; a vector for which nothing is said there fails the last test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciatrack_ingest.sensors import RawPacket, dot, movesense, polar, witmotion
from sciatrack_ingest.sensors.packets import column
from sciatrack_ingest.sensors.polar_control import ACC, GYRO
from sciatrack_ingest.sensors.polar_frames import read_stream
from sciatrack_ingest.units import ACC_FACTOR

VECTORS = Path(__file__).parents[2] / "shared" / "ble" / "golden_vectors.json"
G, MG = ACC_FACTOR["g"], ACC_FACTOR["mg"]

PROOF = {
    ("Movella DOT", "free acceleration"): "clock and floats of the DOT; captured, but another mode, without "
    "gyroscope and gravity: the layout of mode 21 rests on the maker's specification alone",
    ("WitMotion WT901BLE5.0", "80-byte"): "four frames in a notification, scales, signs; captured, at rest: gyro 0",
    ("WitMotion WT901BLE5.0", "40-byte"): "two frames in a notification; captured, at rest: gyro is 0",
    ("Movesense", "/Meas/IMU6/52"): "the whole measurement that we subscribe to: time, order of axes, both units",
    ("Movesense", "/Meas/Acc/52"): "the same layout with one field; another subscription, without gyroscope",
    ("Movesense", "/Meas/Gyro/52"): "the same layout with one field; another subscription, without acceleration",
    ("Polar Verity Sense", "GYRO compressed"): "one delta block of the gyroscope; bytes of the maker's unit test",
    ("Polar (ACC)", "ACC compressed type 1"): "one delta block in mg; bytes of the maker's unit test",
    ("Polar H10", "ACC raw"): "plain 16-bit frames in mg; captured on a chest strap without gyroscope",
    ("Polar Verity Sense", "ACC compressed type 0"): "many delta blocks of several widths, the factor; captured",
}  # fmt: skip


def vectors(sensor: str, kind: str) -> list[dict[str, Any]]:
    if not VECTORS.exists():
        pytest.skip(f"the captured packets lie in {VECTORS}, which is not here")
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [one for one in found if one["sensor"] == sensor and one["kind"].startswith(kind)]


def the_one(sensor: str, kind: str) -> tuple[bytes, Any]:
    (one,) = vectors(sensor, kind)
    return bytes.fromhex(one["hex"]), one["decoded"]


def packet(uuid: str, payload: bytes) -> RawPacket:
    return RawPacket(uuid, payload, 1_000_000_000, 0)


def polar_values(payload: bytes, kind: int, factor: float) -> Any:
    return read_stream(column([packet(polar.DATA_UUID, payload)], polar.DATA_UUID), kind, factor).values


def test_movella_dot_captured_clock_and_floats() -> None:
    found = vectors("Movella DOT", "free acceleration")
    rows = []
    for one in found:
        captured = bytes.fromhex(one["hex"])[:16]
        sent = dot.decode([packet(dot.MEDIUM_UUID, (captured + bytes(12)).ljust(40, b"\0"))])
        np.testing.assert_allclose(sent.acc[0], one["decoded"]["free_acc_mps2"], rtol=1e-7)
        np.testing.assert_array_equal(sent.gyr, 0.0)
        assert sent.device_time_s is not None
        rows.append(sent.device_time_s[0])
        assert rows[-1] == pytest.approx(one["decoded"]["t_us"] * 1e-6, abs=1e-9)
    assert np.diff(rows) == pytest.approx(1 / 60, abs=1e-5)


@pytest.mark.parametrize("kind", ["80-byte", "40-byte"])
def test_witmotion_captured_frames(kind: str) -> None:
    payload, expected = the_one("WitMotion WT901BLE5.0", kind)
    decoded = witmotion.decode([packet(witmotion.NOTIFY_UUID, payload)])
    np.testing.assert_allclose(decoded.acc / G, [row["acc_g"] for row in expected], atol=1e-12)
    assert decoded.gyr is not None
    np.testing.assert_array_equal(np.degrees(decoded.gyr), [row["gyr_dps"] for row in expected])
    assert decoded.findings == ()


def test_movesense_captured_imu6() -> None:
    payload, expected = the_one("Movesense", "/Meas/IMU6/52")
    notified = bytes([movesense.DATA, movesense.IMU_REFERENCE]) + payload
    decoded = movesense.decode([packet(movesense.NOTIFY_UUID, notified)])
    np.testing.assert_allclose(decoded.acc, expected["acc_mps2"], atol=1e-6)
    assert decoded.gyr is not None
    np.testing.assert_allclose(np.degrees(decoded.gyr), expected["gyr_dps"], atol=1e-6)
    assert decoded.device_time_s is not None
    assert decoded.device_time_s[0] == pytest.approx(expected["t_ms"] / 1e3)
    assert np.diff(decoded.device_time_s) == pytest.approx(1 / 52)


@pytest.mark.parametrize(("kind", "field", "array"), [("Acc", "acc", "ArrayAcc"), ("Gyro", "gyr", "ArrayGyro")])
def test_movesense_captured_single_fields(kind: str, field: str, array: str) -> None:
    payload, expected = the_one("Movesense", f"/Meas/{kind}/52")
    row = np.frombuffer(payload, movesense.packet_dtype(4, (field,)))[0]
    assert row["t_ms"] == expected["Timestamp"]
    np.testing.assert_allclose(row[field], [[one[axis] for axis in "xyz"] for one in expected[array]], atol=1e-6)


def test_polar_verity_sense_gyro_delta_frame() -> None:
    payload, expected = the_one("Polar Verity Sense", "GYRO compressed")
    np.testing.assert_array_equal(polar_values(payload, GYRO, 1.0), expected["raw"])


def test_polar_acc_delta_frame_in_mg() -> None:
    payload, expected = the_one("Polar (ACC)", "ACC compressed type 1")
    decoded = polar.decode([packet(polar.DATA_UUID, payload)])
    np.testing.assert_allclose(decoded.acc / MG, expected["scaled"], atol=1e-9)
    assert decoded.device_time_s is not None
    assert decoded.device_time_s[-1] == pytest.approx(expected["t_last_ns"] * 1e-9)


def test_polar_h10_raw_frame() -> None:
    payload, expected = the_one("Polar H10", "ACC raw")
    decoded = polar.decode([packet(polar.DATA_UUID, payload)])
    assert decoded.n_samples == expected["n"]
    np.testing.assert_allclose(decoded.acc[:2] / MG, expected["first"], atol=1e-9)
    np.testing.assert_allclose(decoded.acc[-1] / MG, expected["last"], atol=1e-9)
    assert decoded.gyr is None


def test_polar_verity_sense_acc_delta_frame_with_factor() -> None:
    payload, expected = the_one("Polar Verity Sense", "ACC compressed type 0")
    np.testing.assert_array_equal(polar_values(payload, ACC, 1.0)[:2], expected["first"])
    factor = np.float32(2.44e-4)
    start = bytes([0xF0, 2, ACC, 0, 0, 5, 1]) + factor.tobytes()
    decoded = polar.decode([packet(polar.CONTROL_UUID, start), packet(polar.DATA_UUID, payload)])
    assert decoded.n_samples == expected["n"]
    # The published value is cut off to whole mg, not rounded.
    np.testing.assert_array_equal(np.trunc(decoded.acc[0] / MG), expected["first_mG"])
    assert decoded.findings == ()


def test_every_vector_of_our_families_is_used_here() -> None:
    makers = ("Movella", "WitMotion", "Movesense", "Polar")
    found = [one for maker in makers for one in vectors_of(maker)]
    unused = [one for one in found if not any(one["sensor"] == s and one["kind"].startswith(k) for s, k in PROOF)]
    assert len(found) == 11
    assert unused == []


def vectors_of(maker: str) -> list[dict[str, Any]]:
    if not VECTORS.exists():
        pytest.skip(f"the captured packets lie in {VECTORS}, which is not here")
    found = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [one for one in found if one["sensor"].startswith(maker)]
