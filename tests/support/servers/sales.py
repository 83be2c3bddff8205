"""Checkout Sessions in a shop: created, paid, failed, and another app's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.sandbox_client import Controls
from stripe_sandbox.payments.checkout import Card, Payer

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

GOOD_CARD = Card("4242424242424242", 12, 2040, "123")
PAYER = Payer("tester@example.com", "Test Customer")
FAILING_ACCOUNT = "000111111116"


def create_session(
    shop: Shop, kind: Kind = Kind.CREDITS, quantity: int = 1, made_by: str = "test"
) -> str:
    """An open session of this app; its id."""
    checkout = shop.server.services.checkout
    return shop.server.portal.call(lambda: checkout.create(kind, quantity, made_by=made_by)).id


def create_foreign_session(shop: Shop, note: str) -> str:
    """Another app's open session with a note in its metadata, known to our copy; its id."""
    price = shop.server.services.settings.price_extra_credit or ""
    session = shop.stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "https://example.com",
            "customer_email": "somebody@other.example",
            "metadata": {"note": note},
        }
    )
    return refresh(shop, session.id)


def pay(shop: Shop, session_id: str) -> str:
    """Have the session paid by card, and our copy know it; its id."""
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    return refresh(shop, session_id)


def fail_debit(shop: Shop, session_id: str) -> str:
    """Have the session's bank debit fail, and our copy know it without an event; its id."""
    controls = Controls(f"{shop.server.services.settings.api_base}/_control")
    controls.pay(session_id, email=PAYER.email, bank_account=FAILING_ACCOUNT)
    controls.advance(60)
    return refresh(shop, session_id)


def refresh(shop: Shop, session_id: str) -> str:
    """Have our copy read the session from Stripe; its id."""
    fulfillment = shop.server.services.fulfillment
    shop.server.portal.call(lambda: fulfillment.refresh_and_grant(session_id, origin=Origin.RETURN))
    return session_id
