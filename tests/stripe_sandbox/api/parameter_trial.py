"""Sends a request with and without a parameter, and sees what came of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from stripe_sandbox.ids import random_text
from stripe_sandbox.parameters import form
from tests.stripe_sandbox.api.parameter_cases import ENDPOINT, PRICE_DATA
from tests.support.stripe.sandbox_server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe


def with_parameter(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
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
    text = re.sub(r'"(code|id)": "[a-zA-Z0-9]{8}"', "", text)  # of promotion codes and coupons
    text = re.sub(r"#fid\w+|\b[a-z]{2,6}_(test_)?\w{14,}|_secret_\w+", "ID", text)
    by_chance = "authorization_code|invoice_prefix|network_transaction_id|number"
    return re.sub(rf'"({by_chance})": ?"[^"]*"', "", text)


class Trial:
    """Sends requests to one route, each to objects of its own, and sees all that came of them."""

    def __init__(self, server: SandboxServer, route: str) -> None:
        self.server = server
        self.method, self.path = route.split()
        self._price: stripe.Price | None = None

    def names(self, text: str) -> dict[str, Any]:
        """What the names in the text stand for, made for this request."""
        server = self.server
        service = server.stripe.v1
        monthly: Any = {**PRICE_DATA, "recurring": {"interval": "month"}}
        euros: Any = {**PRICE_DATA, "currency_options": {"eur": {"unit_amount": 450}}}
        if "taken" in text:
            self.price()
        values: dict[str, Callable[[], Any]] = {
            "COUPON": self.coupon,
            "CUSTOMER": self.customer,
            "METHOD": self.card,
            "EUROS": lambda: service.prices.create(params=euros).id,
            "MONTHLY": lambda: server.pro,
            "SOLD": lambda: str(service.prices.retrieve(server.pro).product),
            "PRICE": lambda: self.price().id,
            "PROMOTES": self.promotion_code,
            "PRODUCT": lambda: self.price().product,
            "CHEAPER": lambda: service.prices.create(params=monthly).id,
            "TESTCLOCK": self.test_clock,
            "LATER": lambda: server.sandbox.clock.now() + 9 * 86_400,
            "SUBSCRIBED": lambda: server.paid_subscription()["id"],
            "SOON": lambda: server.sandbox.clock.now() + 3_600,
        }
        return {name: value() for name, value in values.items() if name in text}

    def customer(self) -> str:
        """A new customer."""
        return self.server.stripe.v1.customers.create(params={"email": "bob@example.com"}).id

    def test_clock(self) -> str:
        """A new test clock."""
        clocks = self.server.stripe.v1.test_helpers.test_clocks
        return clocks.create({"frozen_time": 2_000_000_000}).id

    def price(self) -> stripe.Price:
        """The price of this request, which has the lookup key that others may not have."""
        if self._price is None:
            price: Any = {**PRICE_DATA, "lookup_key": "taken", "transfer_lookup_key": True}
            self._price = self.server.stripe.v1.prices.create(params=price)
        return self._price

    def coupon(self) -> str:
        """A new coupon, of an id that tests know to be one."""
        given: Any = {"percent_off": 10, "duration": "forever", "id": f"cpn_{random_text(16)}"}
        return self.server.stripe.v1.coupons.create(given).id

    def promotion_code(self) -> str:
        """A new promotion code."""
        given: Any = {"promotion": {"type": "coupon", "coupon": self.coupon()}}
        return self.server.stripe.v1.promotion_codes.create(given).id

    def card(self) -> str:
        """A new card, attached to nobody."""
        given: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}
        made = self.server.stripe.v1.payment_methods.create({"type": "card", "card": given})
        return made.id

    def saved_card(self) -> str:
        """A new card of a new customer."""
        given: Any = {"customer": self.customer()}
        return self.server.stripe.v1.payment_methods.attach("pm_card_visa", given).id

    def invoice(self) -> str:
        """The open invoice of a renewal that has failed."""
        server = self.server
        made = server.paid_subscription("4000000000000341")
        end = made["items"]["data"][0]["current_period_end"]
        server.advance(end - server.sandbox.clock.now() + 3_600)
        return str(server.get(f"/v1/subscriptions/{made['id']}")["latest_invoice"])

    def configuration(self) -> str:
        """A configuration of the portal with every feature off."""
        off: Any = {
            "default_return_url": "http://shop.example/",
            "features": {"invoice_history": {"enabled": False}},
        }
        return self.server.stripe.v1.billing_portal.configurations.create(off).id

    def subscriber(self) -> dict[str, str]:
        """A customer with a subscription, and a configuration of the portal."""
        made = self.server.paid_subscription()
        [item] = made["items"]["data"]
        return {
            "CONFIGURATION": self.configuration(),
            "ITEM": item["id"],
            "SUBSCRIBER": made["customer"],
            "SUBSCRIPTION": made["id"],
            "UPDATING": self.updating(item["price"]),
        }

    def updating(self, price: dict[str, Any]) -> str:
        """A configuration of the portal that lets customers have more of the plan."""
        update: Any = {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity"],
            "products": [{"product": price["product"], "prices": [price["id"]]}],
        }
        given: Any = {"features": {"subscription_update": update}}
        return self.server.stripe.v1.billing_portal.configurations.create(given).id

    def balance_transaction(self) -> str:
        """Where what changed the balance of a new customer is."""
        credit: Any = {"amount": -500, "currency": "usd"}
        customer = self.customer()
        service = self.server.stripe.v1.customers.balance_transactions
        made = service.create(customer, credit).id
        return f"/v1/customers/{customer}/balance_transactions/{made}"

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

    def intent(self) -> str:
        """A new intent; one that is to be captured holds the money already."""
        given: Any = {
            "amount": 500,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "currency": "usd",
        }
        if self.path.endswith("capture"):
            given |= {"capture_method": "manual", "confirm": True, "payment_method": "pm_card_visa"}
        return self.server.stripe.v1.payment_intents.create(given).id

    def send(self, params: dict[str, Any]) -> tuple[int, str]:
        """The answer's status and, without ids, its text with all that it led to."""
        server, service = self.server, self.server.stripe.v1
        self._price = None
        text = form.encode(params)
        names = self.names(text)
        path = self.path
        if "refunds" in self.path:
            names |= self.payment()
        if self.path.endswith("billing_portal/sessions"):
            names |= self.subscriber()
        if self.path == "/v1/subscriptions/:subscription":
            subscription = server.paid_subscription()
            names["ITEM"] = subscription["items"]["data"][0]["id"]
            path = path.replace(":subscription", subscription["id"])
        for word, value in names.items():
            text = text.replace(word, str(value))
        if ":transaction" in path:
            path = self.balance_transaction()
        for part, identifier in (
            (":configuration", self.configuration),
            (":coupon", self.coupon),
            (":promotion_code", self.promotion_code),
            (":dispute", self.dispute),
            (":invoice", self.invoice),
            (":charge", lambda: self.payment()["CHARGE"]),
            (":payment_intent", self.intent),
            (":item", lambda: self.server.paid_subscription()["items"]["data"][0]["id"]),
            (":payment_method", self.card if self.path.endswith("attach") else self.saved_card),
            (":subscription", lambda: self.server.paid_subscription()["id"]),
            (":refund", lambda: service.refunds.create({"charge": names["CHARGE"]}).id),
            (":customer", self.customer),
            (":product", lambda: str(self.price().product)),
            (":price", lambda: service.prices.create(params=PRICE_DATA).id),  # type: ignore[arg-type]
            (":setup_intent", lambda: service.setup_intents.create({}).id),
            (":test_clock", self.test_clock),
            (":session", lambda: server.create().id),
            (":webhook_endpoint", lambda: service.webhook_endpoints.create(params=ENDPOINT).id),  # type: ignore[arg-type]
        ):
            if part in path:
                path = path.replace(part, identifier())
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = server.send(self.method, path, text, **kind)
        seen = answer.text
        if answer.status_code == 200:
            seen += self._outcome(answer.json())
        if path == "/v1/webhook_endpoints" or ":webhook_endpoint" in self.path:
            for endpoint in service.webhook_endpoints.list().data:
                service.webhook_endpoints.delete(endpoint.id)
        return answer.status_code, _without_ids(seen)

    def _outcome(self, value: dict[str, Any]) -> str:
        """What a price's product is, what a subscription's latest invoice and prorations are, and
        what paying a session brings."""
        server = self.server
        if value["object"] == "price":
            return json.dumps(server.get(f"/v1/products/{value['product']}"))
        if value["object"] == "subscription_item":
            value = server.get(f"/v1/subscriptions/{value['subscription']}")
        if value["object"] == "subscription":
            first = server.get(f"/v1/invoices/{value['latest_invoice']}")["total"]
            return json.dumps([first, server.get("/v1/invoiceitems", customer=value["customer"])])
        if value["object"] != "checkout.session" or self.path != "/v1/checkout/sessions":
            return ""
        page = server.page(value["id"])
        server.pay(value["id"])
        expand = (
            "customer",
            "line_items.data.price.product",
            "payment_intent.latest_charge",
            "setup_intent",
            "subscription",
        )
        after = server.get(
            f"/v1/checkout/sessions/{value['id']}",
            **{f"expand[{index}]": path for index, path in enumerate(expand)},
        )
        return page + json.dumps(after)
