"""Signed deliveries of events, 30 % of them duplicates, shuffled, ready to be sent."""

from __future__ import annotations

import json
import random

import stripe

from benchmarks.stripe.answers import past_session, unexpanded
from benchmarks.stripe.history import created

SECRET = "whsec_of_the_benchmark"
PATH = "/api/billing/stripe/webhook"
DUPLICATES = 0.3


def deliveries(unique: int, again: int, host: str, path: str, now: int) -> list[bytes]:
    """Whole HTTP requests for ``unique`` events and ``again`` duplicates of theirs, shuffled."""
    requests = []
    for place in range(unique):
        body = json.dumps(
            {
                "id": f"evt_{place:024d}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": now,
                "data": {"object": unexpanded(past_session(place, created(place, unique, now)))},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": "checkout.session.completed",
            },
            indent=2,
        )
        signature = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: {signature}\r\nContent-Length: {len(body.encode())}\r\n\r\n"
        )
        requests.append(f"{head}{body}".encode())
    chance = random.Random(7)  # noqa: S311 - the same shuffle every time
    requests += chance.choices(requests, k=again)
    chance.shuffle(requests)
    return requests
