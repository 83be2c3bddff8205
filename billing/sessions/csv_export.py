"""Checkout Sessions as rows of a CSV file that a spreadsheet can open without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.csv_cells import escape_formula, iso_time
from billing.domain.money import format_number
from billing.domain.stripe_json import JSON, id_at

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import CheckoutSession

COLUMNS = (
    *("id", "created", "completed", "what", "quantity"),
    *("amount", "amount_refunded", "amount_disputed", "currency"),
    *("outcome", "failure", "failure_code", "status", "payment_status", "customer_email"),
    *("source", "label", "made_by", "made_here"),
    *("customer", "payment_intent", "subscription"),
)


def csv_row(session: CheckoutSession, data: JSON, completed_at: int | None) -> list[str]:
    """The cells of one session, in the order of ``COLUMNS``: times in ISO 8601 UTC, amounts as
    decimal numbers of their currency. ``data`` is Stripe's object."""
    refunded, disputed = session.amount_refunded, session.amount_disputed
    went_back = (refunded, disputed) if session.is_paid else (None, None)
    amounts = (session.amount_total, *went_back)
    cells = [
        session.id,
        iso_time(session.created),
        iso_time(completed_at),
        session.what,
        str(session.quantity) if session.ours else "",
        *(_amount(one, session.currency) for one in amounts),
        (session.currency or "").upper(),
        session.outcome,
        session.failure or "",
        session.failure_code or "",
        session.status,
        session.payment_status,
        session.customer_email or "",
        session.source,
        session.label,
        session.made_by,
        "yes" if session.ours else "no",
        *(id_at(data, name) or "" for name in ("customer", "payment_intent", "subscription")),
    ]
    return [escape_formula(cell) for cell in cells]


def _amount(minor_units: int | None, currency: str | None) -> str:
    return "" if minor_units is None or not currency else format_number(minor_units, currency)
