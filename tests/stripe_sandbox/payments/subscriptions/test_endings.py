"""Subscriptions that end within a period, or are created to end."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits


def _half(subscription: Any) -> int:
    """The middle of its period, in Unix seconds."""
    [item] = subscription["items"]["data"]
    return int(item["current_period_start"] + item["current_period_end"]) // 2


def _pending(server: SandboxServer, subscription: Any) -> list[int]:
    found = server.get("/v1/invoiceitems", customer=subscription["customer"], pending="true")
    return [item["amount"] for item in found["data"]]


def test_an_end_within_the_period_is_prorated(server: SandboxServer) -> None:
    """Taken back, it is charged again; `none` prorates nothing."""
    update = server.stripe.v1.subscriptions.update
    paid = server.paid_subscription()
    middle = _half(paid)
    update(paid["id"], {"cancel_at": middle, "proration_behavior": "none"})
    update(paid["id"], {"cancel_at": "", "proration_behavior": "none"})
    assert _pending(server, paid) == []
    update(paid["id"], {"cancel_at": middle})
    assert _pending(server, paid) == [-4_950]
    update(paid["id"], {"cancel_at": ""})
    assert _pending(server, paid) == [4_950, -4_950]
    end = paid["items"]["data"][0]["current_period_end"]
    assert update(paid["id"], {"cancel_at": "max_period_end"}).cancel_at == end
    error = refused(lambda: update(paid["id"], {"cancel_at": "max_billed_until"}))
    assert error.code == "sandbox_not_simulated"


def test_a_cancellation_gives_the_rest_back_and_invoices_where_that_is_asked_for(
    server: SandboxServer,
) -> None:
    paid = server.paid_subscription()
    server.advance(_half(paid) - server.sandbox.clock.now())
    cancel: Any = {"invoice_now": True, "prorate": True}
    ended = server.stripe.v1.subscriptions.cancel(paid["id"], cancel)
    assert (ended.status, _pending(server, paid)) == ("canceled", [])
    invoice = server.get(f"/v1/invoices/{ended.latest_invoice}")
    assert_fits(invoice)
    assert (invoice["status"], invoice["total"]) == ("paid", -4_950)
    assert server.get(f"/v1/customers/{paid['customer']}")["balance"] == -4_950


def test_a_subscription_is_created_to_end(server: SandboxServer) -> None:
    """At a time, or with its first period."""
    service = server.stripe.v1
    customer = service.customers.create({"email": "ann@example.com"}).id
    method = service.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    given: Any = {
        "customer": customer,
        "default_payment_method": method,
        "items": [{"price": server.pro}],
    }
    at = server.sandbox.clock.now() + 5 * 86_400
    timed: Any = {**given, "cancel_at": at}
    made = service.subscriptions.create(timed)
    assert (made.cancel_at, made.cancel_at_period_end) == (at, False)
    first: Any = {**given, "cancel_at_period_end": True}
    last = service.subscriptions.create(first)
    assert last.cancel_at == last.to_dict()["items"]["data"][0]["current_period_end"]
    assert types(server.advance(5 * 86_400)) == ["customer.subscription.deleted"]
    for wrong in ({"cancel_at": 5}, {"cancel_at": at * 2, "cancel_at_period_end": True}):
        params: Any = {**given, **wrong}
        refused(lambda params=params: service.subscriptions.create(params))  # type: ignore[misc]
