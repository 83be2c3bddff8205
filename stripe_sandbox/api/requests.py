"""What a request to the API is, and its parameters: a form under /v1, JSON under /v2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from starlette.types import Scope

from stripe_sandbox.errors import StripeError
from stripe_sandbox.parameters import form
from stripe_sandbox.parameters.form import Form
from stripe_sandbox.storage.card_numbers import digest_of

PREFIXES = ("/v1/", "/v2/")
"""How the API's paths begin."""
V2 = "/v2/"
"""How the paths begin whose requests, answers and errors have the second shape
(https://docs.stripe.com/api-v2-overview)."""
READ_HEADERS = {
    name.encode(): name
    for name in (
        *("authorization", "content-type", "idempotency-key"),
        *("stripe-account", "stripe-context", "stripe-version"),
    )
}
"""The headers that are read, by their names on the wire."""
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


def path_of(scope: Scope) -> str:
    """The path under which the sandbox documents it, wherever the sandbox is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


@dataclass(frozen=True)
class ApiRequest:
    """A request whose key was accepted; `key` is the key as messages show it, `version` that of the
    API, `headers` those of `READ_HEADERS`."""

    id: str
    method: str
    path: str
    query: bytes
    body: bytes
    headers: Mapping[str, str]
    version: str
    key: str


def read_parameters(request: ApiRequest) -> dict[str, Form]:
    """The request's fields: those of the query, and of the body unless it is a GET. Under /v2 the
    body is JSON, otherwise a form. StripeError: it is neither."""
    if not request.body and not request.query:
        return {}
    body, given = request.body, _JSON if request.path.startswith(V2) else _FORM
    if body and not request.headers.get("content-type", given).startswith(given):
        raise StripeError(
            f"Invalid request (check that your POST content type is {given}). If you have any "
            "questions, we can help at https://support.stripe.com/.",
            before_execution=True,
        )
    if body and given == _JSON:
        body = _form_of(body)
    try:
        return form.decode(b"&".join(part for part in (request.query, body) if part).decode())
    except form.MalformedFormError as error:
        raise StripeError(str(error), before_execution=True) from error
    except UnicodeDecodeError as error:
        raise StripeError(
            "Invalid parameters: they must be UTF-8.", before_execution=True
        ) from error


def _form_of(body: bytes) -> bytes:
    """What /v2 is sent as JSON, as /v1 would be sent it."""
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise StripeError("Invalid request: its body must be a JSON object.", before_execution=True)
    return form.encode(fields, null="").encode()


def digest(fields: dict[str, Form]) -> str:
    """A text that is the same for the same fields, in whatever order and encoding they were sent.
    It tells nothing of them: there may be a card's number among them."""
    return digest_of(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS))
