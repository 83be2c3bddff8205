"""Gives every request an id, by which its lines are found in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.logs.request_id import begin_request

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"


class RequestIds:
    """Takes the id in ``X-Request-Id``, as a proxy sends it, or makes one, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] not in ("http", "websocket"):
            return self._app(scope, receive, send)
        given = next((value for name, value in scope["headers"] if name == HEADER), None)
        own = (HEADER, begin_request(given and given.decode("latin-1")).encode())

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", ()), own]
            return send(message)

        return self._app(scope, receive, send_with_id)
