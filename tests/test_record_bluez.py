"""bleak's own BlueZ backend: real D-Bus on a bus of our own, an `org.bluez` on it, and the virtual air below."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("BlueZ is Linux's Bluetooth", allow_module_level=True)
pytest.importorskip("bumble", reason="the sensor in software needs the extra `demo`")
if shutil.which("dbus-daemon") is None:
    pytest.skip("needs dbus-daemon (Debian package dbus)", allow_module_level=True)

from sciatrack.closing import close_session
from sciatrack.recorder import Recorded, Request, record
from sciatrack_ingest import read
from sciatrack_ingest.ble import BleakRadio
from sciatrack_ingest.connecting import SensorNotFoundError
from sciatrack_ingest.radio import NoAdapterError
from sciatrack_ingest.rawread import read_raw
from sciatrack_ingest.session_recording import Sitting
from sciatrack_ingest.virtual.air import Air
from sciatrack_ingest.virtual.bluez import serve_bluez
from sciatrack_ingest.virtual.faults import Faults
from sciatrack_ingest.virtual.peripheral import on_air
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import GenericSpeaker

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>"""


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A message bus of our own, named as the system's."""
    # a socket's path has 107 characters at most, and pytest's folders are deep
    short = Path(tempfile.mkdtemp(prefix="bus"))
    config = tmp_path / "bus.conf"
    config.write_text(CONFIG.format(path=short / "bus"))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    yield address
    daemon.terminate()
    daemon.communicate()
    shutil.rmtree(short)


def run(bus: str, tmp_path: Path, wanted: str, faults: Faults | None = None) -> tuple[Recorded, VirtualSensor]:
    kept = []

    @asynccontextmanager
    async def radio():
        air = Air()
        still = Motion(100.0, np.tile([0.0, 0.0, 9.8], (10, 1)), np.zeros((10, 3)))
        sensor = VirtualSensor(GenericSpeaker("over D-Bus", 5), still, faults)
        kept.append(sensor)
        async with on_air(air, sensor, "F0:F1:F2:F3:F4:01"):
            central = air.new_central()
            await central.power_on()
            service = await serve_bluez(bus, central)
            yield BleakRadio()
            await service.close()
            await central.power_off()

    sitting = Sitting("P01", "UTC", ((wanted, "hip"),))
    return record(Request(sitting, radio, tmp_path / "sessions", 5.0)), kept[0]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # dbus-fast leaves its socket to the garbage collector
def test_a_session_is_recorded_through_bluez_and_a_lost_link(bus: str, tmp_path: Path) -> None:
    done, sensor = run(bus, tmp_path, "over D-Bus", Faults(away_s=((1.0, 1.3),)))
    assert done.trouble is None
    assert done.folder is not None
    log = read_raw(done.folder / "raw-hip.mcap")
    numbers = [int.from_bytes(packet.payload[2:4], "little") for packet in log.packets]
    sent = [one.first_row for one in sensor.delivered]
    # what is on the way over D-Bus when the link drops may not arrive any more
    assert set(numbers) <= set(sent)
    assert len(numbers) == len(set(numbers)) > len(sent) // 2
    assert [event.kind for event in log.events].count("connect") == 2
    assert [event.data["mtu"] for event in log.events if event.kind == "mtu"] == [247, 247]
    close_session(done.folder)
    assert read(done.folder / "imu-hip.parquet").n_samples == 5 * len(numbers)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_sensor_that_is_not_in_the_air_is_not_found(bus: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("sciatrack_ingest.collector.Patience", lambda: _impatient())
    done, _ = run(bus, tmp_path, "another one")
    assert isinstance(done.trouble, SensorNotFoundError)
    assert "Heard instead: over D-Bus" in str(done.trouble)


def _impatient():
    from sciatrack_ingest.connecting import Patience

    return Patience(scan=1.0)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_bus_without_bluetooth_service_is_no_adapter(bus: str) -> None:
    with pytest.raises(NoAdapterError, match="Bluetooth is off"):
        asyncio.run(BleakRadio().scan(1.0))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_without_any_bus_there_is_no_adapter(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    with pytest.raises(NoAdapterError, match="Bluetooth is off"):
        asyncio.run(BleakRadio().scan(1.0))
