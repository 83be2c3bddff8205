"""JSON answers outside `/v1`: with a Request-Id, and errors in Stripe's shape."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError
from stripe_sandbox.ids import new_id
from stripe_sandbox.storage.json_text import dump


def new_request_id() -> str:
    """A new id for the `Request-Id` header."""
    return new_id("req", 14)


def json_response(body: Any, request_id: str, status: int = 200) -> Response:
    """An answer of JSON that is not to be cached."""
    headers = {"request-id": request_id, "cache-control": "no-store"}
    return Response(dump(body), status, headers, "application/json")


def error_response(error: StripeError, request_id: str | None = None) -> Response:
    """The error as Stripe answers it."""
    request_id = request_id or new_request_id()
    return json_response(error.body(request_id, int(time.time())), request_id, error.status)


async def unrecognized(request: Request, _: Exception) -> Response:
    """404: nothing is served at this address, or not for this method."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return error_response(errors.unrecognized_url(request.method, path))
