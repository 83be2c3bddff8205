"""The one guard before everything else: pages, routes, sandbox and its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from billing.http.guards.allowed_hosts import AllowedHosts

SECURE_SCHEMES = ("https", "wss")


class HostGuard:
    """Answers 403 to HTTP requests and WebSockets whose Host or Origin is not this app's.

    ``allowed`` is asked at each request: what it is made of is known once the server runs.
    """

    def __init__(self, app: ASGIApp, allowed: Callable[[], AllowedHosts]) -> None:
        self._app = app
        self._allowed = allowed

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in ("http", "websocket"):
            host, origin = host_and_origin(scope)
            refusal = self._allowed().refusal(
                host, origin, is_secure=scope["scheme"] in SECURE_SCHEMES
            )
            if refusal:
                return JSONResponse({"error": refusal}, 403)(scope, receive, send)
        return self._app(scope, receive, send)


def host_and_origin(scope: Scope) -> tuple[str | None, str | None]:
    """The two headers; one that came more than once is empty, and so is refused."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in (b"host", b"origin"):
            found[name] = "" if name in found else value.decode("latin-1")
    return found.get(b"host"), found.get(b"origin")
