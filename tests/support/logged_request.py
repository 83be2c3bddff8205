"""A request as the log holds it, and a batch of such."""

from __future__ import annotations

from billing.domain.logged_request import LoggedRequest, RequestError, Try, cause_of
from billing.json_codec import dumps
from billing.store.requests import Batch, Contents

REQUEST = LoggedRequest(
    id=1_800_000_000_250_000,
    at=1_800_000_000.25,
    method="POST",
    path="/v1/payment_intents/pi_1/confirm",
    status=402,
    seconds=0.75,
    tries=(Try(500, 0.25), Try(402, 0.5)),
    client="PingPoint",
    api_version="2026-01-01.test",
    idempotency_key="key-1",
    request_id="req_1",
    error=RequestError("card_error", "card_declined", "Your card was declined."),
    params='{"payment_method":"pm_1"}',
    answer='{"error":{"code":"card_declined"}}',
    object_ids=("pi_1", "pm_1"),
)


def batch_of(*found: LoggedRequest) -> Batch:
    """The requests, each found by its idempotency key as well."""
    batch = Batch()
    for one in found:
        tries = [[each.status, each.seconds, each.failure] for each in one.tries]
        terms = (*one.object_ids, one.idempotency_key or "")
        batch.add(
            {
                "id": one.id,
                "method": one.method,
                "path": one.path,
                "status": one.status or 0,
                "seconds": one.seconds,
                "cause": cause_of(one, one.path),
                "tries": dumps(tries),
                "error": dumps(vars(one.error)) if one.error else "",
                "api_version": one.api_version,
                "idempotency_key": one.idempotency_key,
                "replayed": one.replayed,
                "request_id": one.request_id,
                "params": "",
                "answer": "",
                "batch": 0,
            },
            Contents(one.params, one.answer, terms),
        )
    return batch
