"""Customers: made, changed, found by their address."""

from __future__ import annotations

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def test_a_customer_is_made_changed_and_found(shared_server: SandboxServer) -> None:
    """Fields are stored, `email` filters exactly."""
    customers = shared_server.stripe.v1.customers
    made = customers.create(params={"email": "one@example.com", "business_name": "One"})
    customers.create(params={"email": "one@example.com.au"})
    customers.update(made.id, params={"business_name": "", "phone": "123", "metadata": {"a": "b"}})
    read = customers.retrieve(made.id)
    assert (read.email, read.business_name, read.phone) == ("one@example.com", None, "123")
    found = customers.list(params={"email": "one@example.com"}).data
    assert [customer.id for customer in found] == [made.id]
    assert customers.list(params={"email": "none@example.com"}).data == []


def test_what_is_no_address_is_refused(shared_server: SandboxServer) -> None:
    """`email_invalid`, on creation and on update."""
    customers = shared_server.stripe.v1.customers
    made = customers.create(params={"email": "right@example.com"})
    for wrong in ("x", "a@b", "a b@c.d", "@c.d"):
        error = refused(lambda wrong=wrong: customers.create(params={"email": wrong}))  # type: ignore[misc]
        assert error.code == "email_invalid"
        assert error.user_message == f"Invalid email address: {wrong}"
    assert refused(lambda: customers.update(made.id, params={"email": "x"})).http_status == 400


def test_changes_are_reported(server: SandboxServer) -> None:
    """`customer.created`, then `customer.updated` with what it was before."""
    customers = server.stripe.v1.customers
    made = customers.create(params={"email": "a@example.com"})
    customers.update(made.id, params={"email": "b@example.com"})
    customers.update(made.id, params={"email": "b@example.com"})
    events = server.get("/v1/events", type="customer.*")["data"]
    assert [event["type"] for event in events] == ["customer.updated", "customer.created"]
    assert events[0]["data"]["previous_attributes"] == {"email": "a@example.com"}
    assert events[0]["data"]["object"]["email"] == "b@example.com"
    assert events[1]["data"]["object"]["email"] == "a@example.com"


def test_the_lists_inside_a_customer_are_shown_when_expanded(shared_server: SandboxServer) -> None:
    """Its subscriptions that run; sources and tax ids are none."""
    subscription = shared_server.paid_subscription()
    url = f"/v1/customers/{subscription['customer']}"
    assert not {"sources", "subscriptions", "tax_ids"} & shared_server.get(url).keys()
    expand = {"expand[0]": "sources", "expand[1]": "subscriptions", "expand[2]": "tax_ids"}
    found = shared_server.get(url, **expand)
    assert_fits(found)
    assert [one["id"] for one in found["subscriptions"]["data"]] == [subscription["id"]]
    assert (found["sources"]["data"], found["tax_ids"]["data"]) == ([], [])
    shared_server.stripe.v1.subscriptions.cancel(subscription["id"])
    assert shared_server.get(url, **expand)["subscriptions"]["data"] == []
    price = shared_server.get("/v1/prices", **{"expand[0]": "data.tiers"})["data"][0]
    assert "tiers" not in price
