"""Whole payments, every object and every event held against the SDK's types."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.payments.checkout import AuthenticationRequired, Declined, Paid
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.stripe.stripe_types import assert_fits


def _everything(server: SandboxServer) -> list[dict[str, Any]]:
    """Every object that the API can show, every event included."""
    lists = [
        server.get(f"/v1/{name}", limit=100)
        for name in (
            "products", "prices", "customers", "checkout/sessions", "payment_intents", "charges",
            "payment_methods", "subscriptions", "invoices", "invoice_payments", "events",
            "webhook_endpoints",
        )
    ]  # fmt: skip
    paths = [f"checkout/sessions/{session['id']}/line_items" for session in lists[3]["data"]]
    paths += [f"invoices/{invoice['id']}/lines" for invoice in lists[8]["data"]]
    paths += [f"subscription_items?subscription={one['id']}" for one in lists[7]["data"]]
    nested = [server.get(f"/v1/{path}") for path in ["account", *paths]]
    expand = {"expand[0]": "payments", "expand[1]": "confirmation_secret"}
    nested += [server.get(f"/v1/invoices/{one['id']}", **expand) for one in lists[8]["data"]]
    return [*lists, *nested]


def test_every_object_of_a_long_history_fits_the_types(server: SandboxServer) -> None:
    """Products to invoices, paid, declined, authenticated, failed, expired, each with its events:
    all of it is what the SDK's types say."""
    client = server.stripe.v1
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    assert_fits(
        server.post(
            "/v1/webhook_endpoints",
            {"url": "https://shop.example/x", "enabled_events[0]": "charge.succeeded"},
        ).json()
    )
    product = client.products.create(params={"name": "Tea", "metadata": {"a": "b"}})
    client.products.update(product.id, params={"active": True, "name": "Green tea"})
    price = client.prices.create(
        params={"product": product.id, "currency": "usd", "unit_amount": 700, "nickname": "cup"}
    )
    client.prices.update(price.id, params={"nickname": "mug"})
    customer = client.customers.create(
        params={
            "email": "known@example.com",
            "address": {"country": "DE", "city": "Berlin"},
            "shipping": {"name": "Known", "address": {"line1": "1 Road"}},
        }
    )
    client.customers.update(customer.id, params={"name": "Known"})

    guest = server.create(metadata={"note": "guest"})
    assert isinstance(server.pay(guest.id, "4000000000000002"), Declined)
    assert isinstance(server.pay(guest.id, "4100000000000019"), Declined)
    assert isinstance(server.pay(guest.id), Paid)

    named = server.create(
        customer=customer.id,
        line_items=[
            {"price": price.id, "quantity": 2},
            {
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 150,
                    "product_data": {"name": "Cake", "description": "A slice"},
                },
                "quantity": 1,
            },
        ],
        payment_intent_data={"description": "Tea and cake", "metadata": {"table": "4"}},
    )
    challenge = server.pay(named.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    failed = server.sandbox.payments.authenticate(named.id, challenge.payment_intent, succeed=False)
    assert isinstance(failed, Declined)
    challenge = server.pay(named.id, "4000008260003178")
    assert isinstance(challenge, AuthenticationRequired)
    failed = server.sandbox.payments.authenticate(named.id, challenge.payment_intent, succeed=True)
    assert isinstance(failed, Declined)
    assert isinstance(server.pay(named.id, "378282246310005"), Paid)

    kept = server.create(customer_creation="always", customer_email="kept@example.com")
    assert isinstance(server.pay(kept.id), Paid)

    pro = server.subscribe(
        line_items=[{"price": server.pro, "quantity": 2}, {"price": server.credit, "quantity": 5}],
        subscription_data={"metadata": {"plan": "pro"}, "description": "Pro"},
    )
    assert isinstance(server.pay(pro.id, "4000000000009995"), Declined)
    challenge = server.pay(pro.id, "4000002760003184")
    assert isinstance(challenge, AuthenticationRequired)
    outcome = server.sandbox.payments.authenticate(pro.id, challenge.payment_intent, succeed=True)
    assert isinstance(outcome, Paid)

    tried = server.create()
    server.pay(tried.id, "4000000000000119")
    client.checkout.sessions.expire(tried.id)
    left = server.create()
    server.clock.advance(86_400)
    assert client.checkout.sessions.retrieve(left.id).status == "expired"

    shown = _everything(server)
    assert_fits(*shown)
    kinds = {event["type"] for event in shown[10]["data"]}
    assert kinds == {
        "product.created", "product.updated", "price.created", "price.updated",
        "customer.created", "customer.updated", "payment_intent.created", "charge.failed",
        "payment_intent.payment_failed", "charge.succeeded", "charge.updated",
        "payment_intent.succeeded", "payment_intent.requires_action", "payment_intent.canceled",
        "payment_method.attached",
        "checkout.session.completed", "checkout.session.expired", "customer.subscription.created",
        "customer.subscription.updated", "invoice.created", "invoice.finalized",
        "invoice.updated", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid",
        "invoiceitem.created",
    }  # fmt: skip


def test_expanded_objects_fit_the_types(server: SandboxServer) -> None:
    """Expansion puts whole objects where ids stood, and they fit as well."""
    session = server.subscribe()
    server.pay(session.id)
    paths = (
        "line_items.data.price.product",
        "customer",
        "total_details.breakdown",
        "subscription.latest_invoice.payments",
        "invoice.payments.data.payment",
    )
    expand = {f"expand[{index}]": path for index, path in enumerate(paths[:4])}
    assert_fits(server.get(f"/v1/checkout/sessions/{session.id}", **expand))
