"""Scripts and styles of the pages, sent compressed."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPRESSIBLE = (".js", ".css", ".svg", ".json")
AT_LEAST = 1_000  # bytes: what is shorter fits into one packet anyway
AT_MOST = 8_000_000  # bytes in memory, which all of Streamlit's files together do not reach
LEVEL = 9
# These would be of the file as it is, and ask for a part of it.
LEFT_OUT = ("content-length", "etag", "last-modified", "accept-ranges")


@dataclass(frozen=True)
class Asset:
    """An answer, compressed."""

    start: Message
    body: bytes

    async def send(self, send: Send) -> None:
        await send({**self.start, "headers": list(self.start["headers"])})
        await send({"type": "http.response.body", "body": self.body})


class CompressedAssets:
    """Compresses what lies below the path ``below`` and never changes, as its ``Cache-Control``
    says. Each file is compressed once and stays in memory.

    Streamlit leaves that to a proxy, since it would compress at each request:
    a first visit loaded three times as many bytes.
    """

    def __init__(self, app: ASGIApp, below: str) -> None:
        self._app = app
        self._below = below
        self._stored: dict[str, Asset] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_compressible(scope):
            await self._app(scope, receive, send)
        elif asset := self._stored.get(scope["path"]):
            await asset.send(send)
        else:
            await self._compress(scope, receive, send)

    def _is_compressible(self, scope: Scope) -> bool:
        if scope["type"] != "http" or not scope["path"].startswith(self._below):
            return False
        headers = Headers(scope=scope)
        return (
            scope["method"] == "GET"
            and scope["path"].endswith(COMPRESSIBLE)
            and "gzip" in headers.get("accept-encoding", "")
            and "range" not in headers
            and "if-none-match" not in headers
        )

    async def _compress(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, collect)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        headers = MutableHeaders(raw=list(start.get("headers", ())))
        is_fixed = start.get("status") == 200 and "immutable" in headers.get("cache-control", "")
        if not is_fixed or len(body) < AT_LEAST or "content-encoding" in headers:
            for message in messages:
                await send(message)
            return
        compressed = await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
        for name in LEFT_OUT:
            del headers[name]
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(compressed))
        headers.add_vary_header("accept-encoding")
        asset = Asset({**start, "headers": headers.raw}, compressed)
        if scope["path"] not in self._stored and self._size + len(compressed) <= AT_MOST:
            self._stored[scope["path"]] = asset
            self._size += len(compressed)
        await asset.send(send)
