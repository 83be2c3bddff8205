"""What follows a sale, from a fresh start and through what every program can reach: the routes,
Stripe's API, the sandbox's clock. Once by webhooks alone, once by polling alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from pages.scenarios.sandbox_client import Controls
from tests.billing.commands.test_check_command import run, settings_of
from tests.support.servers.shop import HOUR, Shop, connected_shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_WEBHOOKS, BY_POLLING = "by webhooks alone", "by polling alone"
ANSWERS_WITHIN = 30.0
VISA, REFUND_FAILS = "4242424242424242", "4000000000005126"
DRAFT_SECONDS = 3_600  # that a renewal's invoice waits before it is collected
REFUND_FAILS_WITHIN = 86_400
NO_PRO = {"active": False, "until": None, "status": None}

JSON = dict[str, Any]


@pytest.fixture(params=(BY_WEBHOOKS, BY_POLLING))
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    if request.param == BY_WEBHOOKS:
        with connected_shop(tmp_path, sync_step_seconds=HOUR) as opened:
            yield opened
    else:
        with open_shop(tmp_path, sync_step_seconds=0.1) as opened:
            assert not opened.stripe.v1.webhook_endpoints.list().data
            yield opened


class Customer:
    """Somebody who buys, known by their email."""

    def __init__(self, shop: Shop, email: str) -> None:
        self._url = f"{shop.url}/api/billing"
        self._controls = Controls(f"{shop.services.settings.api_base}/_control")
        self._stripe = self._controls.stripe
        self._email = email
        self._session = ""

    def buy(self, path: str, body: JSON, card: str = VISA) -> None:
        """Press the button, and pay."""
        made = requests.post(f"{self._url}/{path}", json=body, timeout=ANSWERS_WITHIN)
        self._session = made.json()["id"]
        assert self._controls.pay(self._session, email=self._email, card=card).outcome == "paid"

    def refund(self, **params: int) -> None:
        payment = self._read()["payment_intent"]
        self._stripe.post("refunds", {"payment_intent": payment, **params})

    def use_card(self, name: str) -> None:
        """Pay with this card from now on."""
        customer = {"customer": self._read()["customer"]}
        card = self._stripe.post(f"payment_methods/{name}/attach", customer)
        self.change({"default_payment_method": card["id"]})

    def change(self, params: JSON) -> None:
        self._stripe.post(f"subscriptions/{self.subscription['id']}", params)

    def pay_invoice(self) -> None:
        self._stripe.post(f"invoices/{self.subscription['latest_invoice']}/pay")

    def pass_period(self) -> None:
        """The clock moves past the end of the period, and the hour that a renewal waits."""
        self.pass_time(self.period_end + DRAFT_SECONDS - int(self._controls.state().now) + 60)

    def pass_time(self, seconds: int) -> None:
        self._controls.advance(seconds)

    @property
    def subscription(self) -> JSON:
        found: JSON = self._stripe.get(f"subscriptions/{self._read()['subscription']}")
        return found

    @property
    def period_end(self) -> int:
        end: int = self.subscription["items"]["data"][0]["current_period_end"]
        return end

    def _read(self) -> JSON:
        return self._stripe.get(f"checkout/sessions/{self._session}")

    def entitlements(self) -> JSON:
        params = {"email": self._email}
        url = f"{self._url}/entitlements"
        body: JSON = requests.get(url, params=params, timeout=ANSWERS_WITHIN).json()
        return body

    def credits_become(self, count: int) -> None:
        wait_for(lambda: self.entitlements()["credits"] == count, f"{count} credits")
        assert self.entitlements()["pro"] == NO_PRO

    def pro_becomes(self, status: str) -> None:
        """They have Pro to the end of the period, with this status."""
        pro = {"active": True, "until": self.period_end, "status": status}
        wait_for(lambda: self.entitlements()["pro"] == pro, str(pro))

    def pro_ends(self) -> None:
        over = NO_PRO | {"status": "canceled"}
        wait_for(lambda: self.entitlements()["pro"] == over, str(over))


def test_the_entitlements_follow_the_whole_life_of_what_was_sold(
    shop: Shop, tmp_path: Path
) -> None:
    part_by_part = Customer(shop, "part-by-part@example.com")
    part_by_part.credits_become(0)
    part_by_part.buy("extra-credits", {"quantity": 10})
    part_by_part.credits_become(10)
    part_by_part.refund(amount=297)
    part_by_part.credits_become(7)
    part_by_part.refund()
    part_by_part.credits_become(0)

    unlucky = Customer(shop, "refund-fails@example.com")
    unlucky.buy("extra-credits", {"quantity": 10}, card=REFUND_FAILS)
    unlucky.credits_become(10)
    unlucky.refund()
    unlucky.credits_become(0)
    unlucky.pass_time(REFUND_FAILS_WITHIN)
    unlucky.credits_become(10)

    subscriber = Customer(shop, "subscriber@example.com")
    subscriber.buy("checkout", {})
    subscriber.pro_becomes("active")
    for _ in range(3):
        ends = subscriber.period_end
        subscriber.pass_period()
        assert subscriber.period_end > ends
        subscriber.pro_becomes("active")
    subscriber.use_card("pm_card_chargeCustomerFail")
    subscriber.pass_period()
    subscriber.pro_becomes("past_due")  # in grace: Stripe tries again
    subscriber.use_card("pm_card_visa")
    subscriber.pay_invoice()
    subscriber.pro_becomes("active")
    subscriber.change({"cancel_at_period_end": "true"})
    assert subscriber.subscription["cancel_at"] == subscriber.period_end
    subscriber.pro_becomes("active")
    subscriber.pass_period()
    subscriber.pro_ends()

    database = shop.services.settings.database_url
    assert database is not None
    settings = settings_of(shop) | {"DATABASE_URL": database.get_secret_value()}
    done = run(tmp_path, "reconcile", settings=settings)
    assert (done.stdout, done.returncode) == ("2 payments, 1 subscription, 0 differences.\n", 0)
