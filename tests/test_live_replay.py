"""`replay --live`: a session played back into the page's server, with what was pressed then."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sciatrack.live.playing import deed_of, moments, play_live
from sciatrack.live.recording import LiveOptions
from sciatrack.live.wire import Arrived
from sciatrack.walk import Event
from sciatrack_ingest.playback import raw_logs
from sciatrack_ingest.rawlog import CONNECT, DISCONNECT, RawHeader, RawLogWriter
from test_live_engine import PLAN, STARTS_S, WELL, ZERO_NS, Session, bridges


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session of four bridges with a plan, as a recorder leaves it, with what was said in it."""
    session = Session(tmp_path / "P01-20261125T180000Z-0", PLAN, bridges(STARTS_S, 75.0))
    session.write_log()
    session.until(2.0)
    session.answer()
    session.until(72.0)
    assert session.log is not None
    session.log.event(DISCONNECT, monotonic_ns=ZERO_NS + 74_000_000_000, wall_ns=0)
    session.log.close()
    return session.folder


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def states(said: list[str]) -> Iterator[dict[str, Any]]:
    address = next(line for line in said if "live page: " in line).removeprefix("live page: ")
    with urllib.request.urlopen(f"{address}events", timeout=60) as stream:
        for line in stream:
            if line.startswith(b'data: {"'):
                yield json.loads(line[6:])


def test_a_walk_comes_to_the_same_end_and_the_session_is_only_read(folder: Path) -> None:
    before = written(folder)
    said: list[str] = []

    async def watch() -> list[dict[str, Any]]:
        stop = asyncio.Event()
        playing = asyncio.create_task(play_live(folder, raw_logs(folder), 20.0, LiveOptions(say=said.append), stop))
        while not any("live page" in line for line in said):
            await asyncio.sleep(0.05)
        seen = await asyncio.to_thread(lambda: list(states(said)))
        await asyncio.wait_for(playing, 60)
        return seen

    seen = asyncio.run(watch())
    last = seen[-1]
    assert last["over"]
    assert last["walk"]["phase"] == "check_out"
    assert [run["count"] for run in last["walk"]["runs"]] == [len(STARTS_S)]
    assert last["sensors"][0]["state"] == "stopped"
    counts = [one["walk"]["count"] for one in seen if one["walk"] and one["walk"]["phase"] == "active"]
    assert counts == sorted(counts)
    assert written(folder) == before


def test_everything_is_told_in_order_and_packets_come_before_what_is_said_of_them(folder: Path) -> None:
    said = [Event(3.0, "key", {"key": "pause"}), Event(1.0, "key", {"key": "start"})]
    (log,) = raw_logs(folder)
    told = list(moments([log], sorted(said, key=lambda event: event.at_s)))
    assert [one.at_s for one in told] == sorted(one.at_s for one in told)
    assert sum(isinstance(one.what, Arrived) for one in told) == len(log.packets)
    assert [one.what["key"] for one in told if isinstance(one.what, dict) and "act" in one.what] == [
        "start",
        "pause",
    ]


def test_a_disconnection_in_the_middle_is_a_lost_sensor_and_the_last_one_is_the_end(tmp_path: Path) -> None:
    header = RawHeader("generic", "right_thigh", "P01", "s", "2026-11-25T18:00:00Z", ZERO_NS)
    log = RawLogWriter(tmp_path / "raw-right_thigh.mcap", header)
    packets = bridges([], 4.0)
    for kind, at_s in ((CONNECT, 0.0), (DISCONNECT, 1.0), (CONNECT, 2.0), (DISCONNECT, 5.0)):
        log.event(kind, monotonic_ns=ZERO_NS + round(at_s * 1e9), wall_ns=0)
    for packet in packets:
        log.append(packet)
    log.close()
    told = moments(raw_logs(tmp_path), [])
    states = [one.what["state"] for one in told if isinstance(one.what, dict) and "state" in one.what]
    assert states == ["recording", "sensor lost", "recording", "stopped"]


def test_answers_come_back_as_a_page_sends_them() -> None:
    event = Event(2.0, "answers", {"answers": WELL | {"phase": "before", "timezone": "UTC"}, "decisions": []})
    assert deed_of(event) == {"act": "answers", "phase": "before", "answers": WELL}
    assert deed_of(Event(2.0, "sensor", {"placement": "hip", "state": "lost"})) is None
