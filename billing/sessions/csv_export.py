"""Checkout Sessions as rows of a CSV file that a spreadsheet can open without harm."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
# A cell that begins with one of these signs is a formula to spreadsheets: also in their
# full-width and other forms, after what cannot be seen, and after a sign that some split cells at.
# https://owasp.org/www-community/attacks/CSV_Injection
_SIGNS = (
    r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\u2212\ufb29"
)
_UNSEEN = r"[\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_FORMULA = re.compile(rf"{_UNSEEN}[{_SIGNS}]|[\t\r\n]")
_FORMULA_IN_NEXT_CELL = re.compile(rf"[;\t](?={_UNSEEN}[{_SIGNS}])")


def csv_row(session: CheckoutSession, data: JSON, completed_at: int | None) -> list[str]:
    """The cells of one session, in the order of ``COLUMNS``: times in ISO 8601 UTC, amounts as
    decimal numbers of their currency. ``data`` is Stripe's object."""
    refunded, disputed = session.amount_refunded, session.amount_disputed
    went_back = (refunded, disputed) if session.is_paid else (None, None)
    amounts = (session.amount_total, *went_back)
    cells = [
        session.id,
        _iso_time(session.created),
        _iso_time(completed_at),
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
    return [_escape_formula(cell) for cell in cells]


def _amount(minor_units: int | None, currency: str | None) -> str:
    return "" if minor_units is None or not currency else format_number(minor_units, currency)


def _escape_formula(cell: str) -> str:
    """The cell with a ``'`` before whatever a spreadsheet would calculate."""
    formula = _FORMULA.match(cell)
    end = formula.end() if formula else 0
    rest = _FORMULA_IN_NEXT_CELL.sub(r"\g<0>'", cell[end:])
    return ("'" if formula else "") + cell[:end] + rest


def _iso_time(unix_seconds: int | None) -> str:
    if unix_seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return str(unix_seconds)
