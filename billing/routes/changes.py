"""``/api/billing/changes``: a WebSocket that says what has changed, one for each open page.

It sends ``{"feed": "…", "numbers": {"sessions": 7, …}}``: when it opens, and whenever a number has
grown. Never what has changed: the page asks for that as whoever has it open.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from billing.domain.access import Permission
from billing.errors import BillingError
from billing.http.guards.trusted_proxies import client_address
from billing.urls import CHANGES_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.websockets import WebSocket

    from billing.changes.feed import ChangeFeed
    from billing.services import Services

MOST_SOCKETS = 2_000
LEAST_PAUSE = 0.1  # seconds between two messages to a page
# Each message has a page drawn again: so many pages are told in a second, spread evenly, so that
# the process can do other things meanwhile.
PAGES_A_SECOND = 150
# How long somebody who was allowed to listen stays so, in seconds; but of very many not more than
# so many a second are looked up while nothing changes.
ALLOWED_FOR = 5.0
CHECKS_A_SECOND = 40
# https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number
NOT_ALLOWED, TRY_LATER = 1008, 1013


def change_socket(services: Callable[[], Services]) -> WebSocketRoute:
    """The route. ``services`` is called for each connection: they exist once the server runs."""

    async def changes(socket: WebSocket) -> None:
        access, feed = services().access, services().changes
        address = client_address(socket.scope)

        async def is_allowed() -> bool:
            caller = await access.caller(socket.headers, address)
            return caller.identity is not None and caller.identity.may(Permission.VIEW)

        try:
            if feed.listeners >= MOST_SOCKETS or not await is_allowed():
                await socket.close(NOT_ALLOWED)
                return
        except BillingError:  # it cannot be known now
            await socket.close(TRY_LATER)
            return
        await socket.accept()
        sending = asyncio.create_task(_send(socket, feed, is_allowed))
        try:
            await socket.receive()  # nothing is taken here: it is the end
            await _close(socket, NOT_ALLOWED)
        finally:
            sending.cancel()

    return WebSocketRoute(CHANGES_PATH, changes)


async def _send(
    socket: WebSocket, feed: ChangeFeed, is_allowed: Callable[[], Awaitable[bool]]
) -> None:
    """Send the numbers whenever one has grown, as long as whoever listens may."""
    allowed_at = time.monotonic()
    with feed.listening() as moved:
        moved.set()  # they may have grown before
        while True:
            if moved.is_set():
                moved.clear()
                message = json.dumps({"feed": feed.id, "numbers": feed.numbers()})
                try:
                    await socket.send_text(message)
                except (RuntimeError, WebSocketDisconnect):
                    return None  # it has ended meanwhile
                await asyncio.sleep(max(LEAST_PAUSE, feed.listeners / PAGES_A_SECOND))
            quiet_for = max(ALLOWED_FOR, feed.listeners / CHECKS_A_SECOND)
            with suppress(TimeoutError):
                async with asyncio.timeout(quiet_for * (1 + _chance() / 2)):
                    await moved.wait()
                await asyncio.sleep(_chance() * feed.listeners / PAGES_A_SECOND)
            if time.monotonic() - allowed_at > ALLOWED_FOR:
                try:
                    if not await is_allowed():
                        return await _close(socket, NOT_ALLOWED)
                except BillingError:
                    return await _close(socket, TRY_LATER)
                allowed_at = time.monotonic()


def _chance() -> float:
    """From 0 to 1, so that not all pages do the same at the same moment."""
    return random.random()  # noqa: S311 - nobody is kept out by it


async def _close(socket: WebSocket, code: int) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
        await socket.close(code)
