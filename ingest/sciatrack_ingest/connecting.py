"""From a name to streaming data: find, connect, check, subscribe, start. Each step has its time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from sciatrack_ingest.radio import Found, Link, LinkError, MissingCharacteristicError, Radio, RadioError
from sciatrack_ingest.sensors import RawPacket, SensorFamily, recognise
from sciatrack_ingest.sensors.family import Advertisement, Command

T = TypeVar("T")
POLL_S = 0.05  # while waiting for an answer of the sensor; short against a person's patience


class SensorNotFoundError(RadioError):
    """Nothing of that name or address is on the air."""


class UnknownSensorError(RadioError):
    """It is there, but it is none of the sensors that sciatrack understands."""


class WrongFirmwareError(RadioError):
    """The right kind of sensor, but it does not offer the service that the data come from."""


class MtuTooSmallError(RadioError):
    """The link carries too little at a time for this sensor's packets; carries `mtu` and `needed`."""

    def __init__(self, label: str, mtu: int, needed: int) -> None:
        self.mtu, self.needed = mtu, needed
        super().__init__(
            f"{label}: the connection carries {mtu} bytes at a time, this sensor needs {needed} (MTU). "
            "Remove the sensor from the computer's Bluetooth list, switch it off and on, and try again; "
            "an old Bluetooth adapter may not be able to do it."
        )


class SilentSensorError(LinkError):
    """Connected and started, but nothing comes."""


@dataclass(frozen=True)
class Patience:
    """Time limits in seconds. Too short gives up on what works slowly, too long loses data before a new try.

    scan      : one round of listening; sensors advertise at least once in 1 to 2 s
    rescan    : the same for one that was lost: shorter, since another lost sensor waits for its turn meanwhile
    connect   : finding the services of a new device takes some systems 10 s
    command   : one read, write or subscription
    mtu       : some systems learn the MTU late
    first_data, silence : after starting, and later; the slowest protocol sends a packet every 0.7 s, and links
                with much radio noise were seen to pause for 1 to 2 s
    backoff   : first and longest pause between tries that fail; unheard: longest pause while it is not heard
    partial   : a connection in which only some streams of a sensor died is given up no sooner than after this, for
                making it anew costs a second of the others
    battery   : between two questions for the charge
    tries     : at the start of a session, before a person is told that it does not work
    """

    scan: float = 10.0
    rescan: float = 4.0
    connect: float = 20.0
    command: float = 5.0
    mtu: float = 2.0
    first_data: float = 6.0
    silence: float = 3.0
    partial: float = 60.0
    backoff: tuple[float, float] = (0.5, 30.0)
    unheard: float = 2.0
    battery: float = 60.0
    tries: int = 3


async def within(seconds: float, operation: Awaitable[T], what: str) -> T:
    """The operation's result; LinkError when it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await operation
    except TimeoutError:
        raise LinkError(f"{what} took more than {seconds:.0f} s") from None


class Stopped(Exception):
    """Told to stop while a connection was being made."""


async def unless_stopped(stop: asyncio.Event, operation: Coroutine[Any, Any, T]) -> T:
    """The operation's result; cancels it and raises Stopped as soon as `stop` is set."""
    task = asyncio.ensure_future(operation)
    waiting = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Stopped
    finally:
        for unfinished in (task, waiting):
            unfinished.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)


async def find_sensor(radio: Radio, wanted: str | None, patience: Patience) -> tuple[Found, SensorFamily]:
    """The sensor of that name or address, or any supported one for None.

    Raises SensorNotFoundError or UnknownSensorError with what was heard instead.
    """

    def is_it(heard: Advertisement) -> bool:
        return recognise(heard) is not None if wanted is None else _answers_to(heard, wanted)

    # a Bluetooth service that hangs must not hold up the next try for ever
    heard = await within(patience.scan + patience.command, radio.scan(patience.scan, is_it), "scanning")
    found = next((one for one in reversed(heard) if is_it(one.advertisement)), None)
    if found is None:
        raise SensorNotFoundError(_not_found(heard, wanted, patience.scan))
    family = recognise(found.advertisement)
    if family is None:
        raise UnknownSensorError(
            f"{found.label} is there, but it is none of the sensors that sciatrack understands; "
            "`sciatrack scan` lists those."
        )
    return found, family


def _answers_to(heard: Advertisement, wanted: str) -> bool:
    return wanted.casefold() in (heard.name.casefold(), heard.address.casefold())


def _not_found(heard: list[Found], wanted: str | None, seconds: float) -> str:
    known = sorted({one.label for one in heard if recognise(one.advertisement)})
    others = f" Heard instead: {', '.join(known)}." if known else " No supported sensor was heard."
    return (
        f"{wanted or 'a sensor'} was not heard within {seconds:.0f} s.{others} Wake it (move it or press its "
        "button), bring it near, and close any phone app that holds it: a connected sensor is silent."
    )


async def open_link(
    radio: Radio, found: Found, family: SensorFamily, patience: Patience, on_lost: Callable[[], None]
) -> Link:
    """A connection that is wide enough for the sensor's packets; raises LinkError or MtuTooSmallError."""
    link = await within(patience.connect, radio.connect(found, on_lost), f"connecting to {found.label}")
    try:
        waited_s = 0.0
        while link.mtu < family.min_mtu:
            if waited_s >= patience.mtu:
                raise MtuTooSmallError(found.label, link.mtu, family.min_mtu)
            await asyncio.sleep(POLL_S)
            waited_s += POLL_S
    except BaseException:
        await link.close()
        raise
    return link


async def start_streaming(
    link: Link,
    family: SensorFamily,
    patience: Patience,
    received: list[RawPacket],
    on_data: Callable[[str], Callable[[bytes], None]],
) -> None:
    """Subscribe to everything, then start; `received` is what `on_data` has collected on this connection.

    Subscribing comes first: what is sent before is lost. Raises WrongFirmwareError, SensorRefusedError, LinkError.
    """
    try:
        for uuid in family.notify_uuids:
            await within(patience.command, link.subscribe(uuid, on_data(uuid)), "subscribing")
        for command in family.start_commands:
            await send(link, command, patience)
            await asyncio.sleep(family.command_pause_s)
        if family.negotiate is not None:
            await _negotiate(link, family, patience, received)
    except MissingCharacteristicError as error:
        raise WrongFirmwareError(
            f"this sensor does not offer the data service of {family.title} ({error.uuid}). Update its firmware "
            "with the maker's app, or check that it is this model."
        ) from error


async def _negotiate(link: Link, family: SensorFamily, patience: Patience, received: list[RawPacket]) -> None:
    assert family.negotiate is not None
    said: Command | None = None
    waited_s = 0.0
    while (command := family.negotiate(received)) is not None:
        if command != said:
            await send(link, command, patience)
            said, waited_s = command, 0.0
        elif waited_s > patience.command:
            raise LinkError(f"the sensor did not answer within {patience.command:.0f} s")
        else:
            await asyncio.sleep(POLL_S)
            waited_s += POLL_S


async def send(link: Link, command: Command, patience: Patience) -> None:
    """Write one command within its time."""
    await within(patience.command, link.write(command.uuid, command.payload, command.with_response), "a command")


async def battery_percent(link: Link, family: SensorFamily, patience: Patience) -> float | None:
    """The charge where it can be read; None where it comes as a notification (asked for here) or not at all."""
    for command in family.battery_request:
        await send(link, command, patience)
        await asyncio.sleep(family.command_pause_s)
    if family.battery_uuid is None:
        return None
    try:
        value = await within(patience.command, link.read(family.battery_uuid), "reading the battery")
    except MissingCharacteristicError:
        return None
    return family.battery_percent(family.battery_uuid, value)


async def quietly(operation: Coroutine[Any, Any, Any]) -> None:
    """What is tried on the way out and may fail: the sensor may be gone."""
    try:
        await operation
    except (RadioError, TimeoutError):
        return
