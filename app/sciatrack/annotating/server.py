"""The page's server: this computer only, for the one who has its token.

It listens on 127.0.0.1, answers only requests that name it so (another site's script, or a name that was turned to
this address, is refused), and gives data only with the token, which stands behind the # of the page's address and
so is never sent along. The page loads nothing from elsewhere.
"""

from __future__ import annotations

import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sciatrack.annotating.desk import Desk, StaleError
from sciatrack_ingest import SciatrackError

HOST = "127.0.0.1"
MOST_BYTES = 5_000_000  # a day of reps is a hundred times less
TOKEN_HEADER = "X-Sciatrack-Token"
FILES = {
    "/": ("annotate.html", "text/html; charset=utf-8"),
    "/annotate.css": ("annotate.css", "text/css; charset=utf-8"),
    "/annotate.js": ("annotate.js", "text/javascript; charset=utf-8"),
    "/drawing.js": ("drawing.js", "text/javascript; charset=utf-8"),
    "/saving.js": ("saving.js", "text/javascript; charset=utf-8"),
    "/marks.js": ("marks.js", "text/javascript; charset=utf-8"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class AnnotationServer(ThreadingHTTPServer):
    """Serves one desk until it is shut down. Port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        super().__init__((HOST, port), Handler)
        self.desk = desk
        self.token = secrets.token_urlsafe(24)
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/#{self.token}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: AnnotationServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sciatrack", ""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def _answer(self, make: Any) -> None:
        try:
            if not self._is_ours():
                return self._send(403, {"error": "only this computer's own page may ask"})
            make()
        except StaleError as error:
            self._send(409, {"error": str(error)})
        except (SciatrackError, ValueError) as error:
            self._send(400, {"error": " ".join(str(error).split())})
        except OSError as error:
            self._send(500, {"error": f"not saved: {error.strerror or error}"})

    def _is_ours(self) -> bool:
        origin = self.headers.get("Origin")
        same = {f"http://{name}" for name in self.server.names}
        return self.headers.get("Host") in self.server.names and (origin is None or origin in same)

    def _get(self) -> None:
        url = urlsplit(self.path)
        if url.path in FILES:
            name, kind = FILES[url.path]
            return self._send_bytes(
                200, (resources.files("sciatrack.annotating") / "page" / name).read_bytes(), kind
            )
        if not self._has_token():
            return None
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        desk = self.server.desk
        if url.path == "/api/about":
            return self._send(200, desk.about())
        if url.path == "/api/trace":
            start_s, end_s = float(asked.get("from", "0")), float(asked.get("to", "0"))
            return self._send(200, desk.trace(start_s, end_s, int(asked.get("bins", "1000"))))
        if url.path == "/api/truth":
            return self._send(200, desk.truth(asked.get("annotator", "")))
        if url.path == "/api/found":
            return self._send(200, {"reps": desk.found(asked)})
        return self._send(404, {"error": "there is nothing here"})

    def _put(self) -> None:
        if not self._has_token():
            return None
        if urlsplit(self.path).path != "/api/truth":
            return self._send(404, {"error": "there is nothing here"})
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 < length <= MOST_BYTES:
            self.close_connection = True  # what was not read would be taken for the next request
            return self._send(413, {"error": f"between 1 and {MOST_BYTES} bytes are taken"})
        return self._send(200, self.server.desk.save(json.loads(self.rfile.read(length))))

    def _has_token(self) -> bool:
        given = self.headers.get(TOKEN_HEADER, "")
        if secrets.compare_digest(given.encode(), self.server.token.encode()):
            return True
        self.close_connection = True
        self._send(401, {"error": "open the page by the whole address that the command printed"})
        return False

    def _send(self, status: int, answer: object) -> None:
        self._send_bytes(status, json.dumps(answer, allow_nan=False).encode(), "application/json")

    def _send_bytes(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the terminal belongs to the command."""
