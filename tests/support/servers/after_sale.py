"""What follows a sale in a shop: refunds and disputes of its payment, not caused by this app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.sandbox_client import Controls
from tests.support.servers.sales import GOOD_CARD, PAYER, create_session, refresh

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

DAY = 86_400
FAILING_REFUND = "4000000000005126"
DISPUTED = "4000000000000259"
INQUIRY = "4000000000001976"


def sell(shop: Shop, kind: Kind = Kind.CREDITS, card: str = GOOD_CARD.number) -> str:
    """A session that was paid, 10 credits for $9.90 or Pro, which our copy knows; its id."""
    session_id = create_session(shop, kind, 10 if kind is Kind.CREDITS else 1)
    controls(shop).pay(session_id, email=PAYER.email, card=card)
    return refresh(shop, session_id)


def controls(shop: Shop) -> Controls:
    return Controls(f"{shop.services.settings.api_base}/_control")


def payment_of(shop: Shop, session_id: str) -> str:
    """The PaymentIntent of a session, of a subscription's that of its first invoice."""
    session = shop.stripe.v1.checkout.sessions.retrieve(session_id)
    if isinstance(session.payment_intent, str):
        return session.payment_intent
    return paid_invoice(shop, str(session.invoice))


def paid_invoice(shop: Shop, invoice_id: str) -> str:
    payments = shop.stripe.v1.invoice_payments.list({"invoice": invoice_id})
    return str(payments.data[0].payment.payment_intent)


def refund(shop: Shop, payment: str, **values: Any) -> str:
    params: Any = {"payment_intent": payment, **values}
    return shop.stripe.v1.refunds.create(params).id


def look(shop: Shop, payment: str) -> None:
    """Have the refunds and disputes of a payment read, as an event about them does."""
    after_sale = shop.services.after_sale
    shop.server.portal.call(lambda: after_sale.refresh_payment(payment, Origin.SYNC))
