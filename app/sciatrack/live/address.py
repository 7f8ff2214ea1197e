"""Where the page is, in words, as a QR code for a phone, and opened in a browser where there is a desktop."""

from __future__ import annotations

import io
import os
import socket
import sys
import webbrowser
from collections.abc import Callable

HERE = ("127.0.0.1", "localhost")
# An address that no network uses (RFC 5737): asking for the way there names our own address and sends nothing.
NOWHERE = ("192.0.2.1", 9)


def lan_address() -> str:
    """This computer's address on its network; that of the computer itself where it has none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(NOWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return HERE[0]


def hosts(port: int, token: str) -> frozenset[str]:
    """The `Host` headers that are meant for us."""
    names = (*HERE, lan_address()) if token else HERE
    return frozenset(f"{name}:{port}" for name in names)


def tell_address(port: int, token: str, say: Callable[[str], None]) -> None:
    """Say where the page is, and open it where a person sits at a desktop."""
    here = f"http://{HERE[0]}:{port}/{token}{'/' if token else ''}"
    say(f"live page: {here}")
    if token:
        there = f"http://{lan_address()}:{port}/{token}/"
        say(f"on this network: {there}\n{qr_text(there)}")
        say("Whoever has this address can look and press keys. It is not encrypted.")
    if sys.stderr.isatty() and _has_desktop():
        webbrowser.open(here)


def qr_text(address: str) -> str:
    """A QR code in half blocks, for a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(address, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()


def _has_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
