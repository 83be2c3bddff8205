"""Reads request bodies, limited in size and time."""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from stripe_sandbox.errors import StripeError

BODY_TIMEOUT = 30.0
"""Seconds that a client may take to send its request's body."""
_LATE = f"The request's body was not complete after {BODY_TIMEOUT:g} seconds."


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body. StripeError: 413 for more than `limit` bytes, 408 when it is not complete in
    time. ClientDisconnect: the client left before it was."""
    body = bytearray()
    task = cast("asyncio.Task[object]", asyncio.current_task())
    # `asyncio.timeout` would take longer than all else that is done here.
    timer = asyncio.get_running_loop().call_later(BODY_TIMEOUT, task.cancel, _LATE)
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > limit:
                raise StripeError(
                    f"Request body is too large: at most {limit} bytes are read.",
                    status=413,
                    before_execution=True,
                )
            if not message.get("more_body", False):
                return bytes(body)
    except asyncio.CancelledError as error:
        if error.args != (_LATE,):
            raise
        task.uncancel()
        raise StripeError(_LATE, status=408, before_execution=True) from None
    finally:
        timer.cancel()
