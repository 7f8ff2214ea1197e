"""What the live page's server refuses: foreign Host and Origin, tokens, paths, bodies; and what it lets pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from sciatrack.live.guard import Guard
from sciatrack.live.hub import Hub
from sciatrack.live.server import MAX_BODY_BYTES, RefusedError, application

HOST = "127.0.0.1:8460"
TOKEN = "s3cret-Token_0"


class Site:
    """The routes behind the guard, asked without a socket."""

    def __init__(self, token: str | None = None) -> None:
        self.done: list[Mapping[str, Any]] = []
        self.refused: list[str] = []
        hub = Hub()
        hub.publish({"now_s": 1.0, "pace": 0.0})

        async def act(body: Mapping[str, Any], is_here: bool) -> Mapping[str, Any]:
            if body.get("act") == "nonsense":
                raise RefusedError("this is nothing that can be done here")
            self.done.append(body)
            return {"here": is_here}

        def refuse(reason: str, who: str) -> None:
            self.refused.append(reason)

        app = application(hub, act, lambda state, is_here: state, {"a": {"en": "b"}}, refuse)
        self.app = Guard(app, frozenset({HOST}), token, refuse)

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", client: str = "127.0.0.1", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        named = {"host": HOST} | {key.replace("_", "-"): value for key, value in headers.items()}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(key.encode(), value.encode()) for key, value in named.items() if value],
            "client": (client, 5), "server": ("127.0.0.1", 8460), "scheme": "http", "http_version": "1.1",
            "root_path": "",
        }  # fmt: skip
        sent: list[dict[str, Any]] = []
        parts = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]

        async def receive() -> dict[str, Any]:
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))  # type: ignore[arg-type]
        answered = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], answered, b"".join(one.get("body", b"") for one in sent[1:])

    def act(self, body: object, **more: Any) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"origin": f"http://{HOST}", "content_type": "application/json"} | more
        return self.ask(headers.pop("path", "/act"), "POST", data, **headers)[0]


def test_the_page_comes_with_a_policy_that_lets_nothing_else_in() -> None:
    status, headers, body = Site().ask("/")
    assert status == 200
    assert b"<!doctype html>" in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert b"http://" not in body
    assert b"https://" not in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8460", "127.0.0.1", "127.0.0.1:9", ""])
def test_a_foreign_host_is_refused(host: str) -> None:
    site = Site()
    assert site.ask("/", host=host)[0] == 421
    assert site.refused == ["foreign Host"]


def test_a_foreign_origin_or_none_changes_nothing() -> None:
    site = Site()
    assert site.act({"act": "key", "key": "stop"}, origin="http://evil.example") == 403
    assert site.act({"act": "key", "key": "stop"}, origin="null") == 403
    assert site.act({"act": "key", "key": "stop"}, origin="") == 403
    assert site.act({"act": "key", "key": "stop"}, sec_fetch_site="cross-site") == 403
    assert site.done == []
    assert site.act({"act": "key", "key": "stop"}) == 200
    assert site.done == [{"act": "key", "key": "stop"}]


@pytest.mark.parametrize(
    "path",
    [
        "/../manifest.json",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/%2e%2e/",
        "/live.js/../../x",
        "/a b",
        "/\\x",
        "/live.js%00",
    ],
)
def test_no_path_climbs(path: str) -> None:
    status, _, body = Site().ask(path)
    assert status == 404
    assert b"root:" not in body


def test_only_the_files_of_the_page_are_there() -> None:
    assert Site().ask("/engine.py")[0] == 404
    assert Site().ask("/live.css")[0] == 200


def test_with_a_token_nothing_is_there_without_it() -> None:
    site = Site(TOKEN)
    for path in ("/", "/live.js", "/wrong/", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/", "/act"):
        assert site.ask(path)[0] == 404
    assert site.ask(f"/{TOKEN}/")[0] == 200
    assert site.ask(f"/{TOKEN}/live.js")[0] == 200
    assert site.act({"act": "key"}) == 404
    assert site.act({"act": "key"}, path=f"/{TOKEN}/act") == 200
    assert len(site.done) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[]", 400), (b"7", 400), (b'"a"', 400), (b"\xff\xfe", 400), (b"[" * 5000, 400),
        (b'{"act":"' + b"x" * MAX_BODY_BYTES + b'"}', 413), ({"act": "nonsense"}, 400),
    ],
)  # fmt: skip
def test_bodies_that_are_none_are_refused_and_told(body: object, status: int) -> None:
    site = Site()
    assert site.act(body) == status
    assert site.done == []
    assert len(site.refused) == 1


def test_a_body_of_another_kind_is_refused() -> None:
    assert Site().act({"act": "key"}, content_type="text/plain") == 415  # what a form of another site could send


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(method: str) -> None:
    assert Site().ask("/", method)[0] == 405
