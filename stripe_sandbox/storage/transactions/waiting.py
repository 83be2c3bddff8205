"""Waits for something that any thread may do."""

from __future__ import annotations

import asyncio
import contextlib


class Waiting:
    """Those who wait for one thing."""

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Return, or raise its failure, once it is done."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append(future)
        await future

    def end(self, failure: BaseException | None) -> None:
        """It is done, or failed; from any thread."""
        for future in self._futures:
            loop = future.get_loop()
            if _is_running(loop):
                _end(future, failure)
            else:
                with contextlib.suppress(RuntimeError):  # whoever waited has closed their loop
                    loop.call_soon_threadsafe(_end, future, failure)


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this is called in the loop."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _end(future: asyncio.Future[None], failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(None)
    else:
        future.set_exception(failure)
