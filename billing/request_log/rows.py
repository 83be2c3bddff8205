"""What is written of a request that was sent: without secrets, and no longer than is read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from billing.domain.logged_request import THIS_APP, LoggedRequest, RequestError
from billing.json_codec import dumps
from billing.request_log.redaction import redacted_bodies, redacted_text
from billing.safe_text import sanitize
from billing.stripe_api.path_template import WORDS
from billing.stripe_api.response import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.stripe_api.response import Response
    from billing.stripe_api.sent_request import SentRequest

LONGEST_ANSWER = 16_384  # bytes that are stored whole
EXCERPT = 1_000  # characters of what is longer and no list, or no JSON
MOST_TERMS = 30
REPLAYED = "Idempotent-Replayed"
# The fields at the top of Stripe's objects that hold the id of another, or that object.
_REFERENCES = (
    *("id", "customer", "payment_intent", "subscription", "invoice", "setup_intent", "charge"),
    *("latest_charge", "payment_method", "dispute", "refund", "price", "product"),
)
# As Stripe writes them; a code or a type of Stripe's has neither digits nor capital letters.
_ID = re.compile(r"(?![a-z]k_|whsec_)[a-z]{2,12}_(?=[a-z_]*[A-Z0-9])[A-Za-z0-9_]{1,240}")


def logged(sent: SentRequest, request_id: int, harmless: set[bytes]) -> LoggedRequest:
    """The request as it is stored, under this id. Among its ids is a key that others may have.
    ``harmless``: see ``redacted_bodies``."""
    response = sent.response
    answer = _answer(response) if response else b""
    params, answer = redacted_bodies((_params(sent), answer), harmless)
    return LoggedRequest(
        id=request_id,
        at=sent.at,
        method=sent.method.upper(),
        path=_path(sent.path),
        status=response.status if response else None,
        seconds=sent.seconds,
        tries=tuple(sent.tries),
        client=THIS_APP,
        api_version=sent.api_version,
        idempotency_key=sent.idempotency_key,
        replayed=response is not None and response.headers.get(REPLAYED) == "true",
        request_id=response.request_id if response else None,
        error=_error(response) if response else None,
        params=params.decode(),
        answer=answer.decode(),
        object_ids=tuple(dict.fromkeys(_ids(sent, response)))[:MOST_TERMS],
    )


@lru_cache(maxsize=1024)
def _path(path: str) -> str:
    return sanitize(redacted_text(path))


def _params(sent: SentRequest) -> bytes:
    return dumps(sent.params).encode() if sent.params else b""


def _answer(response: Response) -> bytes:
    """The JSON that came; of a long list what its objects are called."""
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
    if not response.is_error or not (error := response.error):
        return None
    return RequestError(
        error.get("type", ""), error.get("code", ""), redacted_text(error.get("message", ""))
    )


def _ids(sent: SentRequest, response: Response | None) -> Iterator[str]:
    """What it is found by: Stripe's ids in the path, the parameters and at the top of the answer,
    and a given idempotency key."""
    if sent.idempotency_key and not sent.key_is_own:
        yield sent.idempotency_key
    yield from (part for part in sent.path.split("/") if part and part not in WORDS)
    yield from filter(_is_id, _texts_in(sent.params))
    document = response.document if response else None
    if isinstance(document, dict):
        named = (one for name in _REFERENCES if (one := document.get(name)) is not None)
        found = (one.get("id") if isinstance(one, dict) else one for one in named)
        yield from (one for one in found if isinstance(one, str) and _is_id(one))


def _texts_in(value: Any) -> list[str]:
    found: list[str] = []
    left = [value]
    for one in left:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
    return found


def _is_id(text: str) -> bool:
    return "_" in text and _ID.fullmatch(text) is not None and "_secret_" not in text
