"""Events as Stripe delivers them to a shop's webhook, signed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import requests
import stripe

from billing.urls import WEBHOOK_PATH
from tests.support.browsers.pages import HOSTILE
from tests.support.servers.settings import SECRET

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def event_about(object_id: str, **values: Any) -> dict[str, Any]:
    """A new event about a Checkout Session; ``values`` are those that differ."""
    return {
        "id": f"evt_{time.monotonic_ns()}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "data": {"object": {"id": object_id, "note": HOSTILE}},
    } | values


def deliver(shop: Shop, event: dict[str, Any], secret: str = SECRET) -> requests.Response:
    """Post the event, signed with the secret."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret)
    return requests.post(
        shop.url + WEBHOOK_PATH, body.encode(), headers={"Stripe-Signature": header}, timeout=10
    )
