"""Hands each request and its answer to the log, once the answer has been sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stripe_sandbox.api.requests import path_of
from stripe_sandbox.clock import Clock
from stripe_sandbox.request_log.exchange import LONGEST_KEPT, Exchange
from stripe_sandbox.storage.changes import Changes, recording

_SLOW = 0.1
"""Seconds after which a client may have given up waiting for its answer."""


class RequestRecorder:
    """An ASGI app that does what `app` does; `add` takes what was asked and answered."""

    def __init__(self, app: ASGIApp, clock: Clock, add: Callable[[Exchange], None]) -> None:
        self._app = app
        self._clock = clock
        self._add = add

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at = self._clock.wall()
        received: list[Message] = []
        sent: list[Message] = []
        is_lost = False

        async def reading() -> Message:
            message = await receive()
            received.append(message)
            return message

        async def sending(message: Message) -> None:
            nonlocal is_lost
            if not sent and time.perf_counter() - started > _SLOW:
                is_lost = await _has_gone(receive)
            await send(message)
            sent.append(message)

        changes = Changes()
        token = recording.set(changes)
        started = time.perf_counter()
        try:
            await self._app(scope, receive if scope["method"] == "GET" else reading, sending)
        finally:
            seconds = time.perf_counter() - started
            recording.reset(token)
            body = b"".join([message.get("body", b"") for message in received])
            self._add(
                Exchange(
                    at,
                    scope["method"],
                    path_of(scope),
                    scope["query_string"],
                    scope["headers"],
                    body[:LONGEST_KEPT],
                    len(body),
                    sent[0]["status"] if sent and not is_lost else None,
                    b"".join([message.get("body", b"") for message in sent]),
                    sent[0]["headers"] if sent else [],
                    seconds,
                    changes,
                )
            )


async def _has_gone(receive: Receive) -> bool:
    """Whether the client closed the connection before its answer was sent: that follows what is
    left of the request, which is one message at most."""
    try:
        async with asyncio.timeout(0):
            messages = [(await receive())["type"] for _ in range(2)]
    except TimeoutError:
        return False
    return "http.disconnect" in messages
