"""What a request may say has an effect, or is shown, or is refused by name: nothing is ignored."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stripe_sandbox.api import form
from stripe_sandbox.api.router import Endpoint
from tests.stripe_sandbox.api.parameter_cases import (
    ENDPOINT,
    NARROWED,
    PRICE_DATA,
    REFUSED,
    SHOWN,
    Case,
)
from tests.support.sandbox_server import KEY, SandboxServer


def _endpoints(server: SandboxServer) -> dict[str, Endpoint]:
    found = server.sandbox._api._router._endpoints.values()
    return {f"{one.route.method} {one.route.path}": one for one in found}


def _with(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The request with the parameter added."""
    given: dict[str, Any] = json.loads(json.dumps(base))
    inner: Any = given
    *way, last = path.split(".")
    for name in way:
        key: Any = int(name) if name.isdigit() else name
        if isinstance(inner, list) and len(inner) <= key:
            inner.append({})
        elif isinstance(inner, dict):
            inner.setdefault(key, [] if name == "marketing_features" else {})
        inner = inner[key]
    inner[last] = value
    return given


def _without_ids(text: str) -> str:
    """The text of an answer without what is new each time."""
    text = re.sub(r"#fid\w+|\b[a-z]{2,6}_(test_)?\w{14,}|_secret_\w+", "ID", text)
    by_chance = "authorization_code|invoice_prefix|network_transaction_id|number"
    return re.sub(rf'"({by_chance})": ?"[^"]*"', "", text)


class _Trial:
    """Sends requests to one route, each to objects of its own, and sees all that came of them."""

    def __init__(self, server: SandboxServer, route: str) -> None:
        self.server = server
        self.method, self.path = route.split()

    def names(self) -> dict[str, Any]:
        server = self.server
        service = server.stripe.v1
        price: Any = {**PRICE_DATA, "lookup_key": "taken", "transfer_lookup_key": True}
        made = service.prices.create(params=price)
        return {
            "CUSTOMER": service.customers.create(params={"email": "bob@example.com"}).id,
            "METHOD": service.payment_methods.list({"limit": 100}).data[-1].id,
            "MONTHLY": server.pro,
            "PRICE": made.id,
            "PRODUCT": str(made.product),
            "SOON": server.sandbox.clock.now() + 3_600,
        }

    def card(self) -> str:
        """A new card, attached to nobody."""
        given: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}
        made = self.server.stripe.v1.payment_methods.create({"type": "card", "card": given})
        return made.id

    def invoice(self) -> str:
        """The open invoice of a renewal that has failed."""
        server = self.server
        made = server.paid_subscription("4000000000000341")
        end = made["items"]["data"][0]["current_period_end"]
        server.advance(end - server.sandbox.clock.now() + 3_600)
        return str(server.get(f"/v1/subscriptions/{made['id']}")["latest_invoice"])

    def dispute(self) -> str:
        """A new dispute."""
        self.server.pay(self.server.create().id, "4000000000000259")
        return self.server.stripe.v1.disputes.list({"limit": 1}).data[0].id

    def payment(self) -> dict[str, str]:
        """A payment that can be refunded, and its charge."""
        session = self.server.create().id
        self.server.pay(session)
        intent = str(self.server.stripe.v1.checkout.sessions.retrieve(session).payment_intent)
        charge = self.server.stripe.v1.payment_intents.retrieve(intent).latest_charge
        return {"CHARGE": str(charge), "INTENT": intent}

    def send(self, params: dict[str, Any]) -> tuple[int, str]:
        """The answer's status and, without ids, its text with all that it led to."""
        server, service = self.server, self.server.stripe.v1
        names = self.names()
        text = form.encode(params)
        if "refunds" in self.path:
            names |= self.payment()
        for word, value in names.items():
            text = text.replace(word, str(value))
        path = self.path
        for part, identifier in (
            (":dispute", self.dispute),
            (":invoice", self.invoice),
            (":payment_method", self.card),
            (":subscription", lambda: self.server.paid_subscription()["id"]),
            (":refund", lambda: service.refunds.create({"charge": names["CHARGE"]}).id),
            (":customer", lambda: names["CUSTOMER"]),
            (":product", lambda: names["PRODUCT"]),
            (":price", lambda: service.prices.create(params=PRICE_DATA).id),  # type: ignore[arg-type]
            (":session", lambda: server.create().id),
            (":webhook_endpoint", lambda: service.webhook_endpoints.create(params=ENDPOINT).id),  # type: ignore[arg-type]
        ):
            if part in path:
                path = path.replace(part, identifier())
        answer = server.post(path, text, **{"Content-Type": "application/x-www-form-urlencoded"})
        seen = answer.text
        if answer.status_code == 200:
            seen += self._outcome(answer.json())
        if path == "/v1/webhook_endpoints" or ":webhook_endpoint" in self.path:
            for endpoint in service.webhook_endpoints.list().data:
                service.webhook_endpoints.delete(endpoint.id)
        return answer.status_code, _without_ids(seen)

    def _outcome(self, value: dict[str, Any]) -> str:
        """What a price's product is, and what paying a session brings."""
        server = self.server
        if value["object"] == "price":
            return json.dumps(server.get(f"/v1/products/{value['product']}"))
        if value["object"] != "checkout.session" or self.path != "/v1/checkout/sessions":
            return ""
        page = server.page(value["id"])
        server.pay(value["id"])
        expand = ("line_items.data.price.product", "payment_intent.latest_charge", "subscription")
        after = server.get(
            f"/v1/checkout/sessions/{value['id']}",
            **{f"expand[{index}]": path for index, path in enumerate(expand)},
        )
        return page + json.dumps(after)


@pytest.mark.parametrize("route", SHOWN)
def test_every_parameter_that_is_taken_makes_a_difference(
    shared_server: SandboxServer, route: str
) -> None:
    """In the answer, on the Checkout page, or in what comes of it."""
    shared_server.pay(shared_server.create().id)
    trial = _Trial(shared_server, route)
    baselines: dict[str, str] = {}
    for base, path, value in SHOWN[route]:
        key = json.dumps(base)
        if key not in baselines:
            baselines[key] = trial.send(base)[1]
            assert trial.send(base)[1] == baselines[key], "chance alone makes a difference"
        status, seen = trial.send(_with(base, path, value))
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
    given = form.encode(_with(base, path, value))
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
        {"charge": _Trial(server, "POST /v1/refunds").payment()["CHARGE"]}
    )
    server.control("POST", "clock", {"advance_seconds": 10})
    customer = server.get("/v1/customers")["data"][0]["id"]
    subscription = server.get("/v1/subscriptions")["data"][0]["id"]
    for route, endpoint in _endpoints(server).items():
        if not endpoint.route.lists or ":session" in route or ":invoice" in route:
            continue
        url = route.split()[1].replace(":customer", customer)
        given = {"subscription": subscription} if "subscription_items" in url else {}
        whole = server.get(url, **given)["data"]
        assert whole or url == "/v1/webhook_endpoints"
        for name in set(endpoint.route.simulates) - {"payment.type"}:
            base = {"payment": {"type": "payment_intent"}} if "payment." in name else {}
            answer = server.fetch(f"{url}?{form.encode(_with(base, name, NARROWED[name]))}")
            assert answer.status_code == 400 or answer.json()["data"] != whole, (url, name)


def test_no_parameter_is_taken_that_these_tests_do_not_know(shared_server: SandboxServer) -> None:
    """A new one is held to the same rule."""
    for route, endpoint in _endpoints(shared_server).items():
        if endpoint.route.lists:
            assert set(endpoint.route.simulates) <= {*NARROWED, "payment.type"}, route
            continue
        known = {
            re.sub(r"\.\d+", "", path)
            for cases in (SHOWN, REFUSED)
            for _, path, _ in cases.get(route, ())
        }
        taken = {
            path for path in endpoint.route.simulates
            if not any(one == path or one.startswith(path + ".") for one in known)
        }  # fmt: skip
        # `type` has one value, which says what is so anyway; that another method pays is seen in
        # test_invoice_collection.
        assert taken <= {"client_secret", "default_payment_method", "type"}, route


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


def test_another_account_in_a_header_is_refused(shared_server: SandboxServer) -> None:
    """`Stripe-Context`, the newer name, as well as `Stripe-Account`."""
    for header in ("Stripe-Account", "Stripe-Context"):
        answer = shared_server.post("/v1/customers", {"name": "Ann"}, **{header: "acct_other"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "account_invalid")


def test_an_expansion_that_only_stripe_has_is_refused_by_name(shared_server: SandboxServer) -> None:
    """`subscriptions` of a customer is a list at Stripe, and none here; nonsense is nonsense."""
    customer = shared_server.stripe.v1.customers.create(params={"name": "Ann"}).id
    for path, code in (("subscriptions", "sandbox_not_simulated"), ("wat", None)):
        error = shared_server.fetch(f"/v1/customers/{customer}?expand[]={path}").json()["error"]
        assert error.get("code") == code
        assert path in error["message"]
    assert KEY not in str(error)
