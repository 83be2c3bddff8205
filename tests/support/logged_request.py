"""A request as the log holds it."""

from __future__ import annotations

from billing.domain.logged_request import LoggedRequest, RequestError, Try

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
