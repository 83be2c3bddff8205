"""Our own routes, in front of Streamlit's app."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class OwnRoutesFirst:
    """What is asked of a path that begins with one of ``paths`` goes to ``own``: before Streamlit's
    own middleware (cookies, compression), which our routes do not need."""

    def __init__(self, app: ASGIApp, own: ASGIApp, paths: tuple[str, ...]) -> None:
        self._streamlit = app
        self._own = own
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] in ("http", "websocket")
        is_ours = is_asked and scope["path"].startswith(self._paths)
        await (self._own if is_ours else self._streamlit)(scope, receive, send)
