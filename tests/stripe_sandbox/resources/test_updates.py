"""Updates: fields and metadata are set and unset, and events say what was there before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

MONTH = 32 * 86_400


def _last_event(server: SandboxServer, name: str) -> Any:
    return server.get("/v1/events", type=name)["data"][0]["data"]


def _ids(server: SandboxServer) -> dict[str, str]:
    """One object of each kind that can be updated."""
    service = server.stripe.v1
    paid = server.create(customer_creation="always").id
    server.pay(paid)
    charge = service.charges.list({"limit": 1}).data[0]
    server.pay(server.create().id, "4000000000000259")
    endpoint: Any = {"url": server.receiver.url, "enabled_events": ["invoice.upcoming"]}
    portal: Any = {"features": {"invoice_history": {"enabled": True}}}
    subscription = server.paid_subscription()
    method = subscription["default_payment_method"]
    return {
        "customers": subscription["customer"],
        "products": service.products.list({"limit": 1}).data[0].id,
        "prices": server.pro,
        "charges": charge.id,
        "payment_intents": str(charge.payment_intent),
        "refunds": service.refunds.create({"charge": charge.id, "amount": 50}).id,
        "subscriptions": subscription["id"],
        "invoices": subscription["latest_invoice"],
        "payment_methods": method,
        "setup_intents": service.setup_intents.create({}).id,
        "checkout/sessions": server.create().id,
        "disputes": service.disputes.list().data[0].id,
        "webhook_endpoints": service.webhook_endpoints.create(endpoint).id,
        "billing_portal/configurations": service.billing_portal.configurations.create(portal).id,
    }


EVENTS = {
    "customers": "customer.updated",
    "products": "product.updated",
    "prices": "price.updated",
    "charges": "charge.updated",
    "refunds": "refund.updated",
    "subscriptions": "customer.subscription.updated",
    "invoices": "invoice.updated",
    "payment_methods": "payment_method.updated",
    "disputes": "charge.dispute.updated",
    "billing_portal/configurations": "billing_portal.configuration.updated",
}
"""Stripe has none for the others."""


def test_metadata_is_merged_and_unset_key_by_key_everywhere(shared_server: SandboxServer) -> None:
    """An empty value removes its key, an empty string all keys; the event holds what the changed
    keys were, null for a new one."""
    server = shared_server
    for url, identifier in _ids(server).items():
        path = f"/v1/{url}/{identifier}"
        server.post(path, {"metadata[kept]": "1", "metadata[gone]": "2"})
        events = len(server.event_types())
        changed = server.post(path, {"metadata[gone]": "", "metadata[new]": "3"}).json()
        assert changed["metadata"] == {"kept": "1", "new": "3"}, url
        assert_fits(changed)
        if url in EVENTS:
            previous = _last_event(server, EVENTS[url])["previous_attributes"]
            assert previous["metadata"] == {"gone": "2", "new": None}, url
            assert previous.keys() <= {"metadata", "updated"}
        events = len(server.event_types())
        assert server.post(path, {"metadata[new]": "3"}).status_code == 200
        assert len(server.event_types()) == events, url
        assert server.post(path, {"metadata": ""}).json()["metadata"] == {}


def test_a_part_of_an_object_that_changes_stands_alone_in_the_event(
    shared_server: SandboxServer,
) -> None:
    """`invoice_settings` holds more than the default payment method, which alone was changed."""
    service = shared_server.stripe.v1
    customer = service.customers.create({"name": "Ann"}).id
    method = service.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    service.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    previous = _last_event(shared_server, "customer.updated")["previous_attributes"]
    assert previous == {"invoice_settings": {"default_payment_method": None}}


def test_a_payment_method_is_updated_once_it_is_saved(shared_server: SandboxServer) -> None:
    """Its owner and its expiry, which has to be ahead."""
    methods = shared_server.stripe.v1.payment_methods
    card: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}
    made = methods.create({"type": "card", "card": card}).id
    error = refused(lambda: methods.update(made, {"metadata": {"a": "b"}}))
    assert error.user_message == (
        "You must save this PaymentMethod to a customer before you can update it."
    )
    customer = shared_server.stripe.v1.customers.create({"name": "Ann"}).id
    methods.attach(made, {"customer": customer})
    changed = methods.update(
        made,
        {
            "billing_details": {"name": "Ann", "address": {"city": "Kiel"}},
            "card": {"exp_month": 2, "exp_year": 2041},
        },
    )
    assert changed.card is not None
    assert (changed.card.exp_month, changed.card.exp_year) == (2, 2041)
    assert changed.billing_details.name == "Ann"
    assert changed.billing_details.address is not None
    assert changed.billing_details.address.city == "Kiel"
    over = refused(lambda: methods.update(made, {"card": {"exp_year": 2001}}))
    assert (over.http_status, over.code) == (402, "invalid_expiry_year")
    wrong = refused(lambda: methods.update(made, {"billing_details": {"email": "x"}}))
    assert wrong.code == "email_invalid"


def test_a_setup_intent_is_updated_until_it_has_succeeded(shared_server: SandboxServer) -> None:
    """With a payment method it waits for confirmation; then description and metadata alone."""
    service = shared_server.stripe.v1
    customer = service.customers.create({"name": "Ann"}).id
    intent = service.setup_intents.create({}).id
    changed = service.setup_intents.update(
        intent, {"customer": customer, "payment_method": "pm_card_visa"}
    )
    assert (changed.customer, changed.status) == (customer, "requires_confirmation")
    back: Any = {"return_url": "https://shop.example/cards"}
    assert service.setup_intents.confirm(intent, back).status == "succeeded"
    assert service.setup_intents.update(intent, {"description": "Mine"}).description == "Mine"
    error = refused(lambda: service.setup_intents.update(intent, {"customer": customer}))
    assert error.code == "setup_intent_unexpected_state"


@pytest.fixture
def draft(server: SandboxServer) -> dict[str, Any]:
    """A renewal's invoice while it is a draft, and a proration that waits for the next one."""
    subscription = server.paid_subscription()
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now())
    item: Any = {"id": subscription["items"]["data"][0]["id"], "quantity": 3}
    changed = server.stripe.v1.subscriptions.update(subscription["id"], {"items": [item]})
    found: dict[str, Any] = server.get(f"/v1/invoices/{changed.latest_invoice}")
    assert found["status"] == "draft"
    return found


def test_a_draft_is_updated_and_an_open_invoice_hardly(
    server: SandboxServer, draft: dict[str, Any]
) -> None:
    """Afterwards metadata and the payment method, which the collection then uses."""
    invoices = server.stripe.v1.invoices
    fields: Any = {
        "description": "Thanks", "footer": "Ltd", "statement_descriptor": "TEA",
        "custom_fields": [{"name": "PO", "value": "7"}],
    }  # fmt: skip
    invoices.update(draft["id"], fields)
    changed = server.get(f"/v1/invoices/{draft['id']}")
    assert {name: changed[name] for name in fields} == fields
    assert_fits(changed)
    previous = _last_event(server, "invoice.updated")["previous_attributes"]
    assert previous == dict.fromkeys(fields)
    customer = draft["customer"]
    declined = server.stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer}
    )
    invoices.update(draft["id"], {"default_payment_method": declined.id})
    assert refused(lambda: invoices.pay(draft["id"])).http_status == 402
    error = refused(lambda: invoices.update(draft["id"], {"footer": "x"}))
    assert error.user_message == "Finalized invoices can't be updated in this way"
    method = server.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    invoices.update(draft["id"], {"default_payment_method": method.id, "metadata": {"a": "b"}})
    assert invoices.pay(draft["id"]).status == "paid"


def test_a_pending_invoice_item_is_updated_and_deleted(
    server: SandboxServer, draft: dict[str, Any]
) -> None:
    """Until it stands on an invoice; what is deleted is on none."""
    items = server.stripe.v1.invoice_items
    charged, credited = items.list({"customer": draft["customer"], "pending": True}).data
    period: Any = {"start": 1, "end": 2}
    changed = items.update(
        charged.id,
        {
            "amount": 600, "description": "More", "discountable": True, "metadata": {"a": "b"},
            "period": period,
        },
    )  # fmt: skip
    assert (changed.amount, changed.net_amount, changed.description) == (600, 600, "More")
    shown = server.get(f"/v1/invoiceitems/{charged.id}")
    assert (shown["discountable"], shown["metadata"], shown["period"]) == (
        True, {"a": "b"}, period,
    )  # fmt: skip
    assert_fits(shown)
    deleted = items.delete(credited.id).to_dict()
    assert deleted == {"id": credited.id, "object": "invoiceitem", "deleted": True}
    assert refused(lambda: items.retrieve(credited.id)).http_status == 404
    assert _last_event(server, "invoiceitem.deleted")["object"]["id"] == credited.id
    server.advance(MONTH)
    renewal = server.get("/v1/invoices", limit=1)["data"][0]
    assert 600 in [line["amount"] for line in renewal["lines"]["data"]]
    assert len(renewal["lines"]["data"]) == 2
    error = refused(lambda: items.delete(charged.id))
    assert renewal["id"] in str(error.user_message)
