"""What the collector needs of a radio and of a clock: two protocols and the ways in which a radio fails.

`ble.py` is the real radio (bleak); `virtual/plain_radio.py` one without a Bluetooth stack. The collector knows
neither, so that it can be run through hours of faults in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.sensors.family import Advertisement


class RadioError(SciatrackError, OSError):
    """Bluetooth does not do what was asked; the message says what to do about it."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class NoAdapterError(RadioError):
    """This computer has no Bluetooth, or it is switched off."""


class RadioDeniedError(RadioError, PermissionError):
    """The operating system does not let this program use Bluetooth."""


class LinkError(RadioError, ConnectionError):
    """A connection could not be made, or broke; trying again may help."""


class MissingCharacteristicError(RadioError):
    """The sensor does not have what its family promises; carries `uuid`."""

    def __init__(self, uuid: str) -> None:
        self.uuid = uuid
        super().__init__(f"the sensor has no characteristic {uuid}")


@dataclass(frozen=True)
class Found:
    """A sensor that was heard just now. `handle` is the radio's own and goes stale: scan again to reconnect."""

    advertisement: Advertisement
    handle: Any

    @property
    def label(self) -> str:
        """What a person calls it: its name, else its address."""
        return self.advertisement.name or self.advertisement.address


class Link(Protocol):
    """One open connection. Every method raises LinkError when it breaks or takes too long."""

    @property
    def mtu(self) -> int:
        """The largest packet as negotiated so far; some systems learn it late."""

    async def subscribe(self, uuid: str, on_data: Callable[[bytes], None]) -> None:
        """Call `on_data` for every notification; raises MissingCharacteristicError."""

    async def write(self, uuid: str, payload: bytes, with_response: bool) -> None: ...

    async def read(self, uuid: str) -> bytes: ...

    async def close(self) -> None:
        """Let go of the connection; never raises, may be called twice."""


class Radio(Protocol):
    """Finds sensors and connects to them."""

    async def scan(self, seconds: float, until: Callable[[Advertisement], bool] | None = None) -> list[Found]:
        """Everything heard within `seconds`, or at once when `until` is true for one of them (it comes last)."""

    async def connect(self, found: Found, on_lost: Callable[[], None]) -> Link:
        """A new connection; `on_lost` is called once when the other side or the distance ends it."""


class Clock(Protocol):
    """Where time comes from."""

    def monotonic_ns(self) -> int: ...

    def wall_ns(self) -> int: ...


class HostClock:
    """The computer's own clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()
