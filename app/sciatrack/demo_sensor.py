"""The sensor in software of `record --demo`: a simulated person doing an exercise, on a real Bluetooth stack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from sciatrack_ingest.errors import SciatrackError

if TYPE_CHECKING:
    from sciatrack_ingest.radio import Radio
    from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor

EXERCISE = "glute_bridge"
RATE_HZ = 100.0
SAMPLES_PER_PACKET = 4  # 58 bytes, 25 packets a second: light on the computer, as a good firmware is
REPS, HOLD_S, SEED = 5, 3.0, 4


class DemoMissingError(SciatrackError, ImportError):
    """The extra that holds the Bluetooth stack is not installed."""


def check_installed() -> None:
    """Raise DemoMissingError with the command that mends it."""
    from importlib.util import find_spec

    if find_spec("bumble") is None:
        raise DemoMissingError(
            "the sensor in software needs the extra `demo`: pip install 'sciatrack[demo]'. A recording without any "
            "Bluetooth is made by `sciatrack demo`."
        )


def demo_motion(exercise: str, placement: str, side: str) -> Motion:
    """What the sensor will measure: a few seconds of lying, five reps, a few seconds of lying."""
    from sciatrack_ingest.virtual.sensor import motion_of
    from sciatrack_signal.simulate import simulate_set

    made = simulate_set(
        exercise, placement, seed=SEED, side=side, reps=REPS, hold_s=HOLD_S, rate_hz=RATE_HZ, clean=True
    )
    return motion_of(made.recording, RATE_HZ)


def demo_sensors(motions: Sequence[tuple[str, Motion]]) -> list[VirtualSensor]:
    """One sensor for each (name, motion), not on any air yet."""
    from sciatrack_ingest.virtual.sensor import VirtualSensor
    from sciatrack_ingest.virtual.speakers import GenericSpeaker

    return [VirtualSensor(GenericSpeaker(name, SAMPLES_PER_PACKET), motion) for name, motion in motions]


@asynccontextmanager
async def demo_radio(sensors: Sequence[VirtualSensor]) -> AsyncIterator[Radio]:
    """A radio on whose air are these sensors, in this process."""
    from sciatrack_ingest.ble import BleakRadio
    from sciatrack_ingest.virtual.air import Air
    from sciatrack_ingest.virtual.bleak_backend import client_backend, scanner_backend
    from sciatrack_ingest.virtual.peripheral import on_air

    air = Air()
    async with AsyncExitStack() as stack:
        for number, sensor in enumerate(sensors, start=1):
            await stack.enter_async_context(on_air(air, sensor, f"F0:F1:F2:F3:F4:{number:02X}"))
        central = air.new_central()
        await central.power_on()
        stack.push_async_callback(central.power_off)
        yield BleakRadio(scanner_backend(central), client_backend(central))
