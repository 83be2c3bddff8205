"""What paying a Checkout Session does: objects and events, once, all of it or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stripe_sandbox.payments.checkout import AuthenticationRequired, Declined, NotOpen, Paid, Payer
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from tests.support.stripe.sandbox_server import PAYER, SandboxServer, card


def test_a_guest_pays(server: SandboxServer) -> None:
    """The session is complete and paid, its payment succeeded, nobody became a customer, and the
    events come in Stripe's order."""
    known = server.event_types()
    session = server.create(payment_intent_data={"description": "Tea", "metadata": {"a": "b"}})
    outcome = server.pay(session.id)
    assert isinstance(outcome, Paid)
    assert outcome.return_url == f"http://shop.example/thanks?session_id={session.id}"

    paid = server.retrieve(
        session.id, "payment_intent.latest_charge", "payment_intent.payment_method"
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer, paid.amount_total) == (None, 297)
    assert (paid.customer_details.email, paid.customer_details.name) == (PAYER.email, PAYER.name)
    assert paid.customer_details.address.country == "US"
    intent = paid.payment_intent
    assert (intent.status, intent.amount, intent.amount_received) == ("succeeded", 297, 297)
    assert (intent.description, intent.metadata.to_dict()) == ("Tea", {"a": "b"})
    assert intent.payment_method.card.last4 == "4242"
    charge = intent.latest_charge
    assert (charge.paid, charge.status, charge.payment_intent) == (True, "succeeded", intent.id)
    assert charge.billing_details.email == PAYER.email

    assert server.event_types_since(known) == [
        "payment_intent.created",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    event = server.stripe.v1.events.retrieve(outcome.event_ids[0])
    assert event.type == "checkout.session.completed"
    assert event.data.object["id"] == session.id
    assert event.data.object["payment_intent"] == intent.id


def test_a_customer_is_made_when_asked_for(server: SandboxServer) -> None:
    """`customer_creation=always` turns the payer into a customer, on the payment as well."""
    session = server.create(customer_creation="always")
    server.pay(session.id)
    paid = server.retrieve(session.id, "customer", "payment_intent")
    assert (paid.customer.email, paid.customer.name) == (PAYER.email, PAYER.name)
    assert paid.payment_intent.customer == paid.customer.id


def test_a_known_address_stays(server: SandboxServer) -> None:
    """The payer cannot change the address that the session was made with."""
    session = server.create(customer_email="known@example.com")
    server.pay(session.id)
    assert server.retrieve(session.id).customer_details.email == "known@example.com"


def test_a_customer_without_an_address_gets_the_payers(server: SandboxServer) -> None:
    """Checkout saves what it had to ask for."""
    customer = server.stripe.v1.customers.create(params={"name": "Quiet"})
    server.pay(server.create(customer=customer.id).id)
    assert server.stripe.v1.customers.retrieve(customer.id).email == PAYER.email


def test_a_subscription_begins(server: SandboxServer) -> None:
    """Customer, saved card, subscription, paid invoice and payment hang together, and the events
    come as Stripe sends them."""
    known = server.event_types()
    session = server.subscribe(subscription_data={"metadata": {"plan": "pro"}})
    assert isinstance(server.pay(session.id), Paid)
    paid = server.retrieve(session.id, "subscription", "invoice.payments", "customer")
    subscription, invoice, customer = paid.subscription, paid.invoice, paid.customer
    assert (paid.status, paid.payment_status, paid.payment_intent) == ("complete", "paid", None)
    assert (subscription.status, subscription.customer) == ("active", customer.id)
    assert subscription.metadata.to_dict() == {"plan": "pro"}
    assert subscription.latest_invoice == invoice.id
    [item] = subscription["items"].data
    assert (item.price.id, item.quantity) == (server.pro, 1)
    assert 28 <= (item.current_period_end - item.current_period_start) / 86_400 <= 31
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 9900, 0)
    assert invoice.billing_reason == "subscription_create"
    assert invoice.lines.data[0].description == "1 × Pro plan (at $99.00 / month)"  # noqa: RUF001  # Stripe's own sign
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.number == f"{customer.invoice_prefix}-0001"
    intent_id = invoice.payments.data[0].payment.payment_intent
    intent = server.stripe.v1.payment_intents.retrieve(intent_id)
    assert (intent.status, intent.customer) == ("succeeded", customer.id)
    assert intent.setup_future_usage == "off_session"
    methods = server.stripe.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in methods] == [subscription.default_payment_method]
    assert server.event_types_since(known) == [
        "payment_intent.created",
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "checkout.session.completed",
        "customer.subscription.updated",
    ]
    [updated] = server.get("/v1/events", type="customer.subscription.updated")["data"]
    assert updated["data"]["previous_attributes"] == {
        "default_payment_method": None,
        "status": "incomplete",
    }


def test_a_payer_without_an_address_is_refused(shared_server: SandboxServer) -> None:
    """Where no address is known, a wrong one is refused."""
    session = shared_server.create()
    outcome = shared_server.sandbox.payments.pay(session.id, card(), Payer("nobody", "No Body"))
    assert isinstance(outcome, Declined)
    assert outcome.code == "email_invalid"


def test_a_second_payment_finds_the_session_closed(server: SandboxServer) -> None:
    """Somebody was faster: nothing is charged twice."""
    session = server.create()
    assert isinstance(server.pay(session.id), Paid)
    outcome = server.pay(session.id)
    assert outcome == NotOpen("complete", f"http://shop.example/thanks?session_id={session.id}")
    assert len(server.get("/v1/charges")["data"]) == 1
    server.stripe.v1.checkout.sessions.expire((other := server.create()).id)
    assert server.pay(other.id) == NotOpen("expired", None)


def test_twenty_at_once_pay_once(server: SandboxServer) -> None:
    """However many press at the same moment, one payment is made."""
    session = server.subscribe()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: server.pay(session.id), range(20)))
    assert sum(isinstance(outcome, Paid) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotOpen) for outcome in outcomes) == 19
    for path in ("charges", "subscriptions", "invoices", "customers"):
        assert len(server.get(f"/v1/{path}")["data"]) == 1


def test_a_session_whose_time_has_come_is_not_paid(server: SandboxServer) -> None:
    """At `expires_at` it is too late, even in the middle of 3-D Secure: the payment is given up."""
    session = server.create()
    challenge = server.pay(session.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    server.clock.advance(86_400)
    outcome = server.sandbox.payments.authenticate(
        session.id, challenge.payment_intent, succeed=True
    )
    assert outcome == NotOpen("expired", None)
    intent = server.stripe.v1.payment_intents.retrieve(challenge.payment_intent)
    assert intent.status == "canceled"


def test_nothing_to_pay_is_complete_without_a_payment(server: SandboxServer) -> None:
    """A total of zero needs no payment."""
    free = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Sample"}}
    session = server.create(line_items=[{"price_data": free, "quantity": 1}])
    assert isinstance(server.pay(session.id), Paid)
    done = server.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    assert done.payment_intent is None


def test_a_free_subscription_saves_the_card_by_a_setup_intent(server: SandboxServer) -> None:
    """Nothing is charged; the card pays what may cost something later."""
    params = {"currency": "usd", "unit_amount": 0, "recurring": {"interval": "month"}}
    free = {"price_data": {**params, "product_data": {"name": "Free"}}, "quantity": 1}
    session = server.subscribe(line_items=[free]).id
    server.pay(session)
    done = server.retrieve(session, "subscription")
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "active")
    assert done.subscription.default_payment_method is not None
    [intent] = server.stripe.v1.setup_intents.list().data
    assert (intent.status, intent.customer) == ("succeeded", done.customer)


def test_a_payment_is_all_or_nothing(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last step fails, nothing of it stays: no charge, no customer, no event."""
    session = server.subscribe()
    known = server.event_types()

    def break_down(*_: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Subscriptions, "activate", break_down)
        with pytest.raises(RuntimeError):
            server.pay(session.id)
    assert server.event_types() == known
    for path in ("charges", "subscriptions", "customers", "payment_methods"):
        assert server.get(f"/v1/{path}")["data"] == []
    assert isinstance(server.pay(session.id), Paid)


def test_the_view_of_a_session(server: SandboxServer) -> None:
    """The page shows what is bought, for how much, and where to go afterwards."""
    session = server.subscribe(customer_email="known@example.com")
    view = server.view(session.id)
    assert view is not None
    assert (view.status, view.mode, view.currency, view.amount_total) == (
        "open", "subscription", "usd", 9900,
    )  # fmt: skip
    assert view.customer_email == "known@example.com"
    assert (view.cancel_url, view.return_url) == ("http://shop.example/cart", None)
    [line] = view.line_items
    assert (line.name, line.quantity, line.unit_amount, line.interval) == (
        "Pro plan", 1, 9900, "month",
    )  # fmt: skip
    server.pay(session.id)
    view = server.view(session.id)
    assert view is not None
    assert view.return_url == f"http://shop.example/thanks?session_id={session.id}"
    assert server.view("cs_test_none") is None
    with pytest.raises(KeyError):
        server.pay("cs_test_none")
