"""Who may ask the live server anything: pages that it served itself, from an address that was meant.

Against other sites in the same browser: the `Host` must be one of ours (or a name that was rebound to this
computer would do), and what comes with an `Origin` must come from ours; a POST must come with one. Against
others on the network: the first part of the path must be the token. What is refused is told, and costs nothing but
an answer.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A browser sends some hundred bytes. More is asked for by nobody who means well.
MAX_HEADER_BYTES = 16_384
METHODS = ("GET", "HEAD", "POST")
# All that our own addresses hold; no dots beside each other, no escapes, so no path can climb.
PLAIN_PATH = re.compile(rb"/(?:[A-Za-z0-9_-]+(?:\.[a-z]+)?/?)*")
HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True)
class Guard:
    """Lets through to `app` what may pass; `token` None: nothing but this computer can reach us.

    hosts  : the `Host` headers that are ours, such as "127.0.0.1:8460"
    refuse : is told the reason and where it came from
    """

    app: ASGIApp
    hosts: frozenset[str]
    token: str | None
    refuse: Callable[[str, str], None]
    _origins: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_origins", frozenset(f"http://{host}" for host in self.hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, reason = self._judge(scope)
        if status:
            self.refuse(reason, str((scope.get("client") or ("?",))[0]))
            await answer(send, status, reason)
            return
        if self.token is not None:
            scope = {**scope, "path": scope["path"][len(self.token) + 1 :] or "/"}
        await self.app(scope, receive, _with_headers(send))

    def _judge(self, scope: Scope) -> tuple[int, str]:
        """Status and reason of a refusal; (0, "") where there is none."""
        if scope["method"] not in METHODS:
            return 405, "method not allowed"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            return 431, "headers too large"
        if _values(scope, b"host") not in [[host] for host in self.hosts]:
            return 421, "foreign Host"
        origins = _values(scope, b"origin")
        if any(origin not in self._origins for origin in origins) or len(origins) > 1:
            return 403, "foreign Origin"
        if scope["method"] == "POST" and not origins:
            return 403, "no Origin"
        site, mode = _values(scope, b"sec-fetch-site"), _values(scope, b"sec-fetch-mode")
        if "cross-site" in site and (mode != ["navigate"] or scope["method"] == "POST"):
            return 403, "asked by another site"
        return self._judge_path(scope)

    def _judge_path(self, scope: Scope) -> tuple[int, str]:
        raw = scope.get("raw_path") or scope["path"].encode()
        if not PLAIN_PATH.fullmatch(raw):
            return 404, "strange path"
        if self.token is None:
            return 0, ""
        given = raw.split(b"/")[1]
        if not hmac.compare_digest(given, self.token.encode()):
            return 404, "without the token" if not given else "wrong token"
        return (0, "") if raw.count(b"/") > 1 else (404, "the address ends with /")


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1").lower() for key, value in headers if key == name]


def _with_headers(send: Send) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return send_with


async def answer(send: Send, status: int, words: str) -> None:
    """A short text."""
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
