"""Open files: raises the limit to what the system allows, and spares those of idle loops."""

from __future__ import annotations

import asyncio
import selectors
import sys
from typing import Any

MAX_OPEN_FILES = 65_536


def raise_open_files_limit() -> int:
    """Allow this process as many open files as the system does; returns how many that are."""
    if sys.platform == "win32":
        return MAX_OPEN_FILES  # sockets are not counted there
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return MAX_OPEN_FILES if soft == resource.RLIM_INFINITY else soft


class LazyEventLoop(asyncio.SelectorEventLoop):
    """An event loop that holds no file while it does not run.

    Streamlit gives each page a loop for scripts that want one, and keeps it for two minutes after
    the page was closed: three open files each, of which ours use none.
    """

    _ssock: Any
    _csock: Any

    def __init__(self) -> None:
        super().__init__(getattr(selectors, "PollSelector", selectors.SelectSelector)())

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None

    def run_forever(self) -> None:
        if self._ssock is None:
            super()._make_self_pipe()  # type: ignore[misc] # typeshed knows public methods only
        super().run_forever()

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            super()._close_self_pipe()  # type: ignore[misc]


class LazyEventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """``asyncio.new_event_loop()`` makes a ``LazyEventLoop``; the server's own loop is uvloop's."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return LazyEventLoop()
