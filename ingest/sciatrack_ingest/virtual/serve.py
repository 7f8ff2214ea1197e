"""Virtual sensors in a process of their own; others reach their air over TCP on this computer.

    python -m sciatrack_ingest.virtual.serve --family generic --rate 100 --seconds 60 --truth truth.json

prints the port, plays until its standard input closes, and then writes what it really sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from sciatrack_ingest.virtual.air import Air
from sciatrack_ingest.virtual.peripheral import on_air
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.speakers import SPEAKERS, GenericSpeaker
from sciatrack_ingest.virtual.speakers.base import STANDARD_GRAVITY

# Numbers of the generic layout in one step, so that every sample is kept exactly and known by its value.
ACC_STEP = STANDARD_GRAVITY / 4096.0
GYR_STEP = np.radians(1.0 / 16.0)


def coded_motion(rate_hz: float, seconds: float, seed: int) -> Motion:
    """Samples that are all different: whoever holds one knows which one it is."""
    steps = np.random.default_rng(seed).integers(-20000, 20000, (int(rate_hz * seconds), 6)).astype(float)
    return Motion(rate_hz, steps[:, :3] * ACC_STEP, steps[:, 3:] * GYR_STEP)


async def serve(sensors: list[VirtualSensor], truth: Path | None) -> None:
    """Put sensors on an air, print its port, and play until standard input ends."""
    air = Air()
    async with AsyncExitStack() as stack:
        for number, sensor in enumerate(sensors, start=1):
            await stack.enter_async_context(on_air(air, sensor, f"F0:F1:F2:F3:F4:{number:02X}"))
        server = await air.serve()
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        if truth is not None:
            sent = {sensor.speaker.local_name: _sent(sensor) for sensor in sensors}
            truth.write_text(json.dumps(sent), encoding="utf-8")
        server.close()


def _sent(sensor: VirtualSensor) -> dict[str, list[int]]:
    return {
        "first_rows": [one.first_row for one in sensor.delivered],
        "rows": [one.rows for one in sensor.delivered],
    }


def main() -> None:
    """Read the options and serve."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--family", choices=sorted(SPEAKERS), default="generic")
    options.add_argument("--sensors", type=int, default=1)
    options.add_argument("--rate", type=float, default=100.0, help="samples a second")
    options.add_argument("--packet", type=int, default=1, help="samples in a packet (generic only)")
    options.add_argument("--seconds", type=float, default=60.0, help="length of the motion")
    options.add_argument("--truth", type=Path)
    given = options.parse_args()

    async def program() -> None:
        sensors = []
        for number in range(given.sensors):
            generic = given.family == "generic"
            speaker = GenericSpeaker(f"IMU {number}", given.packet) if generic else SPEAKERS[given.family]()
            sensors.append(VirtualSensor(speaker, coded_motion(given.rate, given.seconds, number)))
        await serve(sensors, given.truth)

    asyncio.run(program())


if __name__ == "__main__":
    main()
