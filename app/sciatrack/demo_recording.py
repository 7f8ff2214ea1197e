"""The part of `sciatrack demo` that records: the sensor in software, by the recorder's own command, meanwhile."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# Two repetitions of the demo's motion; it is recorded while the study is built, so it costs little time.
SECONDS = 25.0
# The recorder starts, closes the session and analyses it in some seconds; a computer may be slow.
PATIENCE_S = 90.0
PARTICIPANT, PLACEMENT = "S00", "right_thigh"


class DemoRecording:
    """A recorder that runs beside the demo. `wait` gives its session folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        command = [
            sys.executable, "-m", "sciatrack.cli", "record", "--demo", "--participant", PARTICIPANT,
            "--placement", PLACEMENT, "--duration", f"{SECONDS:g}", "--output", str(folder),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait(self) -> tuple[Path | None, list[str]]:
        """The session folder (None: it failed) and what the recorder said."""
        try:
            out, said = self._process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            return None, [f"the recorder did not end within {PATIENCE_S:g} s"]
        lines = out.splitlines()
        done = self._process.returncode == 0 and lines
        return (Path(lines[-1]) if done else None), said.splitlines()

    def end(self) -> None:
        """Nothing of it goes on."""
        if self._process.poll() is None:
            self._process.kill()
        with contextlib.suppress(OSError, ValueError):
            self._process.communicate()


@contextmanager
def recording(folder: Path) -> Iterator[DemoRecording | None]:
    """A recorder that writes into `folder`, ended with the block; None where the extra `demo` is not installed."""
    if find_spec("bumble") is None:
        yield None
        return
    started = DemoRecording(folder)
    try:
        yield started
    finally:
        started.end()
