"""What is written of a request that was sent: without secrets, and no longer than is read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from billing.domain.logged_request import THIS_APP, LoggedRequest, RequestError, cause_of
from billing.json_codec import dumps
from billing.request_log.redaction import redacted_bodies, redacted_text
from billing.safe_text import sanitize
from billing.store.requests import Contents
from billing.stripe_api.path_template import WORDS, path_template
from billing.stripe_api.response import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.store.requests import Row
    from billing.stripe_api.response import Response
    from billing.stripe_api.sent_request import SentRequest

LONGEST_ANSWER = 16_384  # bytes that are stored whole
EXCERPT = 1_000  # characters of what is longer and no list, or no JSON
LONGEST = 300  # characters of paths and keys
MOST_TERMS = 30
REPLAYED = "Idempotent-Replayed"
# The fields at the top of Stripe's objects that hold the id of another, or that object.
_REFERENCES = (
    *("id", "customer", "payment_intent", "subscription", "invoice", "setup_intent", "charge"),
    *("latest_charge", "payment_method", "dispute", "refund", "price", "product"),
)
# As Stripe writes them; a code or a type of Stripe's has neither digits nor capital letters.
_ID = re.compile(r"(?![a-z]k_|whsec_)[a-z]{2,12}_(?=[a-z_]*[A-Z0-9])[A-Za-z0-9_]{1,240}")


def logged(
    sent: Sequence[SentRequest], request_ids: Sequence[int], harmless: set[bytes]
) -> list[tuple[Row, Contents]]:
    """Requests as they are stored, under these ids. ``harmless``: see ``redacted_bodies``."""
    bodies = [body for one in sent for body in (_params(one), _answer(one.response))]
    safe = iter(redacted_bodies(bodies, harmless))
    return [
        (_row(one, request_id), Contents(params.decode(), answer.decode(), _terms(one)))
        for one, request_id, params, answer in zip(sent, request_ids, safe, safe, strict=True)
    ]


def _row(sent: SentRequest, request_id: int) -> Row:
    response, tries = sent.response, sent.tries
    error = _error(response) if response and response.is_error else None
    is_plain = len(tries) == 1 and response is not None
    key = sent.idempotency_key
    return {
        "id": request_id,
        "method": sent.method.upper(),
        "path": _path(sent.path),
        "status": response.status if response else 0,
        "seconds": sent.seconds,
        "cause": "" if is_plain and not tries[0].is_failed else _cause(sent, error),
        "tries": "" if is_plain else dumps([list(vars(one).values()) for one in tries]),
        "error": dumps(vars(error)) if error else "",
        "api_version": sent.api_version,
        "idempotency_key": key[:LONGEST] if key else None,
        "replayed": _is_replayed(response),
        "request_id": response.request_id if response else None,
        "params": "",
        "answer": "",
        "batch": 0,
    }


def _is_replayed(response: Response | None) -> bool:
    return response is not None and response.headers.get(REPLAYED) == "true"


def _cause(sent: SentRequest, error: RequestError | None) -> str:
    request = LoggedRequest(
        0,
        sent.at,
        sent.method.upper(),
        sent.path,
        sent.response.status if sent.response else None,
        sent.seconds,
        tuple(sent.tries),
        THIS_APP,
        replayed=_is_replayed(sent.response),
        error=error,
    )
    return cause_of(request, path_template(sent.path))


@lru_cache(maxsize=1024)
def _path(path: str) -> str:
    return sanitize(redacted_text(path))[:LONGEST]


def _params(sent: SentRequest) -> bytes:
    return dumps(sent.params).encode() if sent.params else b""


def _answer(response: Response | None) -> bytes:
    """The JSON that came; of a long list what its objects are called."""
    if response is None:
        return b""
    found = response.document
    if found is UNREADABLE:
        return _excerpt(response.body)
    if len(response.body) <= LONGEST_ANSWER:
        return response.body
    match found:
        case {"data": list(objects)}:
            return dumps({**found, "data": [_name(one) for one in objects]}).encode()
    return _excerpt(response.body)


def _excerpt(body: bytes) -> bytes:
    text = redacted_text(body[: 2 * EXCERPT].decode(errors="replace"))
    return dumps(sanitize(text[:EXCERPT])).encode()


def _name(stripe_object: Any) -> Any:
    if not isinstance(stripe_object, dict):
        return stripe_object
    return {name: stripe_object.get(name) for name in ("id", "object")}


def _error(response: Response) -> RequestError | None:
    if not (error := response.error):
        return None
    return RequestError(
        error.get("type", ""), error.get("code", ""), redacted_text(error.get("message", ""))
    )


def _terms(sent: SentRequest) -> tuple[str, ...]:
    """What it is found by: Stripe's ids in the path, the parameters and at the top of the answer,
    and a given idempotency key."""
    found = [*_ids_in_path(sent.path)]
    if sent.idempotency_key and not sent.key_is_own:
        found.append(sent.idempotency_key)
    left: list[Any] = [sent.params]
    for one in left:
        if isinstance(one, str):
            if "_" in one and _is_id(one):
                found.append(one)
        elif isinstance(one, dict):
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
    if sent.response and isinstance(document := sent.response.document, dict):
        for name in _REFERENCES:
            value = document.get(name)
            if isinstance(value, dict):
                value = value.get("id")
            if isinstance(value, str) and _is_id(value):
                found.append(value)
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


@lru_cache(maxsize=1024)
def _ids_in_path(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part and part not in WORDS)


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and "_secret_" not in text
