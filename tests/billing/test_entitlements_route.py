"""What a customer may use, as other programs read it over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.servers.shop import ConnectedShop, Shop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITLEMENTS = "/api/billing/entitlements"
ANSWERS_WITHIN = 30.0
CARD = "4242424242424242"
NO_PRO = {"active": False, "until": None, "status": None}


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def ask(shop: Shop, **who: str | list[str]) -> requests.Response:
    return requests.get(f"{shop.url}{ENTITLEMENTS}", params=who, timeout=ANSWERS_WITHIN)


def answer(shop: Shop, **who: str) -> dict[str, Any]:
    found = ask(shop, **who)
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


def buy(shop: ConnectedShop, path: str, body: dict[str, Any], email: str) -> str:
    """Pay for something by the routes; the id of the session."""
    made = requests.post(f"{shop.url}/api/billing/{path}", json=body, timeout=ANSWERS_WITHIN)
    session_id: str = made.json()["id"]
    shop.controls.pay(session_id, email=email, card=CARD)
    return session_id


def credits_become(shop: Shop, email: str, count: int) -> None:
    wait_for(lambda: answer(shop, email=email)["credits"] == count)


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"customer": ""},
        {"email": "  "},
        {"customer": "cus_1", "email": "ann@example.com"},
        {"customer": ["cus_1", "cus_2"]},
        {"email": ["a@example.com", "a@example.com"]},
        {"session": "cs_test_1"},
    ],
)
def test_exactly_one_customer_or_email_is_asked_for(
    connected: ConnectedShop, who: dict[str, Any]
) -> None:
    refused = ask(connected, **who)
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Ask for one Customer or one email: customer=cus_… or email=…"
    }


def test_somebody_unknown_has_nothing(connected: ConnectedShop) -> None:
    wait_for(lambda: answer(connected, customer="cus_nobody")["as_of"] > 0)
    of_customer = answer(connected, customer="cus_nobody")
    as_of = of_customer.pop("as_of")
    assert isinstance(as_of, int)
    assert of_customer == {"customer": "cus_nobody", "email": None, "credits": 0, "pro": NO_PRO}
    of_email = answer(connected, email="nobody@example.com")
    assert of_email | {"as_of": as_of} == {
        "customer": None,
        "email": "nobody@example.com",
        "credits": 0,
        "pro": NO_PRO,
        "as_of": as_of,
    }
    assert ask(connected, customer="cus_nobody").headers["cache-control"] == "no-store"


def test_credits_are_granted_and_refunds_take_them_back(connected: ConnectedShop) -> None:
    email = "credits@example.com"
    session_id = buy(connected, "extra-credits", {"quantity": 10}, email)
    credits_become(connected, email, 10)
    payment = str(connected.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
    connected.stripe.v1.refunds.create({"payment_intent": payment, "amount": 297})
    credits_become(connected, email, 7)
    connected.stripe.v1.refunds.create({"payment_intent": payment})
    credits_become(connected, email, 0)


def test_pro_is_active_until_the_end_of_its_period_and_over_once_canceled(
    connected: ConnectedShop,
) -> None:
    email = "pro@example.com"
    session_id = buy(connected, "checkout", {}, email)
    wait_for(lambda: answer(connected, email=email)["pro"]["active"])
    session = connected.stripe.v1.checkout.sessions.retrieve(session_id)
    subscription = connected.stripe.v1.subscriptions.retrieve(str(session.subscription))
    end = subscription["items"].data[0].current_period_end
    by_customer = answer(connected, customer=str(session.customer))
    assert by_customer["pro"] == {"active": True, "until": end, "status": "active"}
    by_email = answer(connected, email="PRO@example.com")
    assert (by_email["pro"], by_email["customer"]) == (by_customer["pro"], session.customer)
    connected.stripe.v1.subscriptions.cancel(subscription.id)
    wait_for(lambda: not answer(connected, email=email)["pro"]["active"])
    assert answer(connected, email=email)["pro"] == NO_PRO | {"status": "canceled"}


def test_a_subscription_that_no_checkout_of_ours_began_counts_by_email_too(
    connected: ConnectedShop,
) -> None:
    email = "elsewhere@example.com"
    customer = connected.stripe.v1.customers.create({"email": email}).id
    card = connected.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    connected.stripe.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": connected.services.settings.price_pro_monthly or ""}],
            "default_payment_method": card.id,
        }
    )
    wait_for(lambda: answer(connected, email=email)["pro"]["active"])
    assert answer(connected, email=email)["customer"] == customer
    connected.stripe.v1.customers.update(customer, {"email": "moved@example.com"})
    wait_for(lambda: answer(connected, email="moved@example.com")["pro"]["active"])
    assert answer(connected, email=email)["pro"] == NO_PRO
