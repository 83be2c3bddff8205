"""Answers link previews and crawlers without creating a Checkout Session for them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from billing.http.guards.host_guard import SECURE_SCHEMES, host_and_origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from billing.http.guards.allowed_hosts import AllowedHosts

# The names that they give themselves, in lower case. (Cubot makes phones.)
PREVIEW_AGENTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|preview|unfurl|scrap(?:e|y)|slurp|archiver|"
    r"facebookexternalhit|facebookcatalog|meta-external|whatsapp|slack-imgproxy|viber|vkshare|"
    r"google-(?:inspectiontool|pagerenderer|read-aloud|safety)|googleother|apis-google|"
    r"mediapartners-google|feedfetcher|embedly|iframely|mastodon|pleroma|misskey|"
    r"rocket\.chat|zulip|mattermost|flipboard|pinterest/|tumblr/|xing-contenttabreceiver|"
    r"w3c_validator|bitly|nuzzel|outbrain"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex, nofollow">
<meta name="viewport" content="width=device-width">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{description}</p>
</body>
</html>
"""


class LinkPreviews:
    """Answers previews and crawlers that GET one of ``pages`` with a page of its title and
    description, by path. Everything else goes on to the app.

    A browser that follows a link sends no Origin; a request that has a foreign one, without the
    Sec-Fetch headers of a browser, is a program's that acts for a page elsewhere.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed: Callable[[], AllowedHosts],
        pages: Mapping[str, tuple[str, str]],
    ) -> None:
        self._app = app
        self._allowed = allowed
        self._pages = pages

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_link = scope["type"] == "http" and scope["path"] in self._pages
        if is_link and scope["method"] == "GET" and self._is_preview(scope):
            title, description = map(html.escape, self._pages[scope["path"]])
            page = PAGE.format(title=title, description=description)
            answer = HTMLResponse(page, headers={"Cache-Control": "no-store"})
            return answer(scope, receive, send)
        return self._app(scope, receive, send)

    def _is_preview(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if PREVIEW_AGENTS.search(headers.get("user-agent", "").lower()):
            return True
        host, origin = host_and_origin(scope)
        return "sec-fetch-mode" not in headers and self._allowed().is_foreign(
            host, origin, is_secure=scope["scheme"] in SECURE_SCHEMES
        )
