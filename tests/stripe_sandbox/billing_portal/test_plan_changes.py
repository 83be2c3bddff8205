"""Changing a plan in the customer portal: what is on offer, what it costs, and what comes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.stripe_sandbox.billing_portal.test_portal import Portal, read
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400
TIMES = "\N{MULTIPLICATION SIGN}"


def _month(amount: int, name: str) -> Any:
    return {
        "currency": "usd",
        "unit_amount": amount,
        "recurring": {"interval": "month"},
        "product_data": {"name": name},
    }


class Shop:
    """A subscription to the Pro plan, a Team plan beside it, and a configuration that offers
    both."""

    def __init__(self, server: SandboxServer, card: str = "4242424242424242", **sub: Any) -> None:
        self.server = server
        self.subscription = server.paid_subscription(card, **sub)
        [self.item] = self.subscription["items"]["data"]
        self.team = server.stripe.v1.prices.create(_month(19_900, "Team plan"))
        self.configuration = self._create(proration_behavior="always_invoice")

    def _create(self, **feature: Any) -> str:
        service = self.server.stripe.v1.billing_portal.configurations
        given: Any = {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity"],
            "products": [
                {"product": self.item["price"]["product"], "prices": [self.server.pro]},
                {"product": str(self.team.product), "prices": [self.team.id]},
            ],
            **feature,
        }
        return service.create({"features": {"subscription_update": given}}).id

    def configure(self, **feature: Any) -> None:
        """Another configuration from now on."""
        self.configuration = self._create(**feature)

    def portal(self, **params: Any) -> Portal:
        """The portal as the customer opens it."""
        return Portal(self.server, self.subscription, configuration=self.configuration, **params)

    @property
    def path(self) -> str:
        """Where the portal changes the plan."""
        return f"/subscriptions/{self.subscription['id']}/update"

    def choice(self, quantity: int = 1) -> dict[str, str]:
        """So many of the Team plan."""
        return {"price": self.team.id, "quantity": str(quantity)}

    def ask(self, portal: Portal, choice: dict[str, str]) -> requests.Response:
        """The page that says what the choice costs."""
        return requests.get(f"{portal.url}{self.path}/confirm", params=choice, timeout=9)


def _lines(page: str) -> list[str]:
    found = re.findall(
        r'<li><span class="name">(.*?)</span> <span class="sum">(.*?)</span></li>', page
    )
    return [f"{text.partition(' after ')[0]}: {amount}" for text, amount in found]


def _due(page: str) -> tuple[str, str]:
    [(when, amount)] = re.findall(
        r'<strong>(Amount due .*?)</strong> <strong class="sum">(.*?)</strong>', page
    )
    return when, amount


def test_a_plan_is_chosen_previewed_and_paid(server: SandboxServer) -> None:
    """What the confirmation says is charged at once."""
    shop = Shop(server)
    portal = shop.portal()
    assert "Update subscription" in portal.get().text
    offer = portal.get(shop.path).text
    for text in ("$99.00 per month (current plan)", "Team plan, $199.00 per month", "Quantity"):
        assert text in offer
    page = shop.ask(portal, shop.choice(2)).text
    assert "From Pro plan, $99.00 per month" in page
    assert _lines(page) == [
        "Unused time on Pro plan: -$99.00", f"Remaining time on 2 {TIMES} Team plan: $398.00",
    ]  # fmt: skip
    assert _due(page) == ("Amount due today", "$299.00")
    assert read(server, shop.subscription)["items"] == shop.subscription["items"]
    answer = portal.post(f"{shop.path}/confirm", shop.choice(2))
    assert "has been updated" in answer.text
    after = read(server, shop.subscription)
    [item] = after["items"]["data"]
    assert (item["price"]["id"], item["quantity"]) == (shop.team.id, 2)
    invoice = server.get(f"/v1/invoices/{after['latest_invoice']}")
    assert (invoice["total"], invoice["status"]) == (29_900, "paid")
    assert (invoice["billing_reason"], invoice["amount_due"]) == ("subscription_update", 29_900)


def test_prorations_that_wait_are_due_with_the_next_invoice(server: SandboxServer) -> None:
    """On the day of the renewal, with the new plan; nothing is charged before."""
    shop = Shop(server)
    shop.configure(proration_behavior="create_prorations")
    portal = shop.portal()
    page = shop.ask(portal, shop.choice()).text
    assert _lines(page)[2].startswith(f"1 {TIMES} Team plan")
    assert "Amount due on" in _due(page)[0]
    assert _due(page)[1] == "$299.00"
    portal.post(f"{shop.path}/confirm", shop.choice())
    assert read(server, shop.subscription)["latest_invoice"] == shop.subscription["latest_invoice"]


def test_a_declined_change_is_none(server: SandboxServer) -> None:
    """The page says why, and the plan is as it was."""
    shop = Shop(server, "4000000000000341")
    answer = shop.portal().post(f"{shop.path}/confirm", shop.choice())
    assert answer.status_code == 402
    assert "Your card was declined." in answer.text
    assert read(server, shop.subscription)["items"] == shop.subscription["items"]


def test_a_trial_ends_with_the_change_or_goes_on(server: SandboxServer) -> None:
    """As the configuration says; it ends unless that says otherwise."""
    trial: Any = {"subscription_data": {"trial_period_days": 7}}
    for behavior, status in (("continue_trial", "trialing"), ("end_trial", "active")):
        shop = Shop(server, **trial)
        shop.configure(trial_update_behavior=behavior)
        answer = shop.portal().post(f"{shop.path}/confirm", shop.choice())
        assert answer.status_code == 200
        assert read(server, shop.subscription)["status"] == status


def test_the_billing_day_moves_where_the_configuration_says_so(server: SandboxServer) -> None:
    """The new plan is charged whole at once, less what is left of the old one."""
    shop = Shop(server)
    shop.configure(billing_cycle_anchor="now", proration_behavior="always_invoice")
    server.advance(10 * DAY)
    portal = shop.portal()
    assert _lines(shop.ask(portal, shop.choice()).text)[-1].startswith(f"1 {TIMES} Team plan")
    portal.post(f"{shop.path}/confirm", shop.choice())
    assert read(server, shop.subscription)["billing_cycle_anchor"] == server.sandbox.clock.now()


@pytest.mark.parametrize("choice", [{"price": "price_none"}, {"quantity": "0"}, {"quantity": "x"}])
def test_what_is_not_on_offer_is_not_had(server: SandboxServer, choice: dict[str, str]) -> None:
    """By whatever a browser sends."""
    shop = Shop(server)
    portal = shop.portal()
    given = {**shop.choice(), **choice}
    assert shop.ask(portal, given).status_code == 400
    assert portal.post(f"{shop.path}/confirm", given).status_code == 400
    assert read(server, shop.subscription)["items"] == shop.subscription["items"]


def test_a_subscription_that_ends_or_is_not_for_it_is_not_updated(server: SandboxServer) -> None:
    """Nor without the feature."""
    shop = Shop(server)
    feature = shop.configuration
    shop.configure(default_allowed_updates=[])
    assert shop.portal().get(shop.path).status_code == 404
    shop.configuration = feature
    update = server.stripe.v1.subscriptions.update
    update(shop.subscription["id"], {"cancel_at_period_end": True})
    portal = shop.portal()
    assert "Update subscription" not in portal.get().text
    assert portal.get(shop.path).status_code == 404


def test_a_flow_leads_to_the_change_and_back(server: SandboxServer) -> None:
    """To the choice of a plan, or to the confirmation of one; then where the shop says."""
    shop = Shop(server)
    named = {"subscription": shop.subscription["id"]}
    chooses: Any = {"type": "subscription_update", "subscription_update": named}
    page = shop.portal(flow_data=chooses).get()
    assert page.url.endswith(shop.path)
    item = {"id": shop.item["id"], "price": shop.team.id}
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Enjoy."}}
    confirms: Any = {
        "type": "subscription_update_confirm",
        "subscription_update_confirm": {**named, "items": [item]},
        "after_completion": after,
    }
    portal = shop.portal(flow_data=confirms)
    assert _due(portal.get().text)[1] == "$100.00"
    done = portal.post(f"{shop.path}/confirm", shop.choice())
    assert "has been updated" in done.text
    assert "Enjoy." in done.text
    item["price"] = server.credit
    assert "not among" in str(refused(lambda: shop.portal(flow_data=confirms)).user_message)


def test_products_are_shown_where_they_are_expanded(server: SandboxServer) -> None:
    """Versions before 2024-04-10 show them always."""
    shop = Shop(server)
    url = f"/v1/billing_portal/configurations/{shop.configuration}"
    path = "features.subscription_update.products"
    plain = server.get(url)
    assert "products" not in plain["features"]["subscription_update"]
    expanded = server.get(url, **{"expand[0]": path})
    assert_fits(plain, expanded)
    products = expanded["features"]["subscription_update"]["products"]
    assert [one["prices"] for one in products] == [[server.pro], [shop.team.id]]
    older = server.stripe.raw_request("get", url, stripe_version="2023-10-16")
    before = server.stripe.deserialize(older, api_mode="V1").to_dict()
    assert before["features"]["subscription_update"]["products"] == products
