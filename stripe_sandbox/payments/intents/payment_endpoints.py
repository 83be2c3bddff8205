"""Requests that create, update and confirm PaymentIntents
(https://docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params._payment_intent_confirm_params import PaymentIntentConfirmParams
from stripe.params._payment_intent_create_params import PaymentIntentCreateParams
from stripe.params._payment_intent_update_params import PaymentIntentUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import (
    MINIMUM,
    check_charge,
    format_amount,
    format_minimum,
    maximum,
    parse_currency,
)
from stripe_sandbox.payments.intents.confirmation import (
    Confirmation,
    IntentConfirmation,
    check_not_confirming,
    future_usage,
    requires_return_url,
)
from stripe_sandbox.payments.new_methods import SIMULATED
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.resources.customers.payment_methods import method_types
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents, method_options
from stripe_sandbox.schema.objects import shipping
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_email, check_positive

_ALWAYS = (
    *("description", "metadata", "receipt_email", "shipping", "statement_descriptor"),
    *("statement_descriptor_suffix", "transfer_group"),
)
"""What can be updated whatever the status."""
_OPTIONS = (
    *("allowed_payment_method_types", "capture_method", "excluded_payment_method_types"),
    "payment_method",
    *(f"payment_method_data.{name}" for name in SIMULATED),
    *("payment_method_options.card.request_three_d_secure", "setup_future_usage"),
    *(f"payment_method_options.card.{name}" for name in ("capture_method", "setup_future_usage")),
)
_CONFIRMING = ("error_on_requires_action", "off_session", "return_url", "use_stripe_sdk")
_CREATE = (
    *_ALWAYS,
    *_OPTIONS,
    *_CONFIRMING,
    *("amount", "automatic_payment_methods.allow_redirects", "automatic_payment_methods.enabled"),
    *("confirm", "confirmation_method", "currency", "customer"),
)
_UPDATE = (*_ALWAYS, *_OPTIONS, "amount", "currency", "customer")
_CONFIRM = (*_OPTIONS, *_CONFIRMING, "receipt_email", "shipping")

_CHOOSING_TYPES = (*("allowed_payment_method_types", "currency", "excluded_payment_method_types"),)
"""What decides which types of payment methods an intent takes."""

CHANGEABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
"""The statuses in which what is paid, and how, can still change."""


class PaymentEndpoints:
    """Creates, updates and confirms PaymentIntents."""

    def __init__(
        self,
        backend: Backend,
        intents: PaymentIntents,
        saved_methods: SavedMethods,
        confirmation: IntentConfirmation,
    ) -> None:
        self._backend = backend
        self._intents = intents
        self._saved_methods = saved_methods
        self._confirmation = confirmation

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, url, path = self._intents.kind, self._intents.url, self._intents.path
        confirm = f"{path}/confirm"
        return [
            Route("POST", url, self._create, PaymentIntentCreateParams, kind, _CREATE),
            Route("POST", path, self._update, PaymentIntentUpdateParams, kind, _UPDATE),
            Route("POST", confirm, self._confirm, PaymentIntentConfirmParams, kind, _CONFIRM),
        ]

    def _create(self, call: Call) -> Object:
        params = call.params
        if not params.get("confirm"):
            check_not_confirming(params, _CONFIRMING)
        currency = parse_currency(params["currency"], "currency")
        _check_amount(params["amount"], currency)
        customer = params.get("customer")
        changes = self._changes(params, customer)
        allowed = params.get("allowed_payment_method_types")
        automatic = params.get("automatic_payment_methods")
        if automatic is None and allowed is None:
            automatic = {"enabled": True}
        intent = self._intents.create(
            params["amount"],
            currency,
            {
                **params,
                **changes,
                "automatic_payment_methods": automatic
                and {"allow_redirects": "always", **automatic},
            },
            customer=customer,
            types=_types({**params, "currency": currency}),
            request=call.request,
        )
        if params.get("confirm"):
            self._charge(intent, call)
        return intent

    def _update(self, call: Call) -> Object:
        """No event says so, as at Stripe."""
        intent, params = self._require(call), call.params
        now = {**intent, **params}
        currency = parse_currency(now["currency"], "currency")
        changes = self._changes(params, now["customer"])
        for name in changes:
            if name not in _ALWAYS and intent["status"] not in CHANGEABLE:
                raise _unexpected(
                    f"This PaymentIntent's {name} could not be updated because it has a status of "
                    f"{intent['status']}. You may only update the {name} of a PaymentIntent with "
                    f"one of the following statuses: {', '.join(CHANGEABLE)}.",
                    intent,
                )
        if "amount" in changes or "currency" in changes:
            _check_amount(now["amount"], currency)
            changes["currency"] = currency
        if "payment_method" in changes:
            changes.update(next_action=None, status="requires_confirmation")
        self._apply(intent, changes, call)
        return intent

    def _confirm(self, call: Call) -> Object:
        intent, params = self._require(call), call.params
        if intent["status"] not in CHANGEABLE:
            reason = {
                "succeeded": "it has already succeeded after being previously confirmed.",
                "canceled": "it has a status of canceled.",
                "requires_capture": "it has already succeeded after being previously confirmed.",
            }.get(intent["status"], f"it has a status of {intent['status']}.")
            raise _unexpected(f"You cannot confirm this PaymentIntent because {reason}", intent)
        changes = self._changes(
            {name: value for name, value in params.items() if name not in _CONFIRMING},
            intent["customer"],
        )
        self._apply(intent, changes, call)
        self._charge(intent, call)
        return intent

    def _apply(self, intent: Object, changes: dict[str, Any], call: Call) -> None:
        if not changes.keys().isdisjoint(_CHOOSING_TYPES):
            changes["payment_method_types"] = _types({**intent, **changes})
        if not changes.keys().isdisjoint({"payment_method_options", "payment_method_types"}):
            changes["payment_method_options"] = method_options(
                {**intent, **changes}["payment_method_types"],
                intent["payment_method_options"],
                changes.get("payment_method_options"),
            )
        if "shipping" in changes:
            changes["shipping"] = shipping("payment_intent.Shipping", changes["shipping"])
        self._intents.change(intent, changes, call.request)

    def _changes(self, params: dict[str, Any], customer: str | None) -> dict[str, Any]:
        """The fields that the parameters set, checked; the payment method by its id."""
        changes = dict(params)
        if customer:
            self._backend.require("customer", customer, "customer")
        if changes.get("receipt_email"):
            check_email(changes["receipt_email"], "receipt_email")
        for index, kind in enumerate(params.get("allowed_payment_method_types", ())):
            name = f"allowed_payment_method_types[{index}]"
            if kind not in ("card", "us_bank_account"):
                raise errors.not_simulated(name, f"{name}={kind}")
        method = self._saved_methods.chosen(params, customer)
        if method is not None:
            changes.pop("payment_method_data", None)
            changes["payment_method"] = method["id"]
        return changes

    def _charge(self, intent: Object, call: Call) -> None:
        confirmation = Confirmation.of(call)
        if not intent["payment_method"]:
            raise _unexpected(
                "You cannot confirm this PaymentIntent because it's missing a payment method. You "
                "can either update the PaymentIntent with a payment method and then confirm it "
                "again, or confirm it again directly with a payment method or ConfirmationToken.",
                intent,
            )
        if "return_url" not in call.params and requires_return_url(intent):
            raise errors.return_url_missing("PaymentIntent", {"payment_intent": intent})
        method = self._saved_methods.usable(intent["payment_method"], intent["customer"])
        if confirmation.off_session and future_usage(intent, method):
            raise errors.invalid(
                "You cannot confirm with the `off_session` parameter when `setup_future_usage` is "
                "also set on the PaymentIntent because you cannot set up future usages when "
                "processing payments off-session.",
                "off_session",
                objects={"payment_intent": intent},
            )
        if method["type"] not in intent["payment_method_types"]:
            raise errors.invalid(
                f"The PaymentMethod provided ({method['type']}) is not allowed for this "
                "PaymentIntent. Please attach a PaymentMethod with one of the following types: "
                f"{', '.join(intent['payment_method_types'])}.",
                "payment_method",
                "payment_intent_incompatible_payment_method",
                objects={"payment_intent": intent},
            )
        self._confirmation.confirm(intent, method, confirmation)

    def _require(self, call: Call) -> Object:
        """The intent, unless a Checkout Session has it paid."""
        kind, param = self._intents.kind, self._intents.id_param
        return self._backend.require(kind, call.ids[0], param, status=404)


def _unexpected(message: str, intent: Object) -> errors.StripeError:
    return errors.invalid(
        message, code="payment_intent_unexpected_state", objects={"payment_intent": intent}
    )


def _types(values: Mapping[str, Any]) -> list[str]:
    """The types of payment methods of an intent with these values. StripeError: none is left."""
    allowed, currency, excluded = (values.get(name) for name in _CHOOSING_TYPES)
    types = method_types(str(currency), allowed, excluded)
    if not types:
        raise errors.invalid(
            "No valid payment method types for this Payment Intent. Please ensure that you have "
            "activated payment methods compatible with your chosen currency in your dashboard. See "
            "https://dashboard.stripe.com/settings/payment_methods for more details."
        )
    return types


def _check_amount(amount: int, currency: str) -> None:
    check_positive({"amount": amount}, "amount")
    if amount < MINIMUM.get(currency, 0):
        raise errors.invalid(
            f"Amount must be at least {format_minimum(currency)}", "amount", "amount_too_small"
        )
    if amount > maximum(currency):
        most = format_amount(maximum(currency), currency, in_message=True)
        raise errors.invalid(f"Amount must be no more than {most}", "amount", "amount_too_large")
    check_charge(amount, currency, "amount")
