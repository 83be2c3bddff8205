"""A Stripe in order, as a restricted key sees it that lacks some permissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

EVENTS_READ = "\"Events Read\" ('event_read')"
PRICES: dict[str, dict[str, Any]] = {
    "price_pro": {"type": "recurring", "unit_amount": 9900, "recurring": {"interval": "month"}},
    "price_credit": {"type": "one_time", "unit_amount": 99},
}


@dataclass
class RestrictedStripe:
    """``lacking`` says what permission the key lacks for a method and path: ``GET /v1/events``."""

    lacking: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        for route, permission in self.lacking.items():
            if f"{request.method} {path}".startswith(route):
                return _error(
                    403,
                    "The provided key 'rk_test_***ABCD' does not have the required permissions for "
                    f"this endpoint on account 'acct_1'. Enabling {permission} permissions on this "
                    "key would allow this request to continue.",
                )
        name = path.rpartition("/")[2]
        if path == "/v1/account":
            return JSONResponse({"id": "acct_1", "object": "account"})
        if name in PRICES:
            price = {"id": name, "object": "price", "currency": "usd", "active": True}
            return JSONResponse(price | {"product": {"active": True}} | PRICES[name])
        if name == "expire":
            return _error(404, "No such checkout.session", code="resource_missing")
        return JSONResponse({"object": "list", "data": [], "has_more": False})


def _error(status: int, message: str, **more: str) -> Response:
    error = {"type": "invalid_request_error", "message": message} | more
    return JSONResponse({"error": error}, status, {"Request-Id": "req_of_the_key"})
