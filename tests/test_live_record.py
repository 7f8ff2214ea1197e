"""`record --live` for real: recorder and server as two processes, a page that asks, a server that is killed."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sciatrack_ingest.sessions import read_manifest, verify_session

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(importlib.util.find_spec("bumble") is None, reason="bumble is not installed")
PATIENCE_S = 60.0


class Recording:
    """A recorder of the demo's sensor, with what it says on stderr."""

    def __init__(self, folder: Path, *options: str) -> None:
        sources = os.pathsep.join(str(ROOT / name) for name in ("ingest", "signal", "analytics", "app"))
        command = [sys.executable, "-m", "sciatrack.cli", "record", "--demo", "--participant", "P01"]
        command += ["--placement", "right_thigh", "--output", str(folder), *options]
        self.said = folder.with_suffix(".said")
        with open(self.said, "w") as stream:
            self.process = subprocess.Popen(
                command, env=os.environ | {"PYTHONPATH": sources}, stdout=subprocess.PIPE, stderr=stream, text=True
            )

    def address(self) -> str:
        found = self.wait_for(r"live page: (http://\S+)")
        return found[1]

    def wait_for(self, pattern: str) -> re.Match[str]:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if found := re.search(pattern, self.said.read_text()):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{pattern} was never said:\n{self.said.read_text()}")

    def end(self) -> Path:
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, self.said.read_text()
        return Path(out.strip().splitlines()[-1])


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    started: list[Recording] = [Recording(tmp_path / "sessions", "--live")]
    yield started[0]
    if started[0].process.poll() is None:
        started[0].process.kill()
        started[0].process.communicate()


def states(address: str) -> Iterator[dict[str, Any]]:
    with urllib.request.urlopen(f"{address}events", timeout=PATIENCE_S) as stream:
        for line in stream:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])


def first_state(address: str, wanted: Any) -> dict[str, Any]:
    """The first state for which `wanted` holds; asks again where the server has gone."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            for state in states(address):
                if wanted(state):
                    return state
                if time.monotonic() > until:
                    break
        time.sleep(0.1)
    raise AssertionError("that state never came")


def servers_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-f", "sciatrack.live"], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def test_a_killed_server_comes_back_and_the_recording_knows_nothing_of_it(recording: Recording) -> None:
    address = recording.address()
    state = first_state(address, lambda one: one["sensors"][0]["state"] == "recording" and one["now_s"] > 3)
    assert state["free"]["exercise"] == "glute_bridge"
    (server,) = servers_of(recording.process.pid)
    os.kill(server, signal.SIGKILL)
    recording.wait_for("ended with status -9; the recording goes on")
    later = first_state(address, lambda one: one["now_s"] > state["now_s"] + 1)
    assert later["sensors"][0]["state"] == "recording"
    folder = recording.end()
    assert verify_session(folder) == []
    manifest = read_manifest(folder)
    assert manifest.blocks[0]["gaps_s"] == 0.0
    assert " 0.00 % lost" in recording.said.read_text()


def raw(address: str, request: bytes) -> bytes:
    """The first line that the server answers to these very bytes; empty where it hangs up."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        with contextlib.suppress(OSError):  # it may hang up before everything is sent
            connection.sendall(request)
        with contextlib.suppress(OSError):
            return connection.recv(4096).split(b"\r\n")[0]
    return b""


def test_what_is_refused_is_told_and_the_recording_knows_nothing_of_it_until_its_page_ends_it(
    recording: Recording,
) -> None:
    address = recording.address()
    first_state(address, lambda one: one["sensors"][0]["state"] == "recording")
    host = address.removeprefix("http://").rstrip("/").encode()
    ours = b"Host: " + host + b"\r\nOrigin: http://" + host + b"\r\n"
    posted = ours + b"Content-Type: application/json\r\nContent-Length: "
    attempts = {
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n": b"421",
        b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nOrigin: http://evil.example\r\n\r\n": b"403",
        b"GET /../../etc/passwd HTTP/1.1\r\n" + ours + b"\r\n": b"404",
        b"GET /%2e%2e/live.jsonl HTTP/1.1\r\n" + ours + b"\r\n": b"404",
        b"POST /act HTTP/1.1\r\n" + posted + b"100000\r\n\r\n" + b"x" * 100_000: b"413",
        b"POST /act HTTP/1.1\r\n" + posted + b"1\r\n\r\n{": b"400",
        b"POST /act HTTP/1.1\r\n" + posted + b"-5\r\n\r\n{}": b"400",
        b"GET / HTTP/1.1\r\n" + ours + b"X: " + b"y" * 100_000 + b"\r\n\r\n": b"431",
        b"\x16\x03\x01\x02\x00\x01\x00" * 10 + b"\r\n\r\n": b"400",
    }
    for request, status in attempts.items():
        answer = raw(address, request)
        assert not answer.startswith(b"HTTP/1.1 2"), request[:80]
        # the server may hang up on what is no HTTP, or too much of it, before its answer is read
        assert answer == b"" or answer.split()[1] in (status, b"400"), (request[:80], answer)
    recording.wait_for(r"a request from 127\.0\.0\.1 was refused: foreign Host")
    # what is ours ends the recording
    body = json.dumps({"act": "key", "key": "stop"}).encode()
    headers = {"Origin": address.rstrip("/"), "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}act", body, headers), timeout=10) as answer:
        assert answer.status == 200
    out, _ = recording.process.communicate(timeout=PATIENCE_S)
    assert recording.process.returncode == 0
    folder = Path(out.strip().splitlines()[-1])
    assert verify_session(folder) == []
    assert read_manifest(folder).blocks[0]["gaps_s"] == 0.0
    said = recording.said.read_text()
    assert " 0.00 % lost" in said
    assert "Traceback" not in said
