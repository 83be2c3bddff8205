"""A session as text for a ticket: everything to look it up, nothing that is nobody's business."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.domain.events.event import Event, EventSource, EventState
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.details import SessionDetails
from billing.domain.sessions.timeline import EntryKind, TimelineEntry
from billing.sessions.ticket import ticket
from tests.support.stripe_account import PAID, session_object

AT = 1_795_000_000
LINK = "https://billing.example.com/app/sessions?session=cs_test_1"
EVENT = Event(
    id="evt_1",
    type="checkout.session.completed",
    created=AT + 60,
    object_id="cs_test_1",
    received_at=AT + 61.5,
    source=EventSource.WEBHOOK,
    deliveries=2,
    state=EventState.HANDLED,
    attempts=1,
    error=None,
    processed_at=AT + 62,
)


def details(**values: object) -> SessionDetails:
    """A paid session that ``tester@example.com`` created and ``payer@example.com`` paid."""
    data = session_object(1, "credits", 25, AT) | PAID
    data["customer_details"] = {"email": "payer@example.com"}
    data["metadata"] = {**data["metadata"], "made_by": "tester@example.com"}
    session = replace(CheckoutSession.from_stripe(data), **values)  # type: ignore[arg-type]
    entries = (
        TimelineEntry(EntryKind.CREATED, AT, "Created", "25 extra credits", request_id="req_1"),
        TimelineEntry(EntryKind.COMPLETED, AT + 60, "Checkout completed", "Paid", EVENT),
    )
    return SessionDetails(session, data, entries, (), (), is_stored=True, dashboard_url=None)


def test_it_holds_link_outcome_amount_and_every_id() -> None:
    text = ticket(details(), LINK, with_email=True)
    assert text.startswith("**25 extra credits, $24.75: Paid**")
    for part in (LINK, "evt_1", "req_1", "after 1.5 s", "delivered 2 times", "2026-11-18 11:06:40"):
        assert part in text, part


@pytest.mark.parametrize("with_email", [True, False])
def test_email_addresses_are_in_it_by_choice_alone(with_email: bool) -> None:
    text = ticket(details(), LINK, with_email=with_email)
    assert ("payer@example.com" in text) is with_email
    assert ("tester@example.com" in text) is with_email


def test_neither_the_checkout_link_nor_a_secret_is_in_it() -> None:
    hostile = details(
        url="https://checkout.example.com/pay", failure="key sk_test_51H8xkLmnopqrstuvwx is wrong"
    )
    text = ticket(hostile, LINK, with_email=True)
    assert "checkout.example.com/pay" not in text
    assert "51H8xkLmnopqrstuvwx" not in text


def test_text_of_others_cannot_break_its_table() -> None:
    text = ticket(details(failure="a | b\n**c** <d>"), LINK, with_email=True)
    assert r"a \| b \*\*c\*\* \<d\>" in text
