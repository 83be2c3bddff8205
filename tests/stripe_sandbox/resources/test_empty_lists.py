"""What cannot exist in the sandbox lists empty, is not found and cannot be created."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stripe_sandbox.errors import NOT_SIMULATED
from stripe_sandbox.resources.empty_lists import LISTS
from stripe_sandbox.schema import sdk_operations
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


@pytest.mark.parametrize("url", sorted(LISTS))
def test_a_list_of_what_cannot_exist_is_empty(shared_server: SandboxServer, url: str) -> None:
    """With the SDK's own parameters; what is in none of them is refused as Stripe does."""
    ids = {"customer": shared_server.stripe.v1.customers.create({}).id}
    ids["product"] = shared_server.stripe.v1.products.create({"name": "Tea"}).id
    path = url.format(**ids)
    empty: Any = {"object": "list", "data": [], "has_more": False, "url": path}
    if path.startswith("/v2/"):
        empty = {"data": [], "next_page_url": None, "previous_page_url": None}
    assert shared_server.get(path, limit=3) == empty
    unknown = shared_server.fetch(path, wat=1).json()["error"]
    assert unknown["code"] == "parameter_unknown"
    beyond = shared_server.fetch(path, limit=101).json()["error"]
    assert beyond["message"] == "This value must be less than or equal to 100."
    if sdk_operations.find("POST", path):
        made = shared_server.post(path).json()["error"]
        assert made["code"] == NOT_SIMULATED
        assert f"does not simulate POST {url}." in made["message"]


@pytest.mark.parametrize("url", sorted(LISTS.keys() - {"/v1/accounts"}))
def test_nothing_is_found_in_such_a_list(shared_server: SandboxServer, url: str) -> None:
    """404 in Stripe's words, by the name that the id has in the path."""
    ids = {"customer": shared_server.stripe.v1.customers.create({}).id}
    ids["product"] = shared_server.stripe.v1.products.create({"name": "Tea"}).id
    path = f"{url.format(**ids)}/xx_9"
    operation = sdk_operations.find("GET", path)
    answer = shared_server.fetch(path)
    error = answer.json()["error"]
    code = "not_found" if path.startswith("/v2/") else "resource_missing"
    assert (answer.status_code, error["code"]) == (404, code)
    assert re.fullmatch(r"No such [a-z ]+: 'xx_9'", error["message"])
    assert operation is not None
    assert operation.path.endswith(f"/{{{error['param']}}}")


def test_stripes_names_stand_in_the_messages(shared_server: SandboxServer) -> None:
    """As the SDK's caller reads them."""
    service = shared_server.stripe.v1
    error = refused(lambda: service.tax_rates.retrieve("txr_9"))
    assert error.user_message == "No such tax rate: 'txr_9'"
    cursor = refused(lambda: service.payouts.list({"starting_after": "po_9"}))
    assert (cursor.http_status, cursor.user_message) == (400, "No such payout: 'po_9'")


def test_a_list_inside_an_object_needs_the_object(shared_server: SandboxServer) -> None:
    """404 for a customer that does not exist, whatever is asked of it."""
    for path in ("tax_ids", "tax_ids/txi_1", "sources"):
        error = shared_server.fetch(f"/v1/customers/cus_9/{path}").json()["error"]
        assert (error["message"], error["param"]) == ("No such customer: 'cus_9'", "customer")


def test_recurring_prices_are_plans_too(shared_server: SandboxServer) -> None:
    """They list and are retrieved as Plans, by the ids of the prices; one-time prices are none."""
    plans = shared_server.stripe.v1.plans
    [plan] = plans.list({"active": True}).data
    assert (plan.id, plan.amount, plan.interval) == (shared_server.pro, 9900, "month")
    assert plans.retrieve(plan.id).to_dict() == plan.to_dict()
    assert_fits(*shared_server.get("/v1/plans")["data"])
    assert plans.list({"product": str(plan.product)}).data[0].id == plan.id
    assert plans.list({"active": False}).data == []
    assert "tiers" not in plans.retrieve(plan.id, {"expand": ["tiers"]}).to_dict()
    error = refused(lambda: plans.retrieve(shared_server.credit))
    assert error.user_message == f"No such plan: '{shared_server.credit}'"


def test_what_belongs_to_another_object_is_not_found_there(shared_server: SandboxServer) -> None:
    """A charge's refunds and a customer's payment methods, one by one."""
    service = shared_server.stripe.v1
    for _ in range(2):
        shared_server.pay(shared_server.create(customer_creation="always").id)
    one, other = service.charges.list({"limit": 2}).data
    refund = service.refunds.create({"charge": one.id})
    url = "/v1/charges/{}/refunds"
    assert shared_server.get(url.format(one.id))["data"][0]["id"] == refund.id
    assert shared_server.get(f"{url.format(one.id)}/{refund.id}")["charge"] == one.id
    assert shared_server.get(url.format(other.id))["data"] == []
    assert shared_server.fetch(f"{url.format(other.id)}/{refund.id}").status_code == 404
    ann, bob = (service.customers.create({"name": name}).id for name in ("Ann", "Bob"))
    card = service.payment_methods.attach("pm_card_visa", {"customer": ann}).id
    assert service.customers.payment_methods.retrieve(ann, card).customer == ann
    missing = refused(lambda: service.customers.payment_methods.retrieve(bob, card))
    assert missing.user_message == f"No such PaymentMethod: '{card}'"
