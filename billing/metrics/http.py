"""Measures every HTTP request, and counts the pages that are open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from billing.http.route_names import NO_ANSWER, method_of, route_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from billing.metrics.registry import Metrics

PAGE_SOCKET = "/app/_stcore/stream"


class MeasuredRequests:
    """Records how long each answer took, by the route's path, method and status.

    ``metrics`` is called at each request: they exist once the server runs.
    """

    def __init__(self, app: ASGIApp, metrics: Callable[[], Metrics]) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            return self._measure(scope, receive, send)
        if scope["type"] == "websocket" and scope["path"] == PAGE_SOCKET:
            return self._count(scope, receive, send)
        return self._app(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._metrics().open_pages.track_inprogress():
            await self._app(scope, receive, send)

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = NO_ANSWER

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception:
            status = 500  # what the server answers then
            raise
        finally:
            series = self._metrics().request_series(route_of(scope), method_of(scope), status)
            series.observe(time.perf_counter() - started)
