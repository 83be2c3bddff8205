"""The filters of lists find what they should; what does not meet them is left out, as
test_nothing_is_ignored holds for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """A shop with two subscriptions, of which one was changed and renewed."""
    with sandbox_server(None) as found:
        changed = found.paid_subscription()
        found.control("POST", "clock", {"advance_seconds": 100})
        found.paid_subscription()
        item: Any = {"id": changed["items"]["data"][0]["id"], "quantity": 2}
        found.stripe.v1.subscriptions.update(
            changed["id"], {"items": [item], "proration_behavior": "always_invoice"}
        )
        item = {**item, "quantity": 3}
        found.stripe.v1.subscriptions.update(changed["id"], {"items": [item]})
        yield found


def _ids(answer: Any) -> list[str]:
    return [one.id for one in answer.data]


def test_subscriptions_are_found_by_what_one_of_their_items_is(server: SandboxServer) -> None:
    """Its price, the plan that it is too, and its period, exactly or in a range."""
    subscriptions = server.stripe.v1.subscriptions
    newer, older = _ids(subscriptions.list())
    assert _ids(subscriptions.list({"price": server.pro})) == [newer, older]
    assert _ids(subscriptions.list({"plan": server.pro})) == [newer, older]
    item: Any = server.get(f"/v1/subscriptions/{older}")["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    assert _ids(subscriptions.list({"current_period_end": end})) == [older]
    assert _ids(subscriptions.list({"current_period_end": {"gt": end}})) == [newer]
    between: Any = {"gte": start, "lt": start + 1}
    assert _ids(subscriptions.list({"current_period_start": between})) == [older]
    assert _ids(subscriptions.list({"automatic_tax": {"enabled": False}})) == [newer, older]


def test_invoice_items_are_pending_or_on_an_invoice(server: SandboxServer) -> None:
    """Two of each; what is on an invoice is never pending."""
    items = server.stripe.v1.invoice_items
    placed = items.list({"pending": False})
    invoice = str(placed.data[0].invoice)
    assert invoice.startswith("in_")
    assert [item.invoice for item in items.list({"pending": True})] == [None, None]
    assert _ids(items.list({"invoice": invoice, "pending": False})) == _ids(placed)
    assert items.list({"invoice": invoice, "pending": True}).data == []


def test_products_and_payment_methods_are_found_by_their_fields(server: SandboxServer) -> None:
    """`shippable`, `url` and `type`; `allow_redisplay`, of a customer too."""
    service = server.stripe.v1
    made = service.products.create({"name": "Tea", "shippable": True, "url": "http://t.example/"})
    assert _ids(service.products.list({"shippable": True})) == [made.id]
    assert _ids(service.products.list({"url": "http://t.example/", "active": True})) == [made.id]
    assert len(service.products.list({"type": "service"}).data) == 3
    subscription = service.subscriptions.list({"limit": 1}).data[0]
    customer, method = str(subscription.customer), str(subscription.default_payment_method)
    always: Any = {"allow_redisplay": "always"}
    theirs: Any = {"customer": customer, **always}
    assert _ids(service.payment_methods.list(theirs)) == [method]
    assert _ids(service.customers.payment_methods.list(customer, always)) == [method]


def test_a_list_of_a_customer_that_never_was_is_refused(server: SandboxServer) -> None:
    """400, as for any id in a parameter; of a deleted customer it is a list."""
    service = server.stripe.v1
    gone = service.customers.create({}).id
    service.customers.delete(gone)
    for listed in (
        service.charges.list, service.invoices.list, service.payment_intents.list,
        service.subscriptions.list, service.invoice_items.list, service.checkout.sessions.list,
    ):  # fmt: skip
        ask: Any = listed
        error = refused(lambda ask=ask: ask({"customer": "cus_9"}))  # type: ignore[misc]
        assert (error.http_status, error.user_message) == (400, "No such customer: 'cus_9'")
        assert ask({"customer": gone}).data == []


def test_filters_and_cursors_go_together(server: SandboxServer) -> None:
    """Both ways, within a range of time."""
    subscriptions = server.stripe.v1.subscriptions
    newer, older = _ids(subscriptions.list({"price": server.pro, "created": {"gt": 1}}))
    after: Any = {"price": server.pro, "created": {"gt": 1}, "starting_after": newer}
    assert _ids(subscriptions.list(after)) == [older]
    before: Any = {"price": server.pro, "created": {"gt": 1}, "ending_before": older}
    assert _ids(subscriptions.list(before)) == [newer]
    wrong: Any = {"price": server.pro, "ending_before": "sub_9"}
    error = refused(lambda: subscriptions.list(wrong))
    assert (error.http_status, error.user_message) == (400, "No such subscription: 'sub_9'")
