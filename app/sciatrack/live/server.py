"""The web server of the live page: files, one stream of states, one place for what a person does.

The browser owns nothing. It shows the newest state and sends what was pressed; it may reload at any moment.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from sciatrack.live.hub import MOST_LISTENERS, Hub

FILES = {
    "/": ("index.html", "text/html"),
    "/live.css": ("live.css", "text/css"),
    "/live.js": ("live.js", "text/javascript"),
    "/ask.js": ("ask.js", "text/javascript"),
    "/sound.js": ("sound.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
# A whole check-in is some hundred bytes.
MAX_BODY_BYTES = 8192
RETRY_MS = 500  # a page whose stream broke asks again after this

Act = Callable[[Mapping[str, Any], bool], Awaitable[Mapping[str, Any]]]
Seen = Callable[[Mapping[str, Any], bool], Mapping[str, Any]]


class RefusedError(Exception):
    """What a person did cannot be done; carries the status of the answer and a sentence."""

    def __init__(self, problem: str, status: int = 400) -> None:
        self.problem, self.status = problem, status
        super().__init__(problem)


def application(
    hub: Hub, act: Act, seen: Seen, texts: Mapping[str, Any], refuse: Callable[[str, str], None]
) -> Starlette:
    """The routes.

    act  : does what a page asks (body, whether it is on this computer), answers or raises RefusedError
    seen : the state as that page may see it
    texts : the catalogue of all languages; refuse : is told what was refused and where it came from
    """

    async def file(request: Request) -> Response:
        name, kind = FILES[request.url.path]
        data = (resources.files("sciatrack.live") / "page" / name).read_bytes()
        return Response(data, media_type=kind)

    async def catalogue(_: Request) -> Response:
        return JSONResponse(texts)

    async def events(request: Request) -> Response:
        if hub.listeners >= MOST_LISTENERS:
            refuse("too many pages", _who(request))
            return PlainTextResponse("too many pages are open", 503)
        return StreamingResponse(_states(hub, seen, _is_here(request)), media_type="text/event-stream")

    async def do(request: Request) -> Response:
        try:
            return JSONResponse(await act(await _body(request), _is_here(request)))
        except RefusedError as error:
            refuse(error.problem, _who(request))
            return PlainTextResponse(error.problem, error.status)

    routes = [Route(path, file) for path in FILES]
    routes += [Route("/texts.json", catalogue), Route("/events", events), Route("/act", do, methods=["POST"])]
    return Starlette(routes=routes)


async def _states(hub: Hub, seen: Seen, is_here: bool) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async for number, state in hub.listen():
        yield f"id: {number}\ndata: {json.dumps(seen(state, is_here))}\n\n"


async def _body(request: Request) -> Mapping[str, Any]:
    """The JSON object that was sent; no more of it is read than may be."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RefusedError("what is done comes as application/json", 415)
    data = b""
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY_BYTES:
                raise RefusedError("the body is too large", 413)
        body = json.loads(data)
    except ClientDisconnect:
        raise RefusedError("the body ended early") from None
    except (ValueError, RecursionError):
        raise RefusedError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise RefusedError("the body is no JSON object")
    return body


def _who(request: Request) -> str:
    return request.client.host if request.client else "?"


def _is_here(request: Request) -> bool:
    """The page is open on this computer."""
    try:
        return ipaddress.ip_address(_who(request)).is_loopback
    except ValueError:
        return False
