"""Saving payment methods to customers (https://docs.stripe.com/api/payment_methods/attach), also
the test cards by their names (https://docs.stripe.com/testing)."""

from __future__ import annotations

from typing import Any

from stripe.params._payment_method_attach_params import PaymentMethodAttachParams
from stripe.params._payment_method_create_params import PaymentMethodCreateParams
from stripe.params._payment_method_detach_params import PaymentMethodDetachParams
from stripe.params._payment_method_update_params import PaymentMethodUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.payments.new_methods import (
    SIMULATED,
    NewMethods,
    changed_billing,
    refused,
)
from stripe_sandbox.payments.outcomes import Card, Payer
from stripe_sandbox.payments.validation import check_card
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods, billing_details
from stripe_sandbox.storage.objects import Object

_UPDATE = (
    *("allow_redisplay", "billing_details.address", "billing_details.email"),
    *("billing_details.name", "billing_details.phone", "card.exp_month", "card.exp_year"),
    "metadata",
)


class SavedMethods:
    """Creates cards for requests, attaches them to customers, and detaches them."""

    def __init__(self, backend: Backend, methods: PaymentMethods, new_methods: NewMethods) -> None:
        self._backend = backend
        self._methods = methods
        self._new_methods = new_methods

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, url, path = self._methods.kind, self._methods.url, self._methods.path
        return [
            Route("POST", url, self._create, PaymentMethodCreateParams, kind, SIMULATED),
            Route(
                "POST",
                f"{path}/attach",
                self._attach,
                PaymentMethodAttachParams,
                kind,
                ("customer",),
            ),
            Route("POST", path, self._update, PaymentMethodUpdateParams, kind, _UPDATE),
            Route("POST", f"{path}/detach", self._detach, PaymentMethodDetachParams, kind),
        ]

    def _create(self, call: Call) -> Object:
        return self._new_methods.create(call.params)

    def add(
        self, customer: Object, card: Card, payer: Payer, *, charged: bool = False
    ) -> Object | CardRefusal:
        """A new card of the customer's, attached; or why its bank refuses. `charged`: it is charged
        next, which says more than saving it does. Records `payment_method.attached`."""
        billing = billing_details(payer.email or None, payer.name, payer.country)
        method = self._new_methods.of_card(card, billing)
        if isinstance(method, CardRefusal):
            return method
        refusal = attach_refusal(method)
        if refusal is None:
            self.save(method, customer["id"])
        return method if charged else refusal or method

    def _update(self, call: Call) -> Object:
        method, changes = self._require(call), dict(call.params)
        if method["customer"] is None:
            raise errors.invalid(
                "You must save this PaymentMethod to a customer before you can update it."
            )
        if "billing_details" in changes:
            changes["billing_details"] = changed_billing(
                method["billing_details"], changes["billing_details"]
            )
        if "card" in changes:
            changes["card"] = self._changed_card(method, changes["card"])
        self._methods.change(method, changes, call.request)
        return method

    def _changed_card(self, method: Object, given: Object) -> Object:
        """The card with another expiry. StripeError: it is none, or that is over."""
        if "card" not in method:
            raise errors.invalid("You may only update `card` of a payment method of that type.")
        card = {**method["card"], **given}
        known = cards.of_fingerprint(card["fingerprint"])
        held = Card(known.number, card["exp_month"], card["exp_year"], "1" * known.cvc_length)
        refusal = check_card(held, self._backend.clock)[1]
        if refusal is not None:
            raise refused(refusal)
        return card

    def _attach(self, call: Call) -> Object:
        if "customer" not in call.params:
            raise errors.parameter_missing("customer")
        customer = self._backend.require("customer", call.params["customer"], "customer")
        return self.attach_named(call.ids[0], customer, call.request, status=404)

    def attach_named(
        self, name: str, customer: Object, request: RequestInfo, *, status: int = 400
    ) -> Object:
        """The payment method of that id, or a new one for a name such as `pm_card_visa`, attached
        to the customer. StripeError: there is none (`status`), it cannot be attached, or its bank
        refuses."""
        method = self._new_methods.named(name, customer) or self._backend.require(
            "payment_method", name, "payment_method", status=status
        )
        if method["customer"] not in (None, customer["id"]):
            raise errors.invalid(
                "The payment method you provided has already been attached to a customer."
            )
        self._check_unused(method)
        refusal = attach_refusal(method)
        if refusal is not None:
            raise refused(refusal)
        self._methods.attach(method, customer["id"], request)
        return method

    def find(self, identifier: str, customer_id: str | None) -> Object:
        """The payment method of that id, or a new one for a name such as `pm_card_visa`.
        StripeError: there is none."""
        customer = self._backend.objects.get("customer", customer_id) if customer_id else None
        method = self._new_methods.named(identifier, customer)
        return method or self._backend.require("payment_method", identifier, "payment_method")

    def usable(self, identifier: str, customer_id: str | None) -> Object:
        """The payment method of that id, or a new one for a name, that an intent of the customer's
        is to use. StripeError: there is none, it is another customer's, or was used up."""
        method = self.find(identifier, customer_id)
        if method["customer"] is not None and customer_id is None:
            raise errors.invalid(
                "The payment method you provided is attached to a customer so for security "
                "purposes you must provide the customer in the request.",
                "payment_method",
            )
        if method["customer"] not in (None, customer_id):
            raise errors.invalid(
                "The provided PaymentMethod is attached to another customer.", "payment_method"
            )
        self._check_unused(method)
        return method

    def chosen(self, params: dict[str, Any], customer_id: str | None) -> Object | None:
        """The method that a request for an intent of the customer's names or describes; None: it
        does neither. StripeError: it cannot be used."""
        errors.check_exclusive(params, "payment_method", "payment_method_data")
        if "payment_method_data" in params:
            return self._new_methods.create(params["payment_method_data"], "payment_method_data")
        if "payment_method" in params:
            return self.usable(params["payment_method"], customer_id)
        return None

    def save(
        self,
        method: Object,
        customer_id: str,
        request: RequestInfo = NO_REQUEST,
        *,
        off_session: bool = True,
    ) -> None:
        """Attach it to the customer, unless it is. `off_session`: its bank lets it be charged from
        now on while nobody is there to authenticate. Records `payment_method.attached`."""
        if method["customer"] is None:
            self._methods.attach(method, customer_id, request)
        if off_session:
            self.set_up(method)

    def set_up(self, method: Object) -> None:
        """Its bank lets it be charged while nobody is there to authenticate."""
        self._backend.objects.save_hidden("payment_method", method["id"], {"set_up": True})

    def is_set_up(self, method: Object) -> bool:
        """Whether it was set up for payments at which nobody is there."""
        return bool(self._backend.objects.hidden("payment_method", method["id"]).get("set_up"))

    def mark_used(self, method: Object) -> None:
        """It has paid without being saved, or is saved no more: it cannot be used again."""
        self._backend.objects.save_hidden("payment_method", method["id"], {"used": True})

    def _check_unused(self, method: Object) -> None:
        hidden = self._backend.objects.hidden("payment_method", method["id"])
        if method["customer"] is None and hidden.get("used"):
            raise errors.invalid(
                "The provided PaymentMethod was previously used with a PaymentIntent without "
                "Customer attachment, shared with a connected account without Customer "
                "attachment, or was detached from a Customer. It may not be used again. To use a "
                "PaymentMethod multiple times, you must attach it to a Customer first."
            )

    def _detach(self, call: Call) -> Object:
        method = self._require(call)
        if method["customer"] is None:
            raise errors.invalid(
                "The payment method you provided is not attached to a customer so detachment is "
                "impossible."
            )
        self.detach(method, call.request)
        return method

    def detach(self, method: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Take it from its customer; it cannot be used again. Records
        `payment_method.detached`."""
        self._methods.detach(method, request)
        self.mark_used(method)

    def _require(self, call: Call) -> Object:
        return self._backend.require("payment_method", call.ids[0], "payment_method", status=404)


def attach_refusal(method: Object) -> CardRefusal | None:
    """Why the bank refuses to have the card saved; None: it does not."""
    if "card" not in method:
        return None
    card = cards.of_fingerprint(method["card"]["fingerprint"])
    return None if card.attaches else card.refusal
