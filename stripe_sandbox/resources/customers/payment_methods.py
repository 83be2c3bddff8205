"""PaymentMethods (https://docs.stripe.com/api/payment_methods), as far as a Checkout creates
them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stripe.params._customer_payment_method_list_params import CustomerPaymentMethodListParams
from stripe.params._customer_retrieve_payment_method_params import (
    CustomerRetrievePaymentMethodParams,
)
from stripe.params._payment_method_list_params import PaymentMethodListParams
from stripe.params._payment_method_retrieve_params import PaymentMethodRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import Page, pick, read_window
from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods.bank_accounts import BANK_NAME, ROUTING_NUMBER, TestBankAccount
from stripe_sandbox.payment_methods.cards import TestCard
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import apply_changes, build
from stripe_sandbox.storage.objects import Object, Window


class PaymentMethods(Resource):
    """Creates, attaches and shows the cards and bank accounts that were paid with."""

    kind = "payment_method"
    url = "/v1/payment_methods"
    id_param = "payment_method"
    retrieve_params = PaymentMethodRetrieveParams
    list_params = PaymentMethodListParams
    filters = ("allow_redisplay", "customer", "customer_account", "type")

    def routes(self) -> list[Route]:
        """All endpoints."""
        url = "/v1/customers/:customer/payment_methods"
        return [
            *super().routes(),
            Route.listing(
                url,
                self._list_of_customer,
                CustomerPaymentMethodListParams,
                self.kind,
                ("allow_redisplay", "type"),
            ),
            Route(
                "GET",
                f"{url}/:payment_method",
                self._retrieve_of_customer,
                CustomerRetrievePaymentMethodParams,
                self.kind,
            ),
        ]

    def create_card(
        self, card: TestCard, exp_month: int, exp_year: int, billing: Object, display: str
    ) -> Object:
        """A new card, attached to no customer. `display` is its `allow_redisplay`."""
        details = build(
            "payment_method.Card",
            {
                "brand": card.brand,
                "checks": checks(card),
                "country": "US",
                "display_brand": card.network,
                "exp_month": exp_month,
                "exp_year": exp_year,
                "fingerprint": card.fingerprint,
                "funding": card.funding,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
            },
        )
        return self._new("card", details, billing, display)

    def create_bank_account(
        self,
        account: TestBankAccount,
        billing: Object,
        display: str,
        *,
        holder: str = "individual",
        account_type: str = "checking",
    ) -> Object:
        """A new bank account, attached to no customer. `display` is its `allow_redisplay`."""
        details = build(
            "payment_method.UsBankAccount",
            {
                "account_holder_type": holder,
                "account_type": account_type,
                "bank_name": BANK_NAME,
                "fingerprint": account.fingerprint,
                "last4": account.number[-4:],
                "networks": {"preferred": "ach", "supported": ["ach"]},
                "routing_number": ROUTING_NUMBER,
            },
        )
        return self._new("us_bank_account", details, billing, display)

    def _new(self, kind: str, details: Object, billing: Object, display: str) -> Object:
        method = build(
            self.kind,
            {
                "id": new_id("pm"),
                "object": self.kind,
                "allow_redisplay": display,
                "billing_details": billing,
                kind: details,
                "created": self._backend.clock.now(),
                "livemode": False,
                "metadata": {},
                "type": kind,
            },
        )
        self._backend.objects.insert(method)
        return method

    def attach(self, method: Object, customer: str, request: RequestInfo = NO_REQUEST) -> None:
        """Save it to the customer; records `payment_method.attached`."""
        method["customer"] = customer
        self._backend.objects.save(method)
        self._backend.events.record("payment_method.attached", method, request)

    def detach(self, method: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Take it from its customer; records `payment_method.detached`."""
        previous = apply_changes(method, {"customer": None})
        self._backend.objects.save(method)
        self._backend.events.record("payment_method.detached", method, request, previous)

    def change(
        self, method: Object, changes: dict[str, Any], request: RequestInfo = NO_REQUEST
    ) -> None:
        """Store changed fields; records `payment_method.updated` if any differs."""
        self._store(method, changes, request, "payment_method.updated")

    def of_session(self, session: Object) -> list[Object]:
        """The saved cards that a Checkout Session offers its customer, the newest first."""
        if session["customer"] is None or session["mode"] == "setup":
            return []
        options = session["saved_payment_method_options"] or {}
        shown = options.get("allow_redisplay_filters") or ["always"]
        filters = {"customer": session["customer"], "type": "card"}
        found = self._backend.page(self.kind, "", filters, Window(100)).to_object()
        return [one for one in found["data"] if one["allow_redisplay"] in shown]

    def _list_of_customer(self, call: Call) -> Page:
        customer = self._backend.require("customer", call.ids[0], "customer", status=404)["id"]
        filters = {"customer": customer, **pick(call.params, "allow_redisplay", "type")}
        url = f"/v1/customers/{customer}/payment_methods"
        return self._backend.page(self.kind, url, filters, read_window(call.params))

    def _retrieve_of_customer(self, call: Call) -> Object:
        customer, method = call.ids
        self._backend.require("customer", customer, "customer", status=404)
        found = self._backend.require(self.kind, method, self.id_param, status=404)
        if found["customer"] != customer:
            raise errors.no_such(self.kind, method, self.id_param, 404)
        return found


def method_types(
    currency: str, allowed: list[str] | None, excluded: list[str] | None = None
) -> list[str]:
    """What a payment can be made with, of the types that are allowed (None: all) and not excluded;
    banks in the US are debited in US dollars."""
    types = ["card", "us_bank_account"] if currency == "usd" else ["card"]
    return [
        kind
        for kind in types
        if (allowed is None or kind in allowed) and kind not in (excluded or ())
    ]


def checks(card: TestCard) -> Object:
    """A card's `checks`: the CVC's alone, as no address is asked for."""
    return build("payment_method.Card.Checks", {"cvc_check": card.cvc_check})


def billing_details(
    email: str | None,
    name: str,
    country: str | None,
    address: Mapping[str, str] = MappingProxyType({}),
    phone: str | None = None,
) -> Object:
    """A method's `billing_details`; `address` is what is known of it beside the country."""
    return build(
        "payment_method.BillingDetails",
        {
            "address": build(
                "payment_method.BillingDetails.Address", {**address, "country": country}
            ),
            "email": email,
            "name": name or None,
            "phone": phone,
        },
    )
