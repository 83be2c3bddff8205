"""Checkout Sessions for somebody known: by the id of a Customer, or by an email."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from billing.domain.sessions.checkout_session import Kind
from billing.errors import StoreFailure
from tests.support.servers.sales import PAYER, create_session, pay, refresh
from tests.support.servers.shop import Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe

CHECKOUT = "/api/billing/checkout"
CREDITS = "/api/billing/extra-credits"
PATHS = (CHECKOUT, CREDITS)
ANSWERS_WITHIN = 30.0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of the tests that name somebody of their own."""
    with open_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def post(shop: Shop, path: str, **body: Any) -> requests.Response:
    return requests.post(f"{shop.url}{path}", json=body, timeout=ANSWERS_WITHIN)


def sold(shop: Shop, path: str, **body: Any) -> stripe.checkout.Session:
    answer = post(shop, path, **body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"url", "id"}
    return shop.stripe.v1.checkout.sessions.retrieve(answer.json()["id"])


def create_customer(shop: Shop, email: str) -> str:
    return shop.stripe.v1.customers.create({"email": email}).id


def buy_pro(shop: Shop) -> stripe.checkout.Session:
    session_id = pay(shop, create_session(shop, Kind.PRO))
    return shop.stripe.v1.checkout.sessions.retrieve(session_id)


@pytest.mark.parametrize("path", PATHS)
def test_a_customer_is_sold_to_whether_our_copy_knows_them_or_not(
    shared: Shop, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = create_customer(shared, "known@example.com")
    first = sold(shared, path, customer=f" {customer} ")
    assert (first.customer, first.customer_email) == (customer, None)
    monkeypatch.setattr(shared.services.gateway, "retrieve_customer", None)  # is not asked again
    assert sold(shared, path, customer=customer).customer == customer


@pytest.mark.parametrize("path", PATHS)
def test_an_email_that_one_customer_has_sells_to_that_customer(shared: Shop, path: str) -> None:
    customer = create_customer(shared, f"one{len(path)}@example.com")
    for email in (f"one{len(path)}@example.com", f"ONE{len(path)}@example.com"):
        made = sold(shared, path, email=email)
        assert (made.customer, made.customer_email) == (customer, None)


@pytest.mark.parametrize("path", PATHS)
def test_any_other_email_is_sold_to_as_it_is(shared: Shop, path: str) -> None:
    email = f"Two{len(path)}@example.com"
    for _ in range(3):
        made = sold(shared, path, email=email)
        assert (made.customer, made.customer_email) == (None, email)
    create_customer(shared, email)
    create_customer(shared, email)
    assert sold(shared, path, email=email).customer_email == email


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"customer": "cus_1", "email": "a@example.com"}, "Send customer or email, not both."),
        ({"customer": "cus_nobody"}, "Stripe knows no Customer cus_nobody"),
        ({"customer": ""}, "customer must be the ID of a Customer"),
        ({"customer": ["cus_1"]}, "customer must be the ID of a Customer"),
        ({"customer": "c" * 256}, "customer must be the ID of a Customer"),
        ({"email": "ann"}, "email must be an email address"),
        ({"email": 5}, "email must be an email address"),
        ({"email": "ann@example"}, "email must be an email address"),
        ({"email": "ann@.example.com"}, "Stripe does not accept the email ann@.example.com"),
    ],
)
def test_bad_input_is_400_with_the_reason_and_makes_no_session(
    shared: Shop, path: str, body: dict[str, Any], said: str
) -> None:
    before = shared.stripe.v1.checkout.sessions.list().data
    answer = post(shared, path, **body)
    assert (answer.status_code, answer.json()) == (400, {"error": said})
    assert shared.stripe.v1.checkout.sessions.list().data == before


def test_null_is_nobody_in_particular(shared: Shop) -> None:
    made = sold(shared, CHECKOUT, customer=None, email=None)
    assert (made.customer, made.customer_email) == (None, None)


def test_who_has_pro_gets_409_with_the_reason_and_the_way_out(shop: Shop) -> None:
    bought = buy_pro(shop)
    expected = {
        "error": f"{bought.customer} already has a subscription to the Pro plan: "
        f"{bought.subscription}, active.",
        "reason": "Change or cancel it in the customer portal.",
        "customer": bought.customer,
        "subscription": bought.subscription,
    }
    for body in ({"customer": bought.customer}, {"email": PAYER.email.upper()}):
        refused = post(shop, CHECKOUT, **body)
        assert (refused.status_code, refused.json()) == (409, expected)
        assert sold(shop, CREDITS, **body).customer == bought.customer
    assert len(shop.stripe.v1.checkout.sessions.list().data) == 3
    shop.stripe.v1.subscriptions.cancel(str(bought.subscription))
    refresh(shop, bought.id)
    assert sold(shop, CHECKOUT, customer=bought.customer).customer == bought.customer


def test_a_subscription_that_began_elsewhere_counts_too(shop: Shop) -> None:
    customer = create_customer(shop, "elsewhere@example.com")
    card = shop.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    subscription = shop.stripe.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": shop.services.settings.price_pro_monthly or ""}],
            "default_payment_method": card.id,
        }
    )
    refused = post(shop, CHECKOUT, email="elsewhere@example.com")
    assert refused.status_code == 409
    assert refused.json()["subscription"] == subscription.id


@pytest.mark.parametrize("path", PATHS)
def test_where_the_database_does_not_answer_nobody_known_is_sold_to(
    shared: Shop, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreFailure("The database did not answer.", "Check its server.")

    monkeypatch.setattr(shared.services.store, "read", fail)
    refused = post(shared, path, email="ann@example.com")
    expected = {"error": "The database did not answer.", "reason": "Check its server."}
    assert (refused.status_code, refused.json()) == (503, expected)
    assert post(shared, path).status_code == 200
