"""`sciatrack scan` and `sciatrack record` as typed: options, signals, messages and what is printed where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakError,
)
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack.recorder import Recorded
from sciatrack_ingest import ble, read
from sciatrack_ingest.radio import (
    Found,
    LinkError,
    MissingCharacteristicError,
    NoAdapterError,
    RadioDeniedError,
)
from sciatrack_ingest.sensors import Advertisement
from sciatrack_ingest.sessions import verify_session
from sciatrack_ingest.virtual.sensor import Motion

needs_bumble = pytest.mark.skipif(find_spec("bumble") is None, reason="needs the extra `demo` (bumble)")
DEMO = ["record", "--demo", "--participant", "P01", "--placement", "right_thigh"]
STILL = Motion(100.0, np.zeros((100, 3)), np.zeros((100, 3)))
OWN = """[exercises.nerve_slider]
name = "Sciatic nerve slider"
sides = "each"
hold_s = [0, 1]
reps = [10, 10]
start_position = "Sitting on a chair."
steps = ["Straighten the knee.", "Bend it again."]
"""
GENERIC = "7a0b0001-5c1a-4b0e-9c3d-2f6d1e8a4b70"


def invoke(*arguments: str):
    return CliRunner().invoke(cli, arguments)


def the_air(monkeypatch, *adverts: Advertisement) -> None:
    async def scan(self, seconds, until=None):
        return [Found(advert, None) for advert in adverts]

    monkeypatch.setattr(ble.BleakRadio, "scan", scan)


@needs_bumble
def test_the_demo_becomes_a_whole_session_of_two_sensors(tmp_path: Path) -> None:
    result = invoke(*DEMO, "--placement", "hip", "--duration", "2", "--output", str(tmp_path))
    assert result.exit_code == 0, result.output
    folder = Path(result.stdout.strip())
    assert folder.parent == tmp_path
    assert verify_session(folder) == []
    assert json.loads((folder / "manifest.json").read_text())["origin"] == "simulated"
    for placement in ("right_thigh", "hip"):
        recording = read(folder / f"imu-{placement}.parquet")
        assert recording.n_samples >= 190
        assert recording.gaps_s.size == 0
    assert "0.00 % lost" in result.stderr


@needs_bumble
def test_the_exercises_of_the_study_are_taken_and_a_slip_in_them_stops_nothing_else(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("sciatrack.recorder.record", lambda request: Recorded(None))
    monkeypatch.setattr("sciatrack.demo_sensor.demo_motion", lambda *_: STILL)
    (tmp_path / "exercises.toml").write_text(OWN)
    arguments = [*DEMO, "--output", str(tmp_path / "sessions")]
    assert invoke(*arguments, "--exercise", "nerve_slider").exit_code == 0
    (tmp_path / "exercises.toml").write_text(OWN.replace("reps", "repz"))
    refused = invoke(*arguments, "--exercise", "nerve_slider")
    assert refused.exit_code in (1, 2)
    assert "exercises.toml" in refused.output.replace("\n", "")
    assert invoke(*arguments, "--exercise", "clamshell").exit_code == 0


@needs_bumble
def test_auto_is_left_to_the_analysis(tmp_path: Path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr("sciatrack.recorder.record", lambda request: seen.append(request) or Recorded(None))
    for exercise in ((), ("--exercise", "auto"), ("--exercise", "clamshell")):
        assert invoke(*DEMO, *exercise, "--output", str(tmp_path)).exit_code == 0
    assert [request.sitting.exercise for request in seen] == ["glute_bridge", "", "clamshell"]


@needs_bumble
def test_a_session_that_cannot_be_finished_is_kept_and_says_how_to_go_on(tmp_path: Path, monkeypatch) -> None:
    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sciatrack.closing.close_session", full)
    result = invoke(*DEMO, "--duration", "1", "--output", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert f"sciatrack recover {folder}" in result.stderr
    assert (folder / "raw-right_thigh.mcap").stat().st_size > 0


@needs_bumble
def test_a_second_ctrl_c_says_how_to_go_on(tmp_path: Path, monkeypatch) -> None:
    def impatient(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("sciatrack.closing.close_session", impatient)
    result = invoke(*DEMO, "--duration", "1", "--output", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert result.exit_code == 1
    assert f"ended at once. What was recorded is kept; finish it with: sciatrack recover {folder}" in result.stderr
    recovered = invoke("recover", str(folder))
    assert recovered.exit_code == 0
    assert verify_session(folder) == []


@needs_bumble
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to another process")
def test_ctrl_c_ends_a_recording_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sciatrack.cli", *DEMO, "--output", str(tmp_path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if line.rstrip().endswith(": recording"):
            break
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert verify_session(Path(out.strip())) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (DEMO[:1] + DEMO[2:], "either --demo, or --sensor"),
        ([*DEMO, "--sensor", "x"], "either --demo, or --sensor"),
        ([*DEMO, "--placement", "right_thigh"], "cannot sit at the same place"),
        (["record", "--sensor", "a", "--sensor", "b", *DEMO[2:]], "2 --sensor, 1 --placement"),
        (["record", "--sensor", "a", "--sensor", "A", *DEMO[2:], "--placement", "hip"], "the same sensor twice"),
        ([*DEMO, "--exercise", "glute_brige"], "glute_bridge"),
        ([*DEMO, "--timezone", "Berlin"], "time zone 'Berlin'"),
        (["record", "--sensor", "a", "--placement", "hip", "--participant", "Anna B."], "not a pseudonym"),
        ([*DEMO, "--duration", "0"], "--duration"),
    ],
)
def test_wrong_options_are_usage_errors(arguments: list[str], words: str, tmp_path: Path) -> None:
    if "--demo" in arguments and find_spec("bumble") is None and "--timezone" in arguments:
        pytest.skip("the demo needs bumble")
    result = invoke(*arguments, "--output", str(tmp_path / "sessions"))
    assert result.exit_code == 2
    assert words in result.output
    assert not (tmp_path / "sessions").exists()


def test_without_the_extra_the_demo_says_how_to_get_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = invoke(*DEMO, "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "pip install 'sciatrack[demo]'" in result.output


def test_an_absent_sensor_is_one_clear_message(tmp_path: Path, monkeypatch) -> None:
    the_air(monkeypatch, Advertisement("IMU left", "AA:BB", (GENERIC,)))
    arguments = ["record", "--sensor", "IMU right", "--placement", "hip", "--participant", "P01"]
    result = invoke(*arguments, "--output", str(tmp_path))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "IMU right was not heard" in result.stderr
    assert "Heard instead: IMU left" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_scan_lists_supported_sensors_strongest_first_and_counts_the_others(monkeypatch) -> None:
    the_air(
        monkeypatch,
        Advertisement("far", "AA:01", (GENERIC,), rssi_dbm=-90),
        Advertisement("headset", "AA:02", (), rssi_dbm=-40),
        Advertisement("near", "AA:03", (GENERIC,), rssi_dbm=-50),
    )
    result = invoke("scan", "--seconds", "1")
    assert result.exit_code == 0
    near, far = result.stdout.splitlines()
    assert near.startswith("near  AA:03  -50 dBm  Generic GATT")
    assert far.startswith("far   AA:01  -90 dBm")
    assert "2 supported sensors, 1 other device\n" in result.stderr


def test_scanning_an_empty_air_is_an_answer(monkeypatch) -> None:
    the_air(monkeypatch)
    result = invoke("scan", "--seconds", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Wake the sensor" in result.stderr


Reason = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("error", "ours", "words"),
    [
        (BleakBluetoothNotAvailableError("x", Reason.POWERED_OFF), NoAdapterError, "Bluetooth is off"),
        (BleakBluetoothNotAvailableError("x", Reason.NO_BLUETOOTH), NoAdapterError, "has none"),
        (BleakBluetoothNotAvailableError("x", Reason.DENIED_BY_USER), RadioDeniedError, "not allowed"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), RadioDeniedError, "not allowed"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), NoAdapterError, "Bluetooth is off"),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort"]), LinkError, "le-connection-abort"),
        (FileNotFoundError(2, "no bus"), NoAdapterError, "Bluetooth is off"),
        (PermissionError(13, "no"), RadioDeniedError, "not allowed"),
        (BleakCharacteristicNotFoundError("0001"), MissingCharacteristicError, "0001"),
        (BleakError("Not connected"), LinkError, "Not connected"),
        (TimeoutError(), LinkError, "TimeoutError"),
        (EOFError(), LinkError, "EOFError"),
        (KeyError("Connected"), LinkError, "Connected"),
    ],
)
def test_every_way_in_which_bluetooth_fails_has_its_message(error: Exception, ours: type, words: str) -> None:
    with pytest.raises(ours, match=words), ble.telling("connecting", "0001"):
        raise error
