"""What a request may say has an effect, or is shown, or is refused by name: nothing is ignored."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stripe_sandbox.api.router import Endpoint
from stripe_sandbox.parameters import form
from tests.stripe_sandbox.api.parameter_cases import (
    ELSEWHERE,
    NARROWED,
    REFUSED,
    SHOWN,
)
from tests.stripe_sandbox.api.parameter_trial import Trial, with_parameter
from tests.stripe_sandbox.api.portal_cases import Case
from tests.support.stripe.sandbox_server import KEY, SandboxServer

_OF_PRICE = ("currency", "product", "recurring.interval", "recurring.interval_count")


def _endpoints(server: SandboxServer) -> dict[str, Endpoint]:
    found = server.sandbox._api._router._endpoints.values()
    return {f"{one.route.method} {one.route.path}": one for one in found}


@pytest.mark.parametrize("route", SHOWN)
def test_every_parameter_that_is_taken_makes_a_difference(
    shared_server: SandboxServer, route: str
) -> None:
    """In the answer, on the Checkout page, or in what comes of it."""
    shared_server.pay(shared_server.create().id)
    trial = Trial(shared_server, route)
    baselines: dict[str, str] = {}
    for base, path, value in SHOWN[route]:
        key = json.dumps(base)
        if key not in baselines:
            baselines[key] = trial.send(base)[1]
            assert trial.send(base)[1] == baselines[key], "chance alone makes a difference"
        status, seen = trial.send(with_parameter(base, path, value))
        assert status == 200, (path, seen)
        assert seen != baselines[key], f"{path} is taken and ignored"


@pytest.mark.parametrize(
    ("route", "case"), [(route, case) for route, cases in REFUSED.items() for case in cases]
)
def test_a_value_without_an_effect_is_refused_by_name(
    shared_server: SandboxServer, route: str, case: Case
) -> None:
    """With the parameter's name, and the code of what is not simulated."""
    base, path, value = case
    method, url = route.split()
    given = form.encode(with_parameter(base, path, value))
    if method == "GET":
        answer = shared_server.fetch(f"{url}?{given}")
    else:
        answer = shared_server.post(
            url, given, **{"Content-Type": "application/x-www-form-urlencoded"}
        )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "sandbox_not_simulated"), error
    first, *rest = path.split(".")
    assert error["param"] == first + "".join(f"[{name}]" for name in rest)
    assert "doc_url" not in error


def test_every_filter_that_is_taken_narrows_its_list(server: SandboxServer) -> None:
    """What does not meet it is left out, or it is refused."""
    server.pay(server.subscribe().id)
    server.pay(server.create().id)
    server.pay(server.create().id, "4000000000000259")
    server.stripe.v1.refunds.create(
        {"charge": Trial(server, "POST /v1/refunds").payment()["CHARGE"]}
    )
    setup: Any = {
        "payment_method": "pm_card_visa",
        "confirm": True,
        "return_url": "http://a.example/",
    }
    setup_intent = server.stripe.v1.setup_intents.create(setup).id
    Trial(server, "POST /v1/promotion_codes").promotion_code()
    server.stripe.v1.test_helpers.test_clocks.create({"frozen_time": 2_000_000_000})
    server.control("POST", "clock", {"advance_seconds": 10})
    customer = server.get("/v1/customers")["data"][0]["id"]
    credit: Any = {"amount": -100, "currency": "usd"}
    server.stripe.v1.customers.balance_transactions.create(customer, credit)
    subscription = server.get("/v1/subscriptions")["data"][0]["id"]
    [item] = server.get("/v1/subscription_items", subscription=subscription)["data"]
    changes: Any = {
        "items": [{"id": item["id"], "quantity": 2}], "proration_behavior": "always_invoice",
    }  # fmt: skip
    server.stripe.v1.subscriptions.update(subscription, changes)
    for route, endpoint in _endpoints(server).items():
        if (
            not endpoint.route.lists
            or endpoint.route.searches
            or re.search(r":(session|invoice|charge)/", route)
        ):
            continue
        url = route.split()[1].replace(":customer", customer)
        required = {
            "/v1/setup_attempts": {"setup_intent": setup_intent},
            "/v1/subscription_items": {"subscription": subscription},
        }
        given = required.get(url, {})
        whole = server.get(url, **given)["data"]
        assert whole or url == "/v1/webhook_endpoints"
        for name in set(endpoint.route.simulates) - {"payment.type"}:
            base: dict[str, Any] = {} if name in given else dict(given)
            if "payment." in name:
                base = {"payment": {"type": "payment_intent"}}
            answer = server.fetch(
                f"{url}?{form.encode(with_parameter(base, name, NARROWED[name]))}"
            )
            assert answer.status_code == 400 or answer.json()["data"] != whole, (url, name)


def test_no_parameter_is_taken_that_these_tests_do_not_know(shared_server: SandboxServer) -> None:
    """A new one is held to the same rule. What describes a payment method is so everywhere."""
    described = {path for _, path, _ in SHOWN["POST /v1/payment_methods"]}
    for route, endpoint in _endpoints(shared_server).items():
        if endpoint.route.searches:
            continue  # tests/stripe_sandbox/search
        if endpoint.route.lists:
            assert set(endpoint.route.simulates) <= {*NARROWED, "payment.type"}, route
            continue
        if route in ELSEWHERE:
            continue
        known = {
            re.sub(r"\.\d+", "", path)
            for cases in (SHOWN, REFUSED)
            for _, path, _ in cases.get(route, ())
        }
        taken = {
            path for path in endpoint.route.simulates
            if path.removeprefix("payment_method_data.") not in described
            and not any(one == path or one.startswith(path + ".") for one in known)
        }  # fmt: skip
        # `type` has one value, which says what is so anyway; that another method pays is seen in
        # test_invoice_collection; off_session, and to whom and what an invoice and its items
        # belong, in test_manual_invoices; what fails a payment in payments/intents; a clock's
        # customer in test_test_clocks; a payment_behavior, and what takes a discount, a Price or a
        # further item, in payments/subscriptions; automatic tax, where it is on, is refused there.
        assert taken <= {
            *("client_secret", "collection_method", "customer", "default_payment_method"),
            *("add_invoice_items.price", "automatic_tax.enabled"),
            *(f"{of}price_data.{name}" for of in ("", "items.") for name in _OF_PRICE),
            *("discounts.discount", "items.deleted", "items.discounts.discount"),
            *("error_on_requires_action", "invoice", "off_session", "payment_behavior"),
            *("invoice_settings.default_payment_method", "payment_method_data.type"),
            *("pending_invoice_items_behavior", "price_data.product", "pricing.price"),
            *("subscription", "type"),
        }, route


def test_the_secret_of_a_payment_intent_is_compared(shared_server: SandboxServer) -> None:
    """As for a browser, which can read it only with the right one."""
    shared_server.pay(shared_server.create().id)
    intent = shared_server.get("/v1/payment_intents")["data"][0]
    right = shared_server.get(
        f"/v1/payment_intents/{intent['id']}", client_secret=intent["client_secret"]
    )
    assert right["id"] == intent["id"]
    wrong = shared_server.fetch(f"/v1/payment_intents/{intent['id']}?client_secret=pi_secret_x")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "client_secret")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"card": "4242424242424242", "settles_in_seconds": 5}, "settles_in_seconds"),
        ({"bank_account": "000123456789", "authenticate": True}, "authenticate"),
    ],
)
def test_a_control_takes_nothing_that_it_would_ignore(
    shared_server: SandboxServer, given: dict[str, Any], param: str
) -> None:
    """What belongs to a bank account is refused with a card, and the other way round."""
    refusal = shared_server.control(
        "POST", f"sessions/{shared_server.create().id}/pay", given, status=400
    )
    assert refusal["error"]["param"] == param


def test_an_expansion_that_only_stripe_has_is_refused_by_name(shared_server: SandboxServer) -> None:
    """`tax` of a customer is an object at Stripe, and none here; nonsense is nonsense."""
    customer = shared_server.stripe.v1.customers.create(params={"name": "Ann"}).id
    for path, code in (("tax", "sandbox_not_simulated"), ("wat", None)):
        error = shared_server.fetch(f"/v1/customers/{customer}?expand[]={path}").json()["error"]
        assert error.get("code") == code
        assert path in error["message"]
    assert KEY not in str(error)
