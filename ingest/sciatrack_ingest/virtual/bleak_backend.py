"""bleak's client and scanner over bumble: everything above the operating system's Bluetooth is bleak's own.

`BleakClient(device, backend=client_backend(central))` and `BleakScanner(backend=scanner_backend(central))`
talk real ATT to whatever is on the air of `central`. Of bleak only the base classes are used here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import att, core, hci
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer

PREFERRED_MTU = 517  # what a computer asks for; the sensor answers with its own
T = TypeVar("T")


def scanner_backend(central: Device) -> type[BaseBleakScanner]:
    """A scanner class for `BleakScanner(backend=...)` on the air of a powered-on central."""
    return type("BumbleScanner", (_Scanner,), {"central": central})


def client_backend(central: Device) -> type[BaseBleakClient]:
    """A client class for `BleakClient(..., backend=...)` on the air of a powered-on central."""
    return type("BumbleClient", (_Client,), {"central": central, "connecting": asyncio.Lock()})


class _Scanner(BaseBleakScanner):
    central: Device

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str = "active", **_: Any):
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        self.central.on(Device.EVENT_ADVERTISEMENT, self._heard)
        if not self.central.is_scanning:
            await self.central.start_scanning(filter_duplicates=False)

    async def stop(self) -> None:
        self.central.remove_listener(Device.EVENT_ADVERTISEMENT, self._heard)
        if not self.central.listeners(Device.EVENT_ADVERTISEMENT):
            await self.central.stop_scanning()

    def _heard(self, heard: Advertisement) -> None:
        data = _advertisement_data(heard)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        key = str(heard.address)
        device = self.create_or_update_device(key, _plain(heard.address), data.local_name, heard.address, data)
        self.call_detection_callbacks(device, data)


def _plain(address: hci.Address) -> str:
    return address.to_string(with_type_qualifier=False)


def _advertisement_data(heard: Advertisement) -> AdvertisementData:
    lists = (
        AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    found = [heard.data.get(AdvertisingData.Type(kind)) for kind in lists]
    uuids = [uuid for group in found if group for uuid in cast("list[core.UUID]", group)]
    made_by = heard.data.get(AdvertisingData.Type(AdvertisingData.MANUFACTURER_SPECIFIC_DATA))
    name = heard.data.get(AdvertisingData.Type(AdvertisingData.COMPLETE_LOCAL_NAME))
    return AdvertisementData(
        local_name=cast("str | None", name),
        manufacturer_data=dict([cast("tuple[int, bytes]", made_by)]) if made_by else {},
        service_data={},
        service_uuids=[_uuid_text(uuid) for uuid in uuids],
        tx_power=None,
        rssi=heard.rssi,
        platform_data=(heard,),
    )


def _uuid_text(uuid: core.UUID) -> str:
    return uuid.to_hex_str("-").lower() if len(uuid.uuid_bytes) == 16 else _from_16_bits(uuid)


def _from_16_bits(uuid: core.UUID) -> str:
    return f"0000{uuid.to_hex_str().lower()}-0000-1000-8000-00805f9b34fb"


class _Client(BaseBleakClient):
    central: Device
    connecting: asyncio.Lock  # a controller makes one connection at a time

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._device = address_or_ble_device
        self._connection: Connection | None = None
        self._lost: asyncio.Future[None] | None = None
        self._subscribers: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return (self._device.name if isinstance(self._device, BLEDevice) else None) or self.address

    @property
    def mtu_size(self) -> int:
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool = False, **_: Any) -> None:
        if self._connection is not None:
            raise BleakError("Already connected")
        async with self.connecting:
            try:
                connection = await self.central.connect(
                    self._peer_address(), core.PhysicalTransport.LE, timeout=self._timeout
                )
            except core.TimeoutError:
                raise TimeoutError(f"{self.address} did not answer") from None
            except core.BaseBumbleError as error:
                raise BleakError(f"{self.address}: {error}") from error
        self._connection = connection
        self._lost = asyncio.get_running_loop().create_future()
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        peer = Peer(connection)
        try:
            await self._gatt(peer.request_mtu(PREFERRED_MTU))
            self.services = await self._gatt(_discover(peer, self))
        except BaseException:
            await self.disconnect()
            raise

    def _peer_address(self) -> hci.Address:
        if isinstance(self._device, BLEDevice):
            return cast(hci.Address, self._device.details)
        try:
            return hci.Address(self._device)
        except (ValueError, core.BaseBumbleError):
            raise BleakDeviceNotFoundError(self._device, f"'{self._device}' is not an address") from None

    def _on_disconnection(self, reason: int) -> None:
        self._connection = None
        self._subscribers.clear()
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def _gatt(self, operation: Awaitable[T]) -> T:
        """The operation's result; BleakError at once where the link drops, on which bumble would wait for ever."""
        if self._lost is None:
            raise BleakError("Not connected")
        task = asyncio.ensure_future(operation)
        try:
            await asyncio.wait((task, self._lost), return_when=asyncio.FIRST_COMPLETED)
            if not task.done() or task.cancelled():
                raise BleakError("disconnected")
            return task.result()
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(int(error.error_code)) from error
        except core.BaseBumbleError as error:
            raise BleakError(str(error)) from error
        finally:
            task.cancel()

    async def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None or self._lost is None or self._lost.done():
            return
        operation = asyncio.ensure_future(connection.disconnect())
        await asyncio.wait((operation, self._lost), return_when=asyncio.FIRST_COMPLETED)
        operation.cancel()

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("the virtual sensors need no pairing")

    async def unpair(self) -> None:
        raise NotImplementedError("the virtual sensors need no pairing")

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        return bytearray(await self._gatt(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        return bytearray(await self._gatt(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self._gatt(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        await self._gatt(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **_: Any
    ) -> None:
        def deliver(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribers[characteristic.handle] = deliver
        await self._gatt(characteristic.obj.subscribe(deliver))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        deliver = self._subscribers.pop(characteristic.handle, None)
        await self._gatt(characteristic.obj.unsubscribe(deliver))


async def _discover(peer: Peer, client: _Client) -> BleakGATTServiceCollection:
    """Every service, characteristic and descriptor of the sensor, as bleak describes them."""
    found = BleakGATTServiceCollection()
    for service in await peer.discover_services():
        described = BleakGATTService(service, service.handle, _uuid_text(service.uuid))
        found.add_service(described)
        for characteristic in await service.discover_characteristics():
            found.add_characteristic(
                BleakGATTCharacteristic(
                    characteristic,
                    characteristic.handle,
                    _uuid_text(characteristic.uuid),
                    list(gatt_char_props_to_strs(int(characteristic.properties))),
                    lambda: client.mtu_size - 3,
                    described,
                )
            )
            await characteristic.discover_descriptors()
    return found
