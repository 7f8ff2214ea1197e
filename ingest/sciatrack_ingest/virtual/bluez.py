"""`org.bluez` on a message bus of one's own, with the virtual air as its radio.

bleak's BlueZ backend runs against it unmodified (`DBUS_SYSTEM_BUS_ADDRESS` names the bus). It shows that our code
and bleak's work together over D-Bus; the real bluetoothd has moods that nobody wrote down here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bumble.device import Device
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from sciatrack_ingest.virtual.bleak_backend import client_backend, scanner_backend

SERVICE = "org.bluez"
ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
GATT_SERVICE, CHARACTERISTIC = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
MANAGER, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"
FAILED = "org.bluez.Error.Failed"
ROOT, ADAPTER_PATH = "/", "/org/bluez/hci0"
CONNECT_S = 10.0
HIDDEN = ("00001800", "00001801")  # BlueZ keeps the generic services to itself
Properties = dict[str, Variant]
Handler = Callable[[Message], Awaitable[tuple[str, list[Any]]]]


async def serve_bluez(address: str, central: Device) -> BluezService:
    """Be `org.bluez` on the bus at that address; `central` is powered on and nobody else's."""
    bus = await MessageBus(bus_address=address).connect()
    service = BluezService(bus, central)
    await bus.request_name(SERVICE)
    return service


class BluezService:
    """The objects, the methods and the signals that a client of BlueZ sees."""

    def __init__(self, bus: MessageBus, central: Device) -> None:
        self._bus, self._client = bus, client_backend(central)
        self._scanner = scanner_backend(central)(self._heard, None)
        self._objects: dict[str, dict[str, Properties]] = {
            ADAPTER_PATH: {
                ADAPTER: {
                    "Address": Variant("s", "F0:F0:F0:F0:F0:F0"), "Name": Variant("s", "virtual"),
                    "Alias": Variant("s", "virtual"), "Powered": Variant("b", True),
                    "Discovering": Variant("b", False), "UUIDs": Variant("as", []),
                    "Roles": Variant("as", ["central"]),
                }
            }
        }  # fmt: skip
        self._devices: dict[str, BLEDevice] = {}
        self._clients: dict[str, Any] = {}
        self._characteristics: dict[str, tuple[str, BleakGATTCharacteristic]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._scans = 0
        self._methods: dict[tuple[str, str], Handler] = {
            (MANAGER, "GetManagedObjects"): self._managed_objects,
            (ADAPTER, "SetDiscoveryFilter"): self._nothing,
            (ADAPTER, "StartDiscovery"): self._start_discovery,
            (ADAPTER, "StopDiscovery"): self._stop_discovery,
            (DEVICE, "Connect"): self._connect,
            (DEVICE, "Disconnect"): self._disconnect,
            (CHARACTERISTIC, "ReadValue"): self._read,
            (CHARACTERISTIC, "WriteValue"): self._write,
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "StopNotify"): self._stop_notify,
        }
        bus.add_message_handler(self._on_message)

    async def close(self) -> None:
        """Leave the bus and let go of every sensor."""
        for client in list(self._clients.values()):
            await client.disconnect()
        for task in list(self._tasks):
            task.cancel()
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    # -- messages ------------------------------------------------------------------------------------------

    def _on_message(self, message: Message) -> bool:
        handler = self._methods.get((message.interface or "", message.member or ""))
        if message.message_type is not MessageType.METHOD_CALL or handler is None:
            return False
        task = asyncio.ensure_future(self._answer(message, handler))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _answer(self, message: Message, handler: Handler) -> None:
        try:
            if message.interface != MANAGER and message.path not in self._objects:
                raise BleakError(f"no object {message.path}")
            signature, body = await handler(message)
            await self._bus.send(Message.new_method_return(message, signature, body))
        except (BleakError, TimeoutError, KeyError) as error:
            await self._bus.send(Message.new_error(message, FAILED, str(error) or type(error).__name__))

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        signal = Message.new_signal(path=path, interface=interface, member=member, signature=signature, body=body)
        self._bus.send(signal)

    def _add(self, path: str, interface: str, properties: Properties) -> None:
        self._objects[path] = {interface: properties}
        self._signal(ROOT, MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, self._objects[path]])

    def _remove(self, path: str) -> None:
        gone = list(self._objects.pop(path, {}))
        self._signal(ROOT, MANAGER, "InterfacesRemoved", "oas", [path, gone])

    def _change(self, path: str, interface: str, **changed: Variant) -> None:
        if path in self._objects:
            self._objects[path][interface] |= changed
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, []])

    async def _nothing(self, _: Message) -> tuple[str, list[Any]]:
        return "", []

    async def _managed_objects(self, _: Message) -> tuple[str, list[Any]]:
        return "a{oa{sa{sv}}}", [self._objects]

    # -- adapter -------------------------------------------------------------------------------------------

    async def _start_discovery(self, _: Message) -> tuple[str, list[Any]]:
        self._scans += 1
        if self._scans == 1:
            await self._scanner.start()
            self._change(ADAPTER_PATH, ADAPTER, Discovering=Variant("b", True))
        return "", []

    async def _stop_discovery(self, _: Message) -> tuple[str, list[Any]]:
        self._scans -= 1
        if self._scans == 0:
            await self._scanner.stop()
            self._change(ADAPTER_PATH, ADAPTER, Discovering=Variant("b", False))
        return "", []

    def _heard(self, device: BLEDevice, data: AdvertisementData) -> None:
        path = f"{ADAPTER_PATH}/dev_{device.address.replace(':', '_')}"
        self._devices[path] = device
        seen: Properties = {
            "RSSI": Variant("n", data.rssi),
            "UUIDs": Variant("as", list(data.service_uuids)),
            "ManufacturerData": Variant(
                "a{qv}", {company: Variant("ay", value) for company, value in data.manufacturer_data.items()}
            ),
        }
        if path in self._objects:
            self._change(path, DEVICE, **seen)
            return
        name = data.local_name or device.address
        flags = ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved")
        fixed: Properties = {
            "Address": Variant("s", device.address), "AddressType": Variant("s", "random"),
            "Name": Variant("s", name), "Alias": Variant("s", name), "Adapter": Variant("o", ADAPTER_PATH),
        }  # fmt: skip
        self._add(path, DEVICE, {**fixed, **{flag: Variant("b", False) for flag in flags}, **seen})

    # -- device --------------------------------------------------------------------------------------------

    async def _connect(self, message: Message) -> tuple[str, list[Any]]:
        path = message.path or ""
        client = self._client(
            self._devices[path], disconnected_callback=lambda: self._disconnected(path), timeout=CONNECT_S
        )
        await client.connect(False)
        self._clients[path] = client
        self._change(path, DEVICE, Connected=Variant("b", True))
        for service in client.services or ():
            if not service.uuid.startswith(HIDDEN):
                self._add_service(path, service)
        self._change(path, DEVICE, ServicesResolved=Variant("b", True))
        return "", []

    def _add_service(self, path: str, service: Any) -> None:
        service_path = f"{path}/service{service.handle:04x}"
        self._add(service_path, GATT_SERVICE, {
            "UUID": Variant("s", service.uuid), "Device": Variant("o", path), "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        })  # fmt: skip
        for characteristic in service.characteristics:
            own_path = f"{service_path}/char{characteristic.handle:04x}"
            self._characteristics[own_path] = (path, characteristic)
            self._add(own_path, CHARACTERISTIC, {
                "UUID": Variant("s", characteristic.uuid), "Service": Variant("o", service_path),
                "Value": Variant("ay", b""), "Notifying": Variant("b", False),
                "Flags": Variant("as", list(characteristic.properties)),
                "MTU": Variant("q", characteristic.max_write_without_response_size + 3),
            })  # fmt: skip

    async def _disconnect(self, message: Message) -> tuple[str, list[Any]]:
        client = self._clients.get(message.path or "")
        if client is not None:
            await client.disconnect()
            self._disconnected(message.path or "")
        return "", []

    def _disconnected(self, path: str) -> None:
        if self._clients.pop(path, None) is None:
            return
        self._change(path, DEVICE, Connected=Variant("b", False), ServicesResolved=Variant("b", False))
        for below in sorted((one for one in self._objects if one.startswith(f"{path}/")), reverse=True):
            self._characteristics.pop(below, None)
            self._remove(below)

    # -- characteristics -----------------------------------------------------------------------------------

    def _of(self, message: Message) -> tuple[Any, BleakGATTCharacteristic]:
        path, characteristic = self._characteristics[message.path or ""]
        return self._clients[path], characteristic

    async def _read(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._of(message)
        return "ay", [bytes(await client.read_gatt_char(characteristic))]

    async def _write(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._of(message)
        value, options = message.body
        kind = options.get("type")
        await client.write_gatt_char(characteristic, bytes(value), kind is None or kind.value == "request")
        return "", []

    async def _start_notify(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._of(message)
        path = message.path or ""
        await client.start_notify(
            characteristic, lambda data: self._change(path, CHARACTERISTIC, Value=Variant("ay", bytes(data)))
        )
        self._change(path, CHARACTERISTIC, Notifying=Variant("b", True))
        return "", []

    async def _stop_notify(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._of(message)
        with contextlib.suppress(BleakError):
            await client.stop_notify(characteristic)
        self._change(message.path or "", CHARACTERISTIC, Notifying=Variant("b", False))
        return "", []
