"""A virtual sensor on the air: advertisements and a GATT server of bumble around it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bumble import core, gatt
from bumble.att import Attribute
from bumble.core import AdvertisingData
from bumble.device import Connection, Device

from sciatrack_ingest.virtual.air import Air
from sciatrack_ingest.virtual.sensor import VirtualSensor
from sciatrack_ingest.virtual.speakers import Notification, Speaker

SERVER_MTU = 247  # what sensors of today offer
UNDER_WAY_S = 1.0  # for what has begun when a sensor is switched off; an answer takes milliseconds
ADVERTISING_INTERVAL_MS = 50.0  # real ones take 20 to 1000 ms; nobody should wait for a demo


@asynccontextmanager
async def on_air(air: Air, sensor: VirtualSensor, address: str, mtu: int = SERVER_MTU) -> AsyncIterator[Device]:
    """Switch a sensor on within an air; it is switched off at the end of the block."""
    device = air.new_device(sensor.speaker.local_name, address)
    device.gatt_server.max_mtu = mtu
    peripheral = _Peripheral(air, device, sensor)
    await device.power_on()
    life = asyncio.create_task(sensor.run())
    await peripheral.advertise()
    try:
        yield device
    finally:
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life
        await peripheral.switch_off()


class _Peripheral:
    """Moves bytes between bumble's GATT server and the sensor."""

    def __init__(self, air: Air, device: Device, sensor: VirtualSensor) -> None:
        self._air, self._device, self._sensor = air, device, sensor
        self._connection: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._characteristics: dict[str, gatt.Characteristic[bytes]] = {}
        for service in sensor.speaker.services:
            device.add_service(
                gatt.Service(service.uuid, [self._characteristic(*c) for c in service.characteristics])
            )
        sensor.put_on_air(self._lose_link, self._range_changed)
        device.on(Device.EVENT_CONNECTION, self._on_connection)

    def _characteristic(self, uuid: str, properties: tuple[str, ...]) -> gatt.Characteristic[bytes]:
        names = [word.upper().replace("-", "_") for word in properties]
        characteristic: gatt.Characteristic[bytes] = gatt.Characteristic(
            uuid,
            gatt.Characteristic.Properties.from_string(",".join(names)),
            Attribute.READABLE | Attribute.WRITEABLE,
            gatt.CharacteristicValue(
                read=lambda _: self._sensor.speaker.read(uuid),
                write=lambda connection, value: self._written(uuid, value),
            ),
        )
        characteristic.on(
            gatt.Characteristic.EVENT_SUBSCRIPTION,
            lambda bearer, notify, indicate: self._sensor.subscribe(uuid, notify or indicate),
        )
        self._characteristics[uuid] = characteristic
        return characteristic

    async def advertise(self) -> None:
        if self._sensor.in_range and self._connection is None and not self._device.is_advertising:
            await self._device.start_advertising(
                advertising_data=_advertisement(self._sensor.speaker),
                advertising_interval_min=ADVERTISING_INTERVAL_MS,
                advertising_interval_max=ADVERTISING_INTERVAL_MS,
            )

    async def switch_off(self) -> None:
        self._sensor.in_range = False
        if self._connection is not None:
            self._lose_link()
        if self._tasks:  # a command to the controller that is cancelled is answered all the same, to nobody
            await asyncio.wait(self._tasks, timeout=UNDER_WAY_S)
        for task in self._tasks:
            task.cancel()
        await self._device.power_off()

    def _on_connection(self, connection: Connection) -> None:
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        connection.on(
            Connection.EVENT_CONNECTION_ATT_MTU_UPDATE,
            lambda: self._sensor.payload_changed(connection.att_mtu - 3),
        )
        self._sensor.connected(connection.att_mtu - 3, self._send)

    def _on_disconnection(self, reason: int) -> None:
        self._connection = None
        self._sensor.disconnected()
        self._spawn(self.advertise())

    def _written(self, uuid: str, value: bytes) -> None:
        for answer in self._sensor.write(uuid, bytes(value)):
            self._send(answer)

    def _send(self, notification: Notification) -> None:
        if self._connection is None:
            return
        characteristic = self._characteristics[notification.characteristic]
        indicates = bool(characteristic.properties & gatt.Characteristic.Properties.INDICATE)
        send = self._device.indicate_subscriber if indicates else self._device.notify_subscriber
        self._spawn(send(self._connection, characteristic, notification.payload))

    def _lose_link(self) -> None:
        self._air.lose_link(self._device)

    def _range_changed(self) -> None:
        if self._sensor.in_range:
            self._spawn(self.advertise())
        else:
            self._spawn(self._device.stop_advertising())

    def _spawn(self, operation: object) -> None:
        task = asyncio.ensure_future(_quietly(operation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(operation: object) -> None:
    """What is under way when a link drops comes to nothing, and nobody needs to hear of it."""
    with contextlib.suppress(core.BaseBumbleError, asyncio.CancelledError, TimeoutError):
        await operation  # type: ignore[misc]


def _advertisement(speaker: Speaker) -> bytes:
    """Flags, services, maker and name in one: the controller of the virtual air has no scan responses."""
    parts: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, b"\x06")]
    for uuid in speaker.advertised_uuids:
        value = core.UUID(uuid)
        short = uuid.startswith("0000") and uuid.endswith("-0000-1000-8000-00805f9b34fb")
        kind = (
            AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS
            if short
            else AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
        )
        # a full UUID of the 16-bit family carries its number in bytes 12 and 13 (little-endian)
        parts.append((kind, value.to_bytes()[12:14] if short else value.to_bytes()))
    if speaker.manufacturer_data is not None:
        company, data = speaker.manufacturer_data
        parts.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, struct.pack("<H", company) + data))
    parts.append((AdvertisingData.COMPLETE_LOCAL_NAME, speaker.local_name.encode()))
    return bytes(AdvertisingData([(AdvertisingData.Type(kind), value) for kind, value in parts]))
