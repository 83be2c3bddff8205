"""Measures every HTTP request, and counts the pages that are open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from billing.metrics.registry import Metrics

METRICS_PATH = "/metrics"
OWN_ROUTES = ("/api/", METRICS_PATH)
# What is not one of our own routes is counted by where its path begins.
BEGINNINGS = (
    *("/api/", "/sandbox/v1/", "/sandbox/v2/", "/sandbox/_control/", "/sandbox/"),
    *("/app/static/", "/app/_stcore/", "/app"),
)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
PAGE_SOCKET = "/app/_stcore/stream"
NO_ANSWER = 499  # as nginx logs it: the client left before there was one


class MeasuredRequests:
    """Records how long each answer took, by the route's path, method and status.

    ``metrics`` is called at each request: they exist once the server runs.
    """

    def __init__(self, app: ASGIApp, metrics: Callable[[], Metrics]) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._measure(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == PAGE_SOCKET:
            with self._metrics().open_pages.track_inprogress():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = NO_ANSWER

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception:
            status = 500  # what the server answers then
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            series = self._metrics().requests.labels(route_of(scope), method, status)
            series.observe(time.perf_counter() - started)


def route_of(scope: Scope) -> str:
    """The path of the route that answered a request, as it is declared, or where its path begins;
    never an id."""
    path: str = getattr(scope.get("route"), "path", "")
    if path.startswith(OWN_ROUTES):
        return path
    path = scope["path"]
    begin = next((begin for begin in BEGINNINGS if path.startswith(begin)), "other")
    return begin.rstrip("/")
