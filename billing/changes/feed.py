"""The change numbers of this process, and whoever waits for them to grow."""

from __future__ import annotations

import asyncio
import secrets
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from billing.changes.topics import TOPIC_OF_TABLE, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator


class ChangeFeed:
    """A number for each topic, which grows with every change. Numbers compare only with others of
    the same ``id``: each process has its own."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(8)
        self._numbers = dict.fromkeys(Topic, 0)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waking = False
        self._listeners: set[asyncio.Event] = set()
        self._announce: Callable[[set[Topic]], None] | None = None

    def numbers(self) -> dict[Topic, int]:
        """The number of each topic. Read them before what they are about: what changes in between
        is then known to be newer."""
        with self._lock:
            return dict(self._numbers)

    def tables_changed(self, tables: Iterable[str]) -> None:
        """A transaction that changed rows of these tables was committed. From any thread."""
        topics = {TOPIC_OF_TABLE.get(table) for table in tables} - {None}
        if found := {topic for topic in topics if topic}:
            self.announce(found)

    def announce(self, topics: Collection[Topic]) -> None:
        """The same as ``changed``, which the other processes hear as well. From any thread."""
        self.changed(topics)
        if self._announce:
            self._announce(set(topics))

    def changed(self, topics: Iterable[Topic]) -> None:
        """Something of these topics is not as it was, or may not be. From any thread."""
        with self._lock:
            for topic in topics:
                self._numbers[topic] += 1
            if self._waking or not self._listeners or self._loop is None:
                return
            self._waking = True
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._wake)

    def announce_with(self, announce: Callable[[set[Topic]], None]) -> None:
        """Call it with the topics of each transaction of this process, in the writer's thread, and
        with those that are announced."""
        self._announce = announce

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever a number has grown, until the block ends. All of a feed
        belong to one event loop."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        with self._lock:
            self._listeners.add(event)
        try:
            yield event
        finally:
            with self._lock:
                self._listeners.discard(event)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def _wake(self) -> None:
        with self._lock:
            self._waking = False
            listeners = tuple(self._listeners)
        for event in listeners:
            event.set()
