"""Reads the bodies of requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from billing.errors import InvalidInput
from billing.json_codec import loads

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BODY = 64 * 1024
CONTENT_LENGTH = re.compile("[0-9]{1,9}")  # a size in bytes, as large as a database holds


class BodyTooLarge(InvalidInput):
    """More was sent than is read; ``size`` is what the sender announced, else what had come."""

    def __init__(self, limit: int, size: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes")
        self.size = size


async def read_json(request: Request) -> dict[str, Any]:
    """The body's JSON object; an empty one where there is no body. Raises ``InvalidInput``."""
    body = await read_body(request, MAX_BODY)
    if not body.strip():
        return {}
    try:
        sent = loads(body)
    except ValueError:
        raise InvalidInput("The body is not JSON") from None
    if not isinstance(sent, dict):
        raise InvalidInput('The body must be a JSON object like {"label": "QA-1234"}')
    return sent


async def read_body(request: Request, limit: int) -> bytes:
    """The body; raises ``BodyTooLarge`` when it has more than ``limit`` bytes."""
    if request.headers.get("content-length") == "0":
        return b""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            declared = request.headers.get("content-length", "")
            size = int(declared) if CONTENT_LENGTH.fullmatch(declared) else len(body)
            raise BodyTooLarge(limit, size)
    return bytes(body)
