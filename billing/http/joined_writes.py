"""An answer's head goes out together with its body."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class JoinedWrites:
    """A transport as one answer of uvicorn's uses it, which writes its head and its body each by
    itself. uvloop would send both at once: two packets and two system calls."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self._has_begun = False

    def write(self, data: bytes) -> None:
        """Write ``data``; what comes first waits for what is written right after it."""
        if self._held is not None:
            head, self._held = self._held, None
            self._transport.writelines((head, data))
        elif self._has_begun:
            self._transport.write(data)
        else:
            self._has_begun = True
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._held is not None:
            head, self._held = self._held, None
            self._transport.write(head)
