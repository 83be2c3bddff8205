"""Right and wrong Prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from billing.setup.findings import Missing, Status
from billing.setup.price_checks import check_price as judged_price
from billing.setup.provisioning import planned_price
from tests.billing.setup.conftest import (
    OK,
    WARNING,
    WRONG,
    SettingsOf,
    found,
    run_checks,
)

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


@pytest.mark.parametrize(
    ("price", "status", "said"),
    [
        ({"unit_amount": 9900, "recurring": {"interval": "month"}}, OK, "$99 every month, active"),
        ({"unit_amount": 4900, "recurring": {"interval": "month"}}, WARNING, "$49 every month"),
        ({"unit_amount": 9900, "recurring": {"interval": "year"}}, WARNING, "$99 every year"),
        (
            {"unit_amount": 9900, "recurring": {"interval": "month", "interval_count": 3}},
            WARNING,
            "$99 every 3 months",
        ),
        (
            {"unit_amount": 9900, "currency": "jpy", "recurring": {"interval": "month"}},
            WARNING,
            "¥9,900 every month, active. Expected: $99 every month",
        ),
        ({"unit_amount": 9900}, WRONG, "It is one-time; a recurring Price is needed"),
        (
            {"unit_amount": 9900, "recurring": {"interval": "month"}, "active": False},
            WRONG,
            "It is archived",
        ),
    ],
)
def test_the_pro_price_is_checked_by_what_stripe_says_of_it(
    settings_of: SettingsOf, shop: Shop, price: dict[str, Any], status: Status, said: str
) -> None:
    params: Any = {"currency": "usd", "product_data": {"name": "Another"}} | price
    made = shop.stripe.v1.prices.create(params)
    finding = found(run_checks(settings_of(STRIPE_PRICE_PRO_MONTHLY=made.id)), "Pro plan Price")
    assert (finding.status, finding.reference) == (status, made.id)
    assert said in finding.found
    if status is WARNING:
        assert "The Billing page shows this Price" in finding.next_step
    if status is WRONG:
        assert "STRIPE_PRICE_PRO_MONTHLY" in finding.next_step
        assert finding.missing is Missing.PRO_PRICE


def test_a_recurring_price_for_credits_is_wrong(settings_of: SettingsOf, shop: Shop) -> None:
    pro = shop.server.services.settings.price_pro_monthly
    report = run_checks(settings_of(STRIPE_PRICE_EXTRA_CREDIT=pro))
    finding = found(report, "Extra load credit Price")
    assert (finding.status, finding.missing) == (WRONG, Missing.CREDIT_PRICE)
    assert "It is recurring; a one-time Price is needed" in finding.found


def test_a_price_of_an_archived_product_is_wrong(settings_of: SettingsOf, shop: Shop) -> None:
    pro = shop.stripe.v1.prices.retrieve(shop.server.services.settings.price_pro_monthly or "")
    shop.stripe.v1.products.update(str(pro.product), {"active": False})
    finding = found(run_checks(settings_of()), "Pro plan Price")
    assert (finding.status, "Its product is archived" in finding.found) == (WRONG, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recurring": {"interval": "month", "usage_type": "metered"}}, "Its usage is metered"),
        ({"unit_amount": None}, "A Price with a unit amount is needed"),
    ],
)
def test_a_price_that_cannot_be_bought_by_the_quantity_is_wrong(
    changed: dict[str, Any], said: str
) -> None:
    price = {
        "id": "price_x",
        "active": True,
        "type": "recurring",
        "currency": "usd",
        "unit_amount": 9900,
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }
    planned = planned_price(Missing.PRO_PRICE)
    assert planned is not None
    assert judged_price(planned, price).status is OK
    finding = judged_price(planned, price | changed)
    assert (finding.status, said in finding.found) == (WRONG, True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("price_unknown", "This Price does not exist in the key's account"),
        ("prod_x", "a Product ID"),
        ("plan_Abc123", "This Price does not exist in the key's account"),
        ("pro/monthly?x", "This Price does not exist in the key's account"),
        (None, "is not set"),
    ],
)
def test_a_price_that_is_not_there_is_wrong_and_can_be_made(
    settings_of: SettingsOf, value: str | None, said: str
) -> None:
    report = run_checks(settings_of(STRIPE_PRICE_EXTRA_CREDIT=value))
    finding = found(report, "Extra load credit Price")
    assert (finding.status, finding.missing) == (WRONG, Missing.CREDIT_PRICE)
    assert said in finding.found
    assert finding.next_step
    assert found(report, "Pro plan Price").status is OK
