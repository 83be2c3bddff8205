"""Declined attempts to pay, stored with the sessions that they belong to.

A session names no payment that failed, and a PaymentIntent no session: both carry the session's
reference. Either may be stored first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, or_, select, update

from billing.domain.events.event import PAYMENT_FAILED, TEST_IDS
from billing.domain.reason import UNKNOWN_CODE
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.stripe_json import JSON, object_at, payment_error, payment_error_code, text_at
from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.tables import (
    CODE_LENGTH,
    REFERENCE_LENGTH,
    TERM_LENGTH,
    checkout_sessions,
    events,
    session_terms,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

NO_REASON = "The payment was declined."
# A session that has expired since stays so, and its last decline is known.
DECLINABLE = (Outcome.OPEN, Outcome.DECLINED, Outcome.EXPIRED)
_AT_ONCE = 5_000
_s = checkout_sessions.c

_set_decline = (
    update(checkout_sessions)
    .where(
        _s.id == bindparam("session"),
        or_(*(_s.outcome == one for one in DECLINABLE)),  # ``in_`` cannot update many at once
    )
    .values(
        outcome=case((_s.outcome == Outcome.OPEN, Outcome.DECLINED), else_=_s.outcome),
        progress=case((_s.outcome == Outcome.OPEN, Outcome.DECLINED.progress), else_=_s.progress),
        failure=bindparam("message"),
        failure_code=bindparam("code"),
    )
)


def reference_of(session: JSON) -> str | None:
    """What a session (Stripe's object) and its payments have in common; None where it lacks."""
    reference = text_at(session, "client_reference_id")
    return sanitize(reference)[:REFERENCE_LENGTH] if reference else None


def record_declines(connection: Connection, unpaid: Mapping[str, str]) -> None:
    """Store the last decline that is known of each of these sessions; ``unpaid`` are their ids by
    their references."""
    references = list(unpaid)
    for start in range(0, len(references), _AT_ONCE):
        rows = connection.execute(
            select(events.c.id, events.c.reference, events.c.payload)
            .where(
                events.c.reference.in_(references[start : start + _AT_ONCE]),
                events.c.type == PAYMENT_FAILED,
            )
            .order_by(events.c.created, events.c.received_at)
        ).all()
        real = [row for row in rows if not row.id.startswith(TEST_IDS)]
        last = dict(read_each(real, _decline))  # of each reference
        if last:
            changes = [{"session": unpaid[name], **decline} for name, decline in last.items()]
            connection.execute(_set_decline, changes)


def record_declined_payments(connection: Connection, payments: Collection[str]) -> None:
    """The same for the sessions of these PaymentIntents, as far as they are stored."""
    references = set(
        connection.scalars(
            select(events.c.reference).where(
                events.c.object_id.in_(payments), events.c.reference.is_not(None)
            )
        )
    )
    terms = [reference.lower()[:TERM_LENGTH] for reference in references]
    rows = connection.execute(
        select(_s.id, _s.data)
        .join(session_terms, session_terms.c.session_id == _s.id)
        .where(session_terms.c.term.in_(terms))
    ).all()
    found = dict(read_each(rows, lambda row: (reference_of(loads(row.data)), row.id)))
    record_declines(connection, {name: found[name] for name in references if name in found})


def _decline(row: Any) -> tuple[str, dict[str, str]]:
    payment = object_at(loads(row.payload), "data", "object")
    code = payment_error_code(payment) or UNKNOWN_CODE
    return row.reference, {
        "message": sanitize(payment_error(payment) or NO_REASON),
        "code": sanitize(code)[:CODE_LENGTH],
    }
