"""What is posted to the webhook."""

from __future__ import annotations

import json

import requests
import stripe

WEBHOOK = "/api/billing/stripe/webhook"
ANSWERS_WITHIN = 60.0


def webhook(url: str, body: str, secret: str, **headers: str) -> requests.Response:
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    return requests.post(
        f"{url}{WEBHOOK}",
        data=body.encode(),
        headers={"Stripe-Signature": signature} | headers,
        timeout=ANSWERS_WITHIN,
    )


def event(kind: str = "checkout.session.completed") -> str:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "created": 1,
                       "data": {"object": {"id": "cs_test_1"}}})  # fmt: skip
