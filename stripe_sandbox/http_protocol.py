"""How the standalone sandbox speaks HTTP: as uvicorn does, each answer in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    import asyncio

_HEAD, _INTERIM = b"HTTP/1.1 ", b"HTTP/1.1 100 "


class OnePiece:
    """A transport as an answer of uvicorn's uses it, which writes its head and its body each by
    itself: two system calls, and a client that is woken twice. Here the head waits for the body,
    or for `flush` where there is none."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with answers in one piece."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        transport = OnePiece(cycle.transport)
        ended = cycle.on_response

        def end() -> None:
            transport.flush()
            ended()

        cycle.transport = cast("asyncio.Transport", transport)
        cycle.on_response = end
        super()._start_asgi_task(cycle, app)
