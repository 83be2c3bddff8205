"""Paths that Streamlit serves and this app does not need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile(r"[/\\]+")


class BlockedPaths:
    """Answers 404 to what begins with one of ``prefixes``, however it is spelled, and reads no
    body."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._prefixes = prefixes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            path = _SLASHES.sub("/", scope["path"]).lower()
            if path.startswith(self._prefixes):
                return JSONResponse({"error": "Not found"}, 404)(scope, receive, send)
        return self._app(scope, receive, send)
