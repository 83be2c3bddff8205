"""What can be deleted, what ends with it, and what is seen of it afterwards."""

from __future__ import annotations

import requests

from stripe_sandbox.payments.checkout import NotOpen
from tests.support.stripe.sandbox_server import KEY, SandboxServer, refused


def test_a_product_goes_unless_it_has_prices(shared_server: SandboxServer) -> None:
    """It is not found any more, and its event shows it as inactive."""
    products = shared_server.stripe.v1.products
    made = products.create({"name": "Tea"})
    gone = {"id": made.id, "object": "product", "deleted": True}
    assert products.delete(made.id).to_dict() == gone
    error = refused(lambda: products.retrieve(made.id))
    assert (error.http_status, error.user_message) == (404, f"No such product: '{made.id}'")
    event = shared_server.get("/v1/events", type="product.deleted")["data"][0]["data"]["object"]
    assert (event["id"], event["name"], event["active"]) == (made.id, "Tea", False)
    priced = str(shared_server.stripe.v1.prices.retrieve(shared_server.pro).product)
    error = refused(lambda: products.delete(priced))
    assert error.user_message == (
        "This product cannot be deleted because it has one or more user-created prices."
    )
    assert products.retrieve(priced).active


def test_a_price_cannot_be_deleted_as_at_stripe(shared_server: SandboxServer) -> None:
    """There is no such URL."""
    url = f"/v1/prices/{shared_server.pro}"
    answer = requests.delete(shared_server.url + url, auth=(KEY, ""), timeout=10)
    assert answer.status_code == 404
    assert f"Unrecognized request URL (DELETE: {url})" in answer.json()["error"]["message"]


def test_a_customers_end_is_that_of_all_that_would_go_on(server: SandboxServer) -> None:
    """Subscriptions are canceled, cards detached, sessions closed; what was paid stays, and what
    names the customer shows them as deleted."""
    service = server.stripe.v1
    subscription = server.paid_subscription()
    customer = subscription["customer"]
    session = server.create(customer=customer).id
    method = subscription["default_payment_method"]
    known = server.event_types()
    gone = {"id": customer, "object": "customer", "deleted": True}
    assert service.customers.delete(customer).to_dict() == gone
    assert server.event_types_since(known) == [
        "customer.subscription.deleted",
        "payment_method.detached",
        "checkout.session.expired",
        "customer.deleted",
    ]
    ended = service.subscriptions.retrieve(subscription["id"])
    assert (ended.status, ended.customer) == ("canceled", customer)
    assert service.payment_methods.retrieve(method).customer is None
    assert isinstance(server.pay(session), NotOpen)
    assert server.get(f"/v1/customers/{customer}") == gone
    assert service.customers.list().data == []
    charge = service.charges.list({"customer": customer, "expand": ["data.customer"]}).data[0]
    assert charge.to_dict()["customer"] == gone
    for call in (
        lambda: service.customers.update(customer, {"name": "Ann"}),
        lambda: service.customers.delete(customer),
    ):
        error = refused(call)
        assert (error.http_status, error.user_message) == (404, f"No such customer: '{customer}'")
    assert service.refunds.create({"charge": charge.id}).status == "succeeded"


def test_a_deleted_customer_can_still_be_erased(server: SandboxServer) -> None:
    """The events hold them; what was paid holds them too."""
    customers = server.stripe.v1.customers
    lonely = customers.create({"email": "amaryllis@example.com", "name": "Amaryllis"}).id
    customers.delete(lonely)
    assert "amaryllis@example.com" in server.fetch("/v1/events").text
    server.control("POST", f"erase/{lonely}", {})
    assert "amaryllis" not in server.fetch("/v1/events").text.casefold()


def test_nothing_is_collected_of_a_deleted_customer(server: SandboxServer) -> None:
    """Neither the draft of a renewal nor what was not paid; the invoice's page takes no card, and
    a bank's late answer finds nobody to blame."""
    service = server.stripe.v1
    subscription = server.paid_subscription("4000000000000341")
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now() + 3_600)
    open_invoice = service.invoices.list({"status": "open"}).data[0]
    debited = server.subscribe(allowed_payment_method_types=["card", "us_bank_account"]).id
    body = {"bank_account": "000123456789"}
    server.control("POST", f"sessions/{debited}/pay", body)
    portal = service.billing_portal.sessions.create({"customer": subscription["customer"]}).url
    for customer in service.customers.list().data:
        service.customers.delete(customer.id)
    events = server.advance(60 * 86_400)
    assert {event["type"] for event in events} & {"charge.succeeded", "invoice.paid"} == {
        "charge.succeeded", "invoice.paid",
    }  # fmt: skip
    after = service.invoices.retrieve(open_invoice.id)
    assert (after.status, after.attempt_count) == ("open", open_invoice.attempt_count)
    page = server.fetch(f"/i/{open_invoice.id}").text
    assert "card_number" not in page
    assert server.fetch(portal.removeprefix(server.url)).status_code == 410
