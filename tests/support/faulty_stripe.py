"""A Stripe that misbehaves in the ways a real one can, and counts what is asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

REQUEST_ID = "req_of_the_fault"
PRICE = {
    "id": "price_x",
    "object": "price",
    "currency": "usd",
    "unit_amount": 99,
    "product": {"name": "X"},
}
NO_SESSIONS: dict[str, Any] = {"object": "list", "data": [], "has_more": False}


@dataclass
class FaultyStripe:
    """Answers every request with ``fault``. ``presses`` are the idempotency keys of the requests
    to make a session, ``reads`` the paths of the others."""

    fault: str = "500"
    presses: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        methods = ["GET", "POST"]
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            self.presses.append(request.headers.get("idempotency-key", ""))
        else:
            self.reads.append(request.url.path)
        if self.fault == "slow":
            await asyncio.sleep(3600)
        if self.fault == "not json":
            return PlainTextResponse("<html>Bad gateway</html>", 200)
        if self.fault == "200":
            return JSONResponse(PRICE if "/prices/" in request.url.path else NO_SESSIONS)
        status = int(self.fault)
        error: dict[str, Any] = {
            400: {"type": "invalid_request_error", "message": "No such price: 'price_pro'",
                  "param": "line_items[0][price]", "code": "resource_missing"},
            401: {"type": "invalid_request_error",
                  "message": "Invalid API Key provided: sk_test_of_the_tests"},
            403: {"type": "invalid_request_error", "message": "The key lacks a permission"},
            429: {"type": "rate_limit_error", "message": "Too many requests", "code": "rate_limit"},
            500: {"type": "api_error", "message": "An unknown error occurred"},
        }[status]  # fmt: skip
        return JSONResponse({"error": error}, status, {"Request-Id": REQUEST_ID})
