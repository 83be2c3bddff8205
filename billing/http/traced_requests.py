"""A span around every HTTP request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from billing.http.route_names import NO_ANSWER, method_of, route_of
from billing.logs.request_id import current_request_id
from billing.tracing import server_span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TracedRequests:
    """Names the span after method and route, as in ``POST /api/billing/checkout``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = NO_ANSWER

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = method_of(scope)
        with server_span(method, Headers(scope=scope)) as current:
            current.set_attribute("request_id", current_request_id())
            try:
                await self._app(scope, receive, send_and_note)
            finally:
                route = route_of(scope)
                current.update_name(f"{method} {route}")
                current.set_attribute("http.route", route)
                current.set_attribute("http.response.status_code", status)
