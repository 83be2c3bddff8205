"""What was sold in a shop, and what its customers have by the ledger."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from billing.domain.actions.payment import PaymentState
from billing.domain.actions.sale import Sale
from billing.domain.ledger.line import Due, LedgerLine, total
from billing.domain.ledger.pro import ProState
from billing.domain.sessions.checkout_session import Kind
from billing.store.ledger import lines
from stripe_sandbox.payments.checkout import Card
from tests.support.servers.sales import GOOD_CARD, PAYER, create_session, refresh

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

FAILING_REFUND_CARD = Card("4000000000005126", 12, 2040, "123")
PENDING_REFUND_CARD = Card("4000000000007726", 12, 2040, "123")


def sell(shop: Shop, kind: Kind = Kind.CREDITS, quantity: int = 1, card: Card = GOOD_CARD) -> str:
    """A session that was paid by the card, known to our copy; its id."""
    session_id = create_session(shop, kind, quantity)
    shop.sandbox.payments.pay(session_id, card, PAYER)
    return refresh(shop, session_id)


def sale_of(shop: Shop, session_id: str) -> Sale:
    """What the session sold, as our copy has it."""
    return shop.server.portal.call(shop.services.actions.of_session, session_id)


def payment_of(shop: Shop, session_id: str) -> PaymentState:
    """The payment of a session, of Pro that of its first invoice."""
    sale = sale_of(shop, session_id)
    if sale.payment is None:  # its invoices have not been read yet
        shop.server.portal.call(shop.services.actions.refresh, sale)
        sale = sale_of(shop, session_id)
    assert sale.payment
    return sale.payment


def pro_of(shop: Shop, session_id: str) -> ProState:
    """The subscription that a session began, as our copy has it."""
    state = sale_of(shop, session_id).pro
    assert state
    return state


def ledger_of(shop: Shop, subject: str) -> tuple[LedgerLine, ...]:
    """The lines of a session for credits, or of a subscription."""
    read = partial(lines.of_subjects, subjects=[subject])
    return shop.server.portal.call(shop.services.store.read, read).get(subject, ())


def due_of(shop: Shop, subject: str) -> Due:
    """What they add up to."""
    return total(ledger_of(shop, subject))
