"""Styles that hold from a page's first paint on, and no fonts that it does not show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

END_OF_HEAD = b"</head>"
FONT_PRELOAD = re.compile(rb"""<link\s[^>]*as="font"[^>]*>\s*""")
# An answer that a browser has stored is that of Streamlit's file, whatever the styles were then.
OF_THE_FILE = ("etag", "last-modified", "accept-ranges")
NOT_PASSED_ON = (b"if-none-match", b"if-modified-since", b"accept-encoding")


class PageStyle:
    """Puts ``css`` into the head of the HTML documents below the path ``below``: what a page shows
    by itself comes seconds later, and would move what already stands there. Fonts are not preloaded
    there: Streamlit's own, 170 KB, is not the theme's."""

    def __init__(self, app: ASGIApp, below: str, css: str) -> None:
        self._app = app
        self._below = below
        self._style = f"<style>{css}</style>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._may_be_document(scope):
            await self._app(scope, receive, send)
            return
        headers = [header for header in scope["headers"] if header[0] not in NOT_PASSED_ON]
        held: list[Message] = []

        async def send_with_style(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                held.append(message)
            elif not held:
                await send(message)
            elif message.get("more_body"):
                held.append(message)
            else:
                await self._send_document(held[0], [*held[1:], message], send)

        await self._app({**scope, "headers": headers}, receive, send_with_style)

    def _may_be_document(self, scope: Scope) -> bool:
        return (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and scope["path"].startswith(self._below)
            and any(b"text/html" in value for name, value in scope["headers"] if name == b"accept")
        )

    async def _send_document(self, start: Message, parts: list[Message], send: Send) -> None:
        document = b"".join(part.get("body", b"") for part in parts)
        document = FONT_PRELOAD.sub(b"", document)
        document = document.replace(END_OF_HEAD, self._style + END_OF_HEAD, 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in OF_THE_FILE:
            del headers[name]
        headers["content-length"] = str(len(document))
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": document})


def _is_document(start: Message) -> bool:
    headers = MutableHeaders(raw=list(start.get("headers", ())))
    return (
        start["status"] == 200
        and headers.get("content-type", "").startswith("text/html")
        and "content-encoding" not in headers
    )
