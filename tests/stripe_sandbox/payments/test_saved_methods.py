"""Cards are made, saved to customers, and taken from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

CARD: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}


def customer(server: SandboxServer) -> str:
    return server.stripe.v1.customers.create({"email": "ann@example.com", "name": "Ann"}).id


def test_a_card_is_made_attached_and_detached(shared_server: SandboxServer) -> None:
    methods, owner = shared_server.stripe.v1.payment_methods, customer(shared_server)
    made = methods.create({"type": "card", "card": CARD})
    assert_fits(shared_server.get(f"/v1/payment_methods/{made.id}"))
    assert made.card is not None
    assert (made.card.last4, made.customer) == ("4242", None)
    assert methods.attach(made.id, {"customer": owner}).customer == owner
    assert [one.id for one in methods.list({"customer": owner}).data] == [made.id]
    assert methods.detach(made.id).customer is None
    assert methods.list({"customer": owner}).data == []
    assert shared_server.event_types()[-2:] == [
        "payment_method.attached",
        "payment_method.detached",
    ]
    assert "not attached to a customer" in str(refused(lambda: methods.detach(made.id)))


def test_a_test_card_is_attached_by_its_name(shared_server: SandboxServer) -> None:
    methods, owner = shared_server.stripe.v1.payment_methods, customer(shared_server)
    one = methods.attach("pm_card_visa", {"customer": owner})
    other = methods.attach("pm_card_visa", {"customer": owner})
    assert one.id != other.id
    assert one.card is not None
    assert (one.card.last4, one.billing_details.email) == ("4242", "ann@example.com")
    assert methods.attach("pm_card_chargeCustomerFail", {"customer": owner}).customer == owner


@pytest.mark.parametrize(
    ("name", "code"),
    [("pm_card_chargeDeclined", "card_declined"), ("pm_card_none", "resource_missing")],
)
def test_what_cannot_be_attached_is_refused(
    shared_server: SandboxServer, name: str, code: str
) -> None:
    methods, owner = shared_server.stripe.v1.payment_methods, customer(shared_server)
    error = refused(lambda: methods.attach(name, {"customer": owner}))
    assert error.code == code
    assert methods.list({"customer": owner}).data == []


def test_another_customers_card_stays_theirs(shared_server: SandboxServer) -> None:
    methods = shared_server.stripe.v1.payment_methods
    taken = methods.attach("pm_card_visa", {"customer": customer(shared_server)})
    error = refused(lambda: methods.attach(taken.id, {"customer": customer(shared_server)}))
    assert "already been attached" in str(error)


def test_a_wrong_card_is_not_made(shared_server: SandboxServer) -> None:
    wrong: Any = {**CARD, "number": "4242424242424241"}
    create = shared_server.stripe.v1.payment_methods.create
    error = refused(lambda: create({"type": "card", "card": wrong}))
    assert (error.http_status, error.code) == (402, "incorrect_number")


def test_a_customer_is_created_with_a_card(shared_server: SandboxServer) -> None:
    """Which is attached, and pays its invoices where that is asked for; a card that is refused
    leaves no customer."""
    customers = shared_server.stripe.v1.customers
    card: Any = {"payment_method": "pm_card_visa"}
    default: Any = {"invoice_settings": {"default_payment_method": "pm_card_visa"}}
    both: Any = {**card, **default}
    made = customers.create(both)
    assert_fits(shared_server.get(f"/v1/customers/{made.id}"))
    [method] = shared_server.get("/v1/payment_methods", customer=made.id)["data"]
    assert made.invoice_settings is not None
    assert made.invoice_settings.default_payment_method == method["id"]
    own = shared_server.stripe.v1.payment_methods.create({"type": "card", "card": CARD}).id
    assert customers.create({"payment_method": own}).id
    before = shared_server.get("/v1/customers", limit=1)["data"]
    for params, code in (
        ({"payment_method": "pm_card_chargeDeclined"}, "card_declined"),
        ({"payment_method": method["id"]}, None),
        (default, "resource_missing"),
    ):
        refusal = refused(lambda params=params: customers.create(params))  # type: ignore[misc]
        assert refusal.code == code
    assert shared_server.get("/v1/customers", limit=1)["data"] == before


def test_only_a_customer_s_own_method_pays_their_invoices(shared_server: SandboxServer) -> None:
    other = shared_server.stripe.v1.payment_methods.attach(
        "pm_card_visa", {"customer": customer(shared_server)}
    )
    settings: Any = {"invoice_settings": {"default_payment_method": other.id}}
    owner = customer(shared_server)
    error = refused(lambda: shared_server.stripe.v1.customers.update(owner, settings))
    assert "must be attached to the customer" in str(error)
