"""The middleware in front of pages, routes and sandbox, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from billing.http.guards.blocked_paths import BlockedPaths
from billing.http.guards.gate import Gate
from billing.http.guards.host_guard import HostGuard
from billing.http.guards.trusted_proxies import TrustedProxies
from billing.http.link_previews import LinkPreviews
from billing.http.security_headers import SecurityHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from billing.http.guards.allowed_hosts import AllowedHosts
    from billing.http.guards.gate import Refusal
    from billing.http.guards.trusted_proxies import Network


def protected(
    app: ASGIApp,
    allowed: Callable[[], AllowedHosts],
    previews: Mapping[str, tuple[str, str]],
    closed: tuple[str, ...] = (),
    proxies: tuple[Network, ...] = (),
    user_header: str | None = None,
    refusal: Callable[[Scope], Refusal | None] | None = None,
    open_paths: tuple[str, ...] = (),
) -> ASGIApp:
    """``app`` behind all of that middleware.

    ``previews`` are the paths that create something when they are followed, each with the title
    and the description that previews get instead; ``closed`` the beginnings of closed paths.
    ``proxies`` and ``user_header`` are those of ``TrustedProxies``, ``refusal`` and
    ``open_paths`` those of the ``Gate``; without a ``refusal`` it has none.
    """
    app = HostGuard(BlockedPaths(app, closed), allowed)
    if refusal is not None:
        app = Gate(app, refusal, open_paths)
    app = SecurityHeaders(LinkPreviews(IgnoreDisconnects(app), allowed, previews))
    return TrustedProxies(app, proxies, user_header)


class IgnoreDisconnects:
    """A client that disconnects in the middle of its request is not logged as an error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:  # noqa: SIM105 - this runs at each request, and the other way costs more
            await self._app(scope, receive, send)
        except ClientDisconnect:
            pass
