"""What is left of an event whose payload is removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.domain.events.event import Subject, subject_of
from billing.domain.events.event_summary import related_ids, summarize
from billing.domain.events.thin_event import with_object, with_reference
from billing.store.events import DueEvent

PERSON = {"email": "jo@example.com", "name": "Jo Doe", "address": {"line1": "Main Street 1"}}
OBJECTS: dict[str, dict[str, Any]] = {
    "checkout.session.completed": {
        "id": "cs_test_1",
        "created": 5,
        "customer": {"id": "cus_1", **PERSON},
        "customer_details": PERSON,
        "payment_intent": "pi_1",
        "payment_status": "paid",
    },
    "payment_intent.payment_failed": {
        "id": "pi_1",
        "metadata": {"reference": "ref", "note": "for jo@example.com"},
        "last_payment_error": {
            "code": "card_declined",
            "message": "Your card was declined.",
            "payment_method": {"billing_details": PERSON},
        },
    },
    "refund.created": {"id": "re_1", "payment_intent": "pi_1", "amount": 99, "reason": None},
    "charge.dispute.created": {
        "id": "du_1",
        "payment_intent": "pi_1",
        "evidence": {"customer_email_address": "jo@example.com"},
    },
    "invoice.paid": {
        "id": "in_1",
        "customer_email": "jo@example.com",
        "customer_name": "Jo Doe",
        "parent": {"subscription_details": {"subscription": "sub_1"}},
        "payments": {"data": [{"id": "inpay_1", "payment": {"payment_intent": "pi_2"}}]},
    },
    "customer.updated": {"id": "cus_1", **PERSON},
}


def event(name: str) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "type": name,
        "created": 7,
        "account": "acct_1",
        "request": {"id": "req_1", "idempotency_key": "key"},
        "data": {"object": OBJECTS[name], "previous_attributes": {"status": "open", **PERSON}},
    }


@pytest.mark.parametrize("name", OBJECTS)
def test_a_summary_is_handled_and_found_as_its_event_is_and_names_nobody(name: str) -> None:
    whole = event(name)
    summary = summarize(whole)
    columns = {"id": whole["id"], "type": whole["type"]}
    assert DueEvent.of(summary | columns) == DueEvent.of(whole)
    about, left = whole["data"]["object"], summary["data"]["object"]
    assert sorted(related_ids(left)) == sorted(related_ids(about))
    assert (left["id"], summary["request"]) == (about["id"], {"id": "req_1"})
    assert summary["data"]["previous_attributes"] == {"status": "open"}
    for personal in ("jo@example.com", "Jo Doe", "Main Street"):
        assert personal not in json.dumps(summary)
    assert summarize(summary) == summary


def test_what_is_left_of_a_thin_event_can_be_handled_again() -> None:
    related = {"id": "re_1", "type": "refund", "url": "/v1/refunds/re_1"}
    sent = {"id": "evt_1", "object": "v2.core.event", "type": "v1.refund.created",
            "created": "2026-11-27T10:00:00.000Z", "related_object": related,
            "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "k"}},
            }  # fmt: skip
    event = with_reference(sent)
    told = {"id": "evt_1", "type": "refund.created"}
    left = summarize(event)
    assert left["request"] == {"id": "req_1"}
    assert subject_of(left | told) == (Subject.OBJECT, "/v1/refunds/re_1")
    refund = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "name": "Ann"}
    read = summarize(with_object(event, refund))
    assert "Ann" not in str(read)
    assert subject_of(read | told) == (Subject.PAYMENT, "pi_1")
    assert summarize(read) == read
