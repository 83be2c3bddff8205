"""Sends a logged request again."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.types import ASGIApp, Message

from stripe_sandbox.api.requests import V2
from stripe_sandbox.errors import StripeError
from stripe_sandbox.parameters import form
from stripe_sandbox.request_log.exchange import LONGEST_KEPT, RawHeaders
from stripe_sandbox.request_log.redaction import REDACTED
from stripe_sandbox.storage.json_text import dump_compact
from stripe_sandbox.storage.objects import Object


def parameters_of(request: Object) -> dict[str, Any]:
    """The parameters with which the logged request can be sent again. StripeError: it cannot be,
    as the log does not hold all of them, or as a payer's page made it."""
    params = request["params"]
    if not request["path"].startswith(("/v1/", "/v2/")):
        raise _refusal("A payer's page made it: what it sends belongs to one visit.")
    if params is not None and not isinstance(params, dict):
        raise _refusal(f"Its parameters are not in the log, which keeps {LONGEST_KEPT} bytes.")
    if REDACTED in dump_compact([request["path"], params]):
        raise _refusal("Its parameters held a secret or a number, which the log does not keep.")
    return params or {}


async def send_again(
    api: ASGIApp, request: Object, authorization: str, user_agent: str
) -> tuple[int, str]:
    """Make the request once more, with a new idempotency key; its status and its request id.
    StripeError: it cannot be sent again."""
    params = parameters_of(request)
    method, path = request["method"], request["path"]
    is_json = path.startswith(V2)
    query, body = b"", b""
    if method == "GET":
        query = form.encode(params).encode()
    elif params:
        body = (dump_compact(params) if is_json else form.encode(params)).encode()
    headers: RawHeaders = [
        (b"authorization", authorization.encode("latin-1")),
        (b"user-agent", user_agent.encode("latin-1")),
        (b"content-type", b"application/json" if is_json else b"application/x-www-form-urlencoded"),
    ]
    if request["api_version"]:
        headers.append((b"stripe-version", request["api_version"].encode("latin-1")))
    if method != "GET":
        headers.append((b"idempotency-key", str(uuid.uuid4()).encode()))
    status, answered = 0, dict[bytes, bytes]()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            answered.update(message["headers"])

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": headers,
    }
    await api(scope, receive, send)
    return status, answered.get(b"request-id", b"").decode()


def _refusal(reason: str) -> StripeError:
    return StripeError(f"This request cannot be sent again. {reason}", before_execution=True)
