"""The real radio: bleak, and the words that a person gets when Bluetooth does not work.

The only module that uses bleak. It is imported when it is needed; nobody who analyses files waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakError,
)

from sciatrack_ingest.radio import (
    Found,
    LinkError,
    MissingCharacteristicError,
    NoAdapterError,
    RadioDeniedError,
)
from sciatrack_ingest.sensors.family import ATT_HEADER_BYTES, MIN_MTU, Advertisement

CLOSE_S = 5.0  # a system that does not answer when told to disconnect must not hold up the end of a session
DENIED = (
    BleakBluetoothNotAvailableReason.DENIED_BY_USER,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN,
)
# What D-Bus says when the message bus or bluetoothd is not there, the adapter is off, or a rule forbids it.
DBUS_ABSENT = ("ServiceUnknown", "NameHasNoOwner", "NoReply", "org.bluez.Error.NotReady", "Spawn")
DBUS_DENIED = ("AccessDenied", "NotPermitted", "NotAuthorized")
SWITCH_ON = {
    "linux": "Plug an adapter in or switch it on (`bluetoothctl power on`), and see that the service runs "
    "(`systemctl status bluetooth`).",
    "darwin": "Switch Bluetooth on in the Control Centre.",
    "win32": "Switch Bluetooth on under Settings > Bluetooth & devices.",
}
ALLOW = {
    "linux": "Your user may not use Bluetooth: add it to the group `bluetooth`, then log in again; in a container "
    "or over SSH the system's D-Bus must be reachable.",
    "darwin": "Allow your terminal under System Settings > Privacy & Security > Bluetooth, then start it again.",
    "win32": "Allow desktop apps under Settings > Privacy & security > Bluetooth.",
}


class BleakRadio:
    """Sensors in the air around this computer; other backends (the virtual ones) may stand in for the system's."""

    def __init__(
        self,
        scanner_backend: type[BaseBleakScanner] | None = None,
        client_backend: type[BaseBleakClient] | None = None,
    ) -> None:
        self._scanner_backend, self._client_backend = scanner_backend, client_backend

    async def scan(self, seconds: float, until: Callable[[Advertisement], bool] | None = None) -> list[Found]:
        """Everything heard; see `radio.Radio`. Raises NoAdapterError, RadioDeniedError or LinkError."""
        heard: dict[str, Found] = {}
        enough = asyncio.Event()

        def on_heard(device: BLEDevice, data: AdvertisementData) -> None:
            found = Found(_advertisement(device, data), device)
            heard.pop(device.address, None)  # the newest last
            heard[device.address] = found
            if until is not None and not enough.is_set() and until(found.advertisement):
                enough.set()

        backend: dict[str, Any] = {"backend": self._scanner_backend} if self._scanner_backend else {}
        with telling("scanning"):
            async with BleakScanner(on_heard, **backend):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await enough.wait()
        return list(heard.values())

    async def connect(self, found: Found, on_lost: Callable[[], None]) -> BleakLink:
        """A fresh client for each connection: used ones remember what is no longer true."""
        backend: dict[str, Any] = {"backend": self._client_backend} if self._client_backend else {}
        client = BleakClient(found.handle, disconnected_callback=lambda _: on_lost(), **backend)
        try:
            with telling(f"connecting to {found.label}"):
                await client.connect()
        except BaseException:
            await _close(client)
            raise
        return BleakLink(client)


class BleakLink:
    """One open connection; see `radio.Link`."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client

    @property
    def mtu(self) -> int:
        # client.mtu_size is 23 on Linux whatever was agreed on; what fits into a write tells the truth.
        sizes = [
            characteristic.max_write_without_response_size
            for service in self._client.services
            for characteristic in service.characteristics
        ]
        return max(sizes, default=MIN_MTU - ATT_HEADER_BYTES) + ATT_HEADER_BYTES

    async def subscribe(self, uuid: str, on_data: Callable[[bytes], None]) -> None:
        with telling("subscribing", uuid):
            await self._client.start_notify(uuid, lambda _, data: on_data(bytes(data)))

    async def write(self, uuid: str, payload: bytes, with_response: bool) -> None:
        with telling("writing", uuid):
            await self._client.write_gatt_char(uuid, payload, response=with_response)

    async def read(self, uuid: str) -> bytes:
        with telling("reading", uuid):
            return bytes(await self._client.read_gatt_char(uuid))

    async def close(self) -> None:
        await _close(self._client)


async def _close(client: BleakClient) -> None:
    """Disconnect whatever the state: a connection that is left open keeps the sensor silent for everybody."""
    with contextlib.suppress(BleakError, OSError, TimeoutError, EOFError):
        async with asyncio.timeout(CLOSE_S):
            await client.disconnect()


def _advertisement(device: BLEDevice, data: AdvertisementData) -> Advertisement:
    return Advertisement(
        name=data.local_name or device.name or "",
        address=device.address,
        service_uuids=tuple(uuid.lower() for uuid in data.service_uuids),
        manufacturer_data=dict(data.manufacturer_data),
        rssi_dbm=data.rssi,
    )


@contextmanager
def telling(doing: str, uuid: str = "") -> Iterator[None]:
    """bleak's errors, and those of what lies below it, as ours."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise (_denied() if error.reason in DENIED else _no_adapter()) from error
    except BleakCharacteristicNotFoundError as error:
        raise MissingCharacteristicError(uuid) from error
    except BleakDBusError as error:
        raise _from_dbus(doing, error) from error
    except PermissionError as error:
        raise _denied() from error
    except FileNotFoundError as error:  # no system message bus, so no Bluetooth service either
        raise _no_adapter() from error
    except Exception as error:  # backends raise whatever lies below them; none of it may end a recording
        raise LinkError(f"{doing} failed: {str(error) or type(error).__name__}") from error


def _from_dbus(doing: str, error: BleakDBusError) -> Exception:
    if any(word in error.dbus_error for word in DBUS_DENIED):
        return _denied()
    if any(word in error.dbus_error for word in DBUS_ABSENT):
        return _no_adapter()
    return LinkError(f"{doing} failed: {error}")


def _no_adapter() -> NoAdapterError:
    return NoAdapterError("Bluetooth is off, or this computer has none. " + _advice(SWITCH_ON))


def _denied() -> RadioDeniedError:
    return RadioDeniedError("Using Bluetooth is not allowed here. " + _advice(ALLOW))


def _advice(table: dict[str, str]) -> str:
    return table.get(sys.platform, table["linux"])
