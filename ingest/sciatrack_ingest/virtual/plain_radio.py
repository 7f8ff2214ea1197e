"""A radio without a Bluetooth stack: virtual sensors straight at the collector, for runs on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sciatrack_ingest.radio import Found, LinkError, MissingCharacteristicError
from sciatrack_ingest.sensors.family import ATT_HEADER_BYTES, Advertisement
from sciatrack_ingest.virtual.sensor import VirtualSensor
from sciatrack_ingest.virtual.speakers import Notification

ADVERTISING_S = 0.1  # between two advertisements
ANSWER_S = 0.03  # one exchange on a link: about the interval at which real ones meet


class PlainRadio:
    """A room with sensors in it, each under an address; see `radio.Radio`."""

    def __init__(self, sensors: Sequence[VirtualSensor], mtu: int = 247) -> None:
        self.mtu = mtu
        self._sensors = {f"F0:F1:F2:F3:F4:{at + 1:02X}": sensor for at, sensor in enumerate(sensors)}
        self._links: dict[str, PlainLink] = {}
        for address, sensor in self._sensors.items():
            sensor.put_on_air(lambda address=address: self._drop(address))  # type: ignore[misc]

    async def scan(self, seconds: float, until: Callable[[Advertisement], bool] | None = None) -> list[Found]:
        heard: dict[str, Found] = {}
        end_s = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end_s:
            await asyncio.sleep(ADVERTISING_S)
            for address, sensor in self._sensors.items():
                if sensor.in_range and address not in self._links:
                    heard[address] = Found(_advertisement(address, sensor), address)
                    if until is not None and until(heard[address].advertisement):
                        return [*(found for key, found in heard.items() if key != address), heard[address]]
        return list(heard.values())

    async def connect(self, found: Found, on_lost: Callable[[], None]) -> PlainLink:
        await asyncio.sleep(ANSWER_S)
        address = found.handle
        sensor = self._sensors[address]
        if not sensor.in_range or address in self._links:
            raise LinkError(f"{found.label} does not answer")
        link = self._links[address] = PlainLink(self, address, sensor, on_lost)
        sensor.connected(self.mtu - ATT_HEADER_BYTES, link.deliver)
        return link

    def _drop(self, address: str) -> None:
        link = self._links.pop(address, None)
        if link is not None:
            link.end()

    def release(self, address: str, link: PlainLink) -> None:
        """The collector lets go of a link."""
        if self._links.get(address) is link:
            self._drop(address)


class PlainLink:
    """One open connection; see `radio.Link`."""

    def __init__(self, radio: PlainRadio, address: str, sensor: VirtualSensor, on_lost: Callable[[], None]) -> None:
        self._radio, self._address, self._sensor, self._on_lost = radio, address, sensor, on_lost
        self._subscribers: dict[str, Callable[[bytes], None]] = {}
        self._open = True

    @property
    def mtu(self) -> int:
        return self._radio.mtu

    async def subscribe(self, uuid: str, on_data: Callable[[bytes], None]) -> None:
        await self._exchange(uuid)
        self._subscribers[uuid] = on_data
        self._sensor.subscribe(uuid, True)

    async def write(self, uuid: str, payload: bytes, with_response: bool) -> None:
        await self._exchange(uuid)
        for answer in self._sensor.write(uuid, payload):
            self.deliver(answer)

    async def read(self, uuid: str) -> bytes:
        await self._exchange(uuid)
        return self._sensor.speaker.read(uuid)

    async def close(self) -> None:
        self._radio.release(self._address, self)

    def deliver(self, notification: Notification) -> None:
        """What the sensor sends reaches whoever subscribed to it."""
        if notification.characteristic in self._subscribers:
            self._subscribers[notification.characteristic](notification.payload)

    def end(self) -> None:
        """The link is over, whoever ended it."""
        self._open = False
        self._sensor.disconnected()
        self._on_lost()

    async def _exchange(self, uuid: str) -> None:
        await asyncio.sleep(ANSWER_S)
        if not self._open:
            raise LinkError("the link is down")
        known = (c.uuid for service in self._sensor.speaker.services for c in service.characteristics)
        if uuid not in known:
            raise MissingCharacteristicError(uuid)


def _advertisement(address: str, sensor: VirtualSensor) -> Advertisement:
    speaker = sensor.speaker
    made_by = dict([speaker.manufacturer_data]) if speaker.manufacturer_data else {}
    return Advertisement(speaker.local_name, address, speaker.advertised_uuids, made_by, -50)
