"""The sensor in another process, its air reached over TCP on this computer; and that process killed meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bumble", reason="the sensor in software needs the extra `demo`")

from sciatrack_ingest.ble import BleakRadio
from sciatrack_ingest.collector import collect
from sciatrack_ingest.connecting import Patience
from sciatrack_ingest.decode_session import decode_log
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.session_recording import RecordingSession, Sitting
from sciatrack_ingest.status import State
from sciatrack_ingest.virtual.air import open_remote_central
from sciatrack_ingest.virtual.bleak_backend import client_backend, scanner_backend
from sciatrack_ingest.virtual.serve import coded_motion

PLACEMENTS = ("hip", "right_thigh")
PATIENCE_S = 60.0


@pytest.fixture
def sensors() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process with two sensors on its air, and the port of that air."""
    command = [sys.executable, "-m", "sciatrack_ingest.virtual.serve", "--sensors", "2", "--packet", "5"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = subprocess.Popen(command, **pipes)
    assert running.stdout is not None
    yield running, int(running.stdout.readline())
    if running.poll() is None:
        running.kill()
    running.communicate()


def test_two_sensors_of_another_process_are_recorded_until_it_is_killed(
    sensors: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    process, port = sensors

    async def until(holds) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.05)

    async def program() -> RecordingSession:
        central = await open_remote_central("127.0.0.1", port)
        await central.power_on()
        radio = BleakRadio(scanner_backend(central), client_backend(central))
        sitting = Sitting("P01", "UTC", tuple(zip(("IMU 0", "IMU 1"), PLACEMENTS, strict=True)))
        session = RecordingSession(radio, sitting, tmp_path, patience=Patience(scan=1.0))
        stop = asyncio.Event()
        task = asyncio.create_task(collect(session.recorders, stop))
        await until(lambda: session.recorded_s > 1.0)
        process.kill()
        await until(lambda: all(one.status.state is State.LOST for one in session.recorders))
        stop.set()
        await task
        return session

    session = asyncio.run(program())
    for number, placement in enumerate(PLACEMENTS):
        log = read_raw(session.folder / f"raw-{placement}.mcap")
        assert log.finished
        decoded = decode_log(log)
        recording = decoded.recording
        assert recording.n_samples > 100
        assert decoded.gaps == ()
        sent = coded_motion(100.0, 60.0, number)
        begin = int(np.flatnonzero(np.isclose(sent.acc[:, 0], recording.acc[0, 0], atol=1e-9))[0])
        np.testing.assert_allclose(recording.acc, sent.acc[begin : begin + recording.n_samples], atol=1e-9)
        np.testing.assert_allclose(recording.gyr, sent.gyr[begin : begin + recording.n_samples], atol=1e-9)
