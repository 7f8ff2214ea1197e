"""A simulated visit, worn: two sensors in software, recorded as by `sciatrack record --live`, and the person."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from live_visit import Visit
from sciatrack.demo_sensor import demo_radio, demo_sensors
from sciatrack.live.recording import LiveOptions
from sciatrack.recorder import Request, record_async
from sciatrack_ingest.session_recording import Sitting

LOOK_EVERY_S = 0.05
SET_IS_OVER = 409


class Worn:
    """The sensors of a visit; `record` wears and records them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._sensors = demo_sensors([(f"IMU {placement}", motion) for placement, motion in visit.motions.items()])
        self._wall_s = 0.0  # the wall clock at the event loop's zero

    def zero_s(self) -> dict[str, float]:
        """By placement the wall clock at the sensor's first sample; inf where there was none."""
        origins = [sensor.origin_s for sensor in self._sensors]
        return {
            placement: float("inf") if origin is None else self._wall_s + origin
            for placement, origin in zip(self._visit.motions, origins, strict=True)
        }

    async def record(self, parent: Path, options: LiveOptions, stop: asyncio.Event) -> None:
        """Record until the person has answered the last question, or `stop`."""
        self._wall_s = time.time() - asyncio.get_running_loop().time()
        sitting = Sitting(
            "P01", "UTC", tuple((f"IMU {one}", one) for one in self._visit.motions), origin="simulated"
        )
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def say(line: str) -> None:
            if "live page: http" in line and not address.done():
                address.set_result(line.removeprefix("live page: "))
            options.say(line)

        live = replace(
            options, plan=self._visit.plan.to_dict(), say=lambda line: loop.call_soon_threadsafe(say, line)
        )
        loop = asyncio.get_running_loop()
        request = Request(sitting, lambda: demo_radio(self._sensors), parent, live=live)
        recording = asyncio.create_task(record_async(request))
        speaking = asyncio.create_task(self._speak(address))
        await asyncio.wait(
            [recording, speaking, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_EXCEPTION
        )
        await speaking
        await recording

    async def _speak(self, address: asyncio.Future[str]) -> None:
        """Answers and presses when it is time, as the page does."""
        url = await address
        while any(sensor.origin_s is None for sensor in self._sensors):
            await asyncio.sleep(LOOK_EVERY_S)
        zero_s = max(sensor.origin_s or 0.0 for sensor in self._sensors)
        for at_s, deed in self._visit.said:
            await asyncio.sleep(zero_s + at_s - asyncio.get_running_loop().time())
            await asyncio.to_thread(_post, url, deed)


def _post(url: str, deed: Mapping[str, Any]) -> None:
    """What a page sends; a set that was over by itself is refused, and that is well."""
    headers = {"Content-Type": "application/json", "Origin": url.rstrip("/")}
    asked = urllib.request.Request(f"{url}act", json.dumps(deed).encode(), headers)
    try:
        urllib.request.urlopen(asked, timeout=10.0).close()
    except urllib.error.HTTPError as refused:
        if refused.code != SET_IS_OVER:
            raise
