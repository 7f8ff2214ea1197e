"""`python -m sciatrack.live`: the live server, started by a recorder that feeds it on standard input."""

from __future__ import annotations

import json
import sys

from sciatrack.live import wire
from sciatrack.live.serve import serve
from sciatrack.live.setup import Setup

if __name__ == "__main__":
    frames = wire.frames(sys.stdin.buffer)
    kind, body = next(frames, (0, b""))
    if kind != wire.SETUP:
        sys.exit("This is the server behind `sciatrack record --live` and `sciatrack replay --live`; start those.")
    serve(Setup.of(json.loads(body)), frames, sys.stdout)
