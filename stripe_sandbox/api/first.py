"""Brings requests to the API, past the routes of the pages."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from stripe_sandbox.api.requests import PREFIXES, path_of


class ApiFirst:
    """An ASGI app: what is under /v1 and /v2 goes to `api`, all else to `others`."""

    def __init__(self, api: ASGIApp, others: ASGIApp) -> None:
        self._api = api
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and path_of(scope).startswith(PREFIXES)
        await (self._api if is_api else self._others)(scope, receive, send)
