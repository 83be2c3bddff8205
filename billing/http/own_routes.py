"""Our own routes, in front of Streamlit's app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.routing import Router
    from starlette.types import ASGIApp, Receive, Scope, Send


class OwnRoutesFirst:
    """What is asked of a path that begins with one of ``paths`` goes to ``own``: before Streamlit's
    own middleware (cookies, compression), which our routes do not need."""

    def __init__(self, app: ASGIApp, own: Router, paths: tuple[str, ...]) -> None:
        self._streamlit = app
        self._own = own
        self._paths = paths
        # Looked up here: the router would compare the pattern of each with the path.
        self._fixed = {
            (method, route.path): route
            for route in own.routes
            if isinstance(route, Route) and not route.param_convertors
            for method in route.methods or ()
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_asked = scope["type"] in ("http", "websocket")
        if is_asked and scope["path"].startswith(self._paths):
            scope.pop("app", None)  # of Streamlit, whose handlers of exceptions are not ours
            route = self._fixed.get((scope.get("method", ""), scope["path"]))
            if route is None:
                return self._own(scope, receive, send)
            scope.update(route=route, endpoint=route.endpoint, path_params={})
            return route.handle(scope, receive, send)
        return self._streamlit(scope, receive, send)
