"""Events as signed webhooks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import stripe

from tests.support.servers.settings import SECRET

if TYPE_CHECKING:
    from billing.services import Services


def signature(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The ``Stripe-Signature`` header for a body, signed now or ``at`` another time."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))


async def deliver(services: Services, event: dict[str, Any]) -> str:
    """Bring an event as a signed webhook; its id once it is stored."""
    body = json.dumps(event).encode()
    return await services.webhooks.receive(body, signature(body))
