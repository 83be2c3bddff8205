"""A running subscription is canceled, now or later, paused, and goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600


def subscribed(server: SandboxServer) -> tuple[str, int]:
    """The id of a paid subscription, and when its period ends."""
    made = server.paid_subscription()
    return made["id"], made["items"]["data"][0]["current_period_end"]


def now_read(server: SandboxServer, identifier: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/v1/subscriptions/{identifier}")
    assert_fits(found)
    return found


def last_event(server: SandboxServer) -> Any:
    return server.get("/v1/events", limit=1)["data"][0]


def test_canceled_now_it_is_over(server: SandboxServer) -> None:
    identifier, _ = subscribed(server)
    canceled = server.stripe.v1.subscriptions.cancel(
        identifier, {"cancellation_details": {"feedback": "too_expensive", "comment": "Bye"}}
    )
    assert (canceled.status, canceled.ended_at) == ("canceled", server.sandbox.clock.now())
    details = now_read(server, identifier)["cancellation_details"]
    assert (details["reason"], details["feedback"]) == ("cancellation_requested", "too_expensive")
    assert last_event(server)["type"] == "customer.subscription.deleted"
    assert [one for one in types(server.advance(40 * DAY)) if one.startswith("invoice")] == []


def test_canceled_at_the_end_it_stays_active_until_then(server: SandboxServer) -> None:
    identifier, end = subscribed(server)
    update = server.stripe.v1.subscriptions.update
    asked = update(identifier, {"cancel_at_period_end": True})
    assert (asked.status, asked.cancel_at, asked.canceled_at) == (
        "active", end, server.sandbox.clock.now(),
    )  # fmt: skip
    assert server.advance(end - server.sandbox.clock.now() - 1) == []
    assert types(server.advance(1)) == ["customer.subscription.deleted"]
    assert now_read(server, identifier)["status"] == "canceled"


def test_a_cancellation_can_be_taken_back(server: SandboxServer) -> None:
    identifier, end = subscribed(server)
    update = server.stripe.v1.subscriptions.update
    update(identifier, {"cancel_at_period_end": True})
    kept = update(identifier, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at) == (None, None)
    assert now_read(server, identifier)["cancellation_details"]["reason"] is None
    server.advance(end - server.sandbox.clock.now() + HOUR)
    assert now_read(server, identifier)["status"] == "active"


def test_it_ends_at_the_time_that_is_set_unless_that_is_unset(server: SandboxServer) -> None:
    identifier, _ = subscribed(server)
    other, _ = subscribed(server)
    at = server.sandbox.clock.now() + 5 * DAY
    for one in (identifier, other):
        server.stripe.v1.subscriptions.update(one, {"cancel_at": at})
    server.stripe.v1.subscriptions.update(other, {"cancel_at": ""})
    assert types(server.advance(5 * DAY)) == ["customer.subscription.deleted"]
    assert now_read(server, identifier)["ended_at"] == at
    assert now_read(server, other)["status"] == "active"


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_while_collection_is_paused_nobody_pays(
    server: SandboxServer, behavior: Any, status: str
) -> None:
    identifier, end = subscribed(server)
    paused = server.stripe.v1.subscriptions.update(
        identifier, {"pause_collection": {"behavior": behavior}}
    )
    assert paused.status == "active"
    server.advance(end - server.sandbox.clock.now() + HOUR)
    newest = server.get("/v1/invoices", subscription=identifier)["data"][0]
    assert (newest["status"], newest["amount_paid"]) == (status, 0)
    assert now_read(server, identifier)["status"] == "active"


def test_collection_is_resumed_by_hand_and_at_its_time(server: SandboxServer) -> None:
    identifier, end = subscribed(server)
    update = server.stripe.v1.subscriptions.update
    update(identifier, {"pause_collection": {"behavior": "void"}})
    assert update(identifier, {"pause_collection": ""}).pause_collection is None
    update(
        identifier,
        {"pause_collection": {"behavior": "void", "resumes_at": server.sandbox.clock.now() + DAY}},
    )
    assert types(server.advance(DAY)) == ["customer.subscription.updated"]
    assert now_read(server, identifier)["pause_collection"] is None
    server.advance(end - server.sandbox.clock.now() + HOUR)
    assert server.get("/v1/invoices", subscription=identifier)["data"][0]["status"] == "paid"


def test_a_paused_subscription_has_no_invoices_until_it_is_resumed(server: SandboxServer) -> None:
    identifier, end = subscribed(server)
    subscriptions = server.stripe.v1.subscriptions
    assert subscriptions.pause(identifier).status == "paused"
    assert last_event(server)["type"] == "customer.subscription.paused"
    assert types(server.advance(end - server.sandbox.clock.now() + 5 * DAY)) == []
    unchanged: Any = {"billing_cycle_anchor": {"type": "unchanged"}}
    assert subscriptions.resume(identifier, unchanged).status == "active"
    happened = types(server.advance(HOUR + 1))
    assert "invoice.paid" in happened
    assert now_read(server, identifier)["items"]["data"][0]["current_period_start"] == end


def test_a_resumed_subscription_begins_a_period_that_is_charged_at_once(
    server: SandboxServer,
) -> None:
    """Unless its anchor is to stay."""
    identifier, _ = subscribed(server)
    subscriptions = server.stripe.v1.subscriptions
    subscriptions.pause(identifier)
    server.advance(5 * DAY)
    now = server.sandbox.clock.now()
    resumed = subscriptions.resume(identifier, {"billing_cycle_anchor": {"type": "now"}})
    assert (resumed.status, resumed.billing_cycle_anchor) == ("active", now)
    found = now_read(server, identifier)
    assert found["items"]["data"][0]["current_period_start"] == now
    invoice = server.get(f"/v1/invoices/{found['latest_invoice']}")
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 9_900)


def test_what_cannot_be_is_refused_in_stripes_words(shared_server: SandboxServer) -> None:
    identifier, _ = subscribed(shared_server)
    subscriptions = shared_server.stripe.v1.subscriptions
    assert "if it is `paused`" in str(refused(lambda: subscriptions.resume(identifier)))
    both = refused(
        lambda: subscriptions.update(
            identifier,
            {"cancel_at": shared_server.sandbox.clock.now() + DAY, "cancel_at_period_end": True},
        )
    )
    assert "only specify one of these parameters" in str(both)
    subscriptions.cancel(identifier)
    again = refused(lambda: subscriptions.cancel(identifier))
    assert (again.http_status, again.code) == (404, "resource_missing")
    late = refused(lambda: subscriptions.update(identifier, {"cancel_at_period_end": True}))
    assert late.code == "invalid_canceled_subscription_fields"
    assert subscriptions.update(identifier, {"metadata": {"a": "b"}}).status == "canceled"
