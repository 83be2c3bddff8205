"""Pages at the public URL alone, where people sign in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


class PublicHost:
    """Sends a page that is asked for under another host name on to the public URL, with its path
    and query: a cookie counts where it was set.

    ``public_url`` is asked at each request; None while pages are served under every name.
    """

    def __init__(self, app: ASGIApp, public_url: Callable[[], str | None]) -> None:
        self._app = app
        self._public_url = public_url

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if is_page(scope) and (public_url := self._public_url()):
            # By name alone: a proxy may hide at which port it is asked.
            asked = _host_name(f"//{Headers(scope=scope).get('host', '')}")
            if asked != _host_name(public_url):
                query = scope["query_string"].decode("latin-1")
                address = f"{public_url}{scope['raw_path'].decode('latin-1')}"
                answer = RedirectResponse(f"{address}?{query}" if query else address)
                return answer(scope, receive, send)
        return self._app(scope, receive, send)


def is_page(scope: Scope) -> bool:
    """A browser asks for a page to show, not for what belongs to one."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and (scope["path"] == "/" or scope["path"].startswith("/app"))
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _host_name(url: str) -> str:
    """As browsers write it, who know no other letters in a name than ASCII's."""
    name = (urlsplit(url).hostname or "").removesuffix(".")
    with suppress(UnicodeError):
        name = name.encode("idna").decode()
    return name
