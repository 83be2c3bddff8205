"""An API that answers each request as a test says, or loses the answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from billing.json_codec import dumps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Answer:
    """``status`` None: the connection is closed instead of an answer."""

    status: int | None = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def scripted_stripe(*answers: Answer) -> AsyncIterator[str]:
    """Its base URL; the last answer is given again and again."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _head(reader):
                await reader.readexactly(_length(head))
                answer = left.pop(0) if len(left) > 1 else left[0]
                if answer.status is None:
                    return
                writer.write(_written(answer))
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""


def _length(head: str) -> int:
    _, _, after = head.partition("content-length:")
    return int(after.split("\r\n")[0]) if after else 0


def _written(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else dumps(answer.body).encode()
    headers = {"Content-Length": str(len(body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} -\r\n{lines}\r\n".encode() + body
