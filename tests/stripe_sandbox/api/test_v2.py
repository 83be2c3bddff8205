"""Under /v2 requests and answers are JSON, and errors have the second shape."""

from __future__ import annotations

import json

import pytest
from starlette.datastructures import Headers

from stripe_sandbox.api.requests import ApiRequest, read_parameters
from stripe_sandbox.errors import StripeError
from tests.support.stripe.sandbox_server import SandboxServer, refused


def test_a_refusal_has_the_second_shape(shared_server: SandboxServer) -> None:
    """A code always, and none of the fields that only /v1 has; the SDK reads it."""
    core = shared_server.stripe.v2.core
    error = refused(lambda: core.accounts.create({"contact_email": "ann@example.com"}))
    assert (error.http_status, error.code) == (400, "sandbox_not_simulated")
    assert error.user_message == (
        "The local sandbox does not simulate POST /v2/core/accounts. Use a Stripe sandbox for it."
    )
    assert json.loads(str(error.http_body))["error"].keys() == {"type", "code", "message"}
    wrong = shared_server.fetch("/v2/core/wat")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (404, "not_found")
    assert wrong.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v2/core/")


def test_a_request_without_a_key_has_the_second_shape_too(shared_server: SandboxServer) -> None:
    """401 `unauthenticated`."""
    answer = shared_server.post("/v2/core/events", Authorization="")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def _read(body: bytes, content_type: str = "application/json", query: bytes = b"") -> object:
    headers = Headers({"content-type": content_type})
    request = ApiRequest("req_1", "POST", "/v2/core/x", query, body, headers, "", "")
    return read_parameters(request)


def test_a_body_of_json_is_read_as_parameters_are() -> None:
    """Nested fields, lists and booleans; null unsets, as an empty string does."""
    body = b'{"name": "x", "on": true, "of": {"n": 3}, "types": ["a", "b"], "description": null}'
    assert _read(body, query=b"a=1") == {
        "a": "1", "name": "x", "on": "true", "of": {"n": "3"}, "types": {"0": "a", "1": "b"},
        "description": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"name=x", "application/x-www-form-urlencoded"),
        (b"[1]", "application/json"),
        (b'{"name":', "application/json"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, content_type: str) -> None:
    """Neither a form, nor a list, nor text that breaks off."""
    with pytest.raises(StripeError, match="Invalid request"):
        _read(body, content_type)
