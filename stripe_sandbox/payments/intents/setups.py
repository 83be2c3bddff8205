"""Saving a card without paying, by a SetupIntent (https://docs.stripe.com/payments/save-and-reuse)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params._setup_intent_cancel_params import SetupIntentCancelParams
from stripe.params._setup_intent_confirm_params import SetupIntentConfirmParams
from stripe.params._setup_intent_create_params import SetupIntentCreateParams
from stripe.params._setup_intent_update_params import SetupIntentUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payments.intents.confirmation import (
    Confirmation,
    authentication_page,
    check_not_confirming,
    declined,
    requires_return_url,
)
from stripe_sandbox.payments.new_methods import SIMULATED
from stripe_sandbox.payments.saved_methods import SavedMethods, attach_refusal
from stripe_sandbox.resources.customers.setup_intents import (
    METHOD_TYPES,
    SetupIntents,
    method_fields,
)
from stripe_sandbox.storage.objects import Object

_METHOD = ("payment_method", *(f"payment_method_data.{name}" for name in SIMULATED))
_CONFIRMING = ("return_url", "use_stripe_sdk")
_CREATE = (
    *("allowed_payment_method_types", "automatic_payment_methods.allow_redirects"),
    *("automatic_payment_methods.enabled", "confirm", "customer", "description", "metadata"),
    *("usage", *_METHOD, *_CONFIRMING),
)
_ALWAYS = {"description", "metadata"}
_UPDATE = (*sorted(_ALWAYS), "allowed_payment_method_types", "customer", *_METHOD)
_CONFIRM = (*_METHOD, *_CONFIRMING)
_CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


class Setups:
    """Creates, confirms and cancels SetupIntents."""

    def __init__(
        self, backend: Backend, intents: SetupIntents, saved_methods: SavedMethods, base_url: str
    ) -> None:
        self._backend = backend
        self._intents = intents
        self._saved_methods = saved_methods
        self._base_url = base_url

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, url, path = self._intents.kind, self._intents.url, self._intents.path
        confirm, cancel = f"{path}/confirm", f"{path}/cancel"
        reason = ("cancellation_reason",)
        return [
            Route("POST", path, self._update, SetupIntentUpdateParams, kind, _UPDATE),
            Route("POST", url, self._create, SetupIntentCreateParams, kind, _CREATE),
            Route("POST", confirm, self._confirm, SetupIntentConfirmParams, kind, _CONFIRM),
            Route("POST", cancel, self._cancel, SetupIntentCancelParams, kind, reason),
        ]

    def _create(self, call: Call) -> Object:
        params = call.params
        if params.get("customer"):
            self._backend.require("customer", params["customer"], "customer")
        if not params.get("confirm"):
            check_not_confirming(params, _CONFIRMING)
        _check_types(params)
        method = self._saved_methods.chosen(params, params.get("customer"))
        given = params
        if params.keys().isdisjoint({"allowed_payment_method_types", "automatic_payment_methods"}):
            given = {**params, "automatic_payment_methods": {"enabled": True}}
        intent = self._intents.create(given, method, call.request)
        if params.get("confirm"):
            self._save_as_asked(intent, call)
        return intent

    def _confirm(self, call: Call) -> Object:
        intent = self._require(call)
        if intent["status"] in ("succeeded", "canceled"):
            raise _unexpected(
                f"You cannot confirm this SetupIntent because it has already {intent['status']}.",
                intent,
            )
        method = self._saved_methods.chosen(call.params, intent["customer"])
        if method is not None:
            intent["payment_method"] = method["id"]
        self._save_as_asked(intent, call)
        return intent

    def _update(self, call: Call) -> Object:
        """No event says so, as at Stripe."""
        intent, changes = self._require(call), dict(call.params)
        if intent["status"] in ("succeeded", "canceled") and changes.keys() - _ALWAYS:
            raise _unexpected(
                f"You cannot update this SetupIntent because it has already {intent['status']}.",
                intent,
            )
        if "allowed_payment_method_types" in changes:
            _check_types(changes)
            changes |= method_fields(changes["allowed_payment_method_types"])
        if "customer" in changes:
            self._backend.require("customer", changes["customer"], "customer")
        method = self._saved_methods.chosen(changes, changes.get("customer", intent["customer"]))
        if method is not None:
            changes.pop("payment_method_data", None)
            changes.update(
                next_action=None, payment_method=method["id"], status="requires_confirmation"
            )
        self._intents.change(intent, changes, call.request)
        return intent

    def _cancel(self, call: Call) -> Object:
        intent = self._require(call)
        if intent["status"] not in _CANCELABLE:
            raise _unexpected(
                "You cannot cancel this SetupIntent because it has a status of "
                f"{intent['status']}. Only a SetupIntent with one of the following statuses may be "
                f"canceled: {', '.join(_CANCELABLE)}.",
                intent,
            )
        self._intents.cancel(intent, call.params.get("cancellation_reason"), call.request)
        return intent

    def _save_as_asked(self, intent: Object, call: Call) -> None:
        if not intent["payment_method"]:
            raise _unexpected(
                "You cannot confirm this SetupIntent because it's missing a payment method. You "
                "can either update the SetupIntent with a payment method and then confirm it "
                "again, or confirm it again directly with a payment method or ConfirmationToken.",
                intent,
            )
        confirmation = Confirmation.of(call)
        if "return_url" not in call.params and requires_return_url(intent):
            raise errors.return_url_missing("SetupIntent", {"setup_intent": intent})
        method = self._saved_methods.usable(intent["payment_method"], intent["customer"])
        if method["type"] not in intent["payment_method_types"]:
            raise errors.invalid(
                f"The PaymentMethod provided ({method['type']}) is not allowed for this "
                "SetupIntent. Please attach a PaymentMethod with one of the following types: "
                f"{', '.join(intent['payment_method_types'])}.",
                "payment_method",
                objects={"setup_intent": intent},
            )
        self._intents.abandon_attempt(intent)
        card = cards.of_fingerprint(method["card"]["fingerprint"]) if "card" in method else None
        if card is not None and card.authentication:
            page = authentication_page(self._base_url, intent, confirmation.return_url)
            self._intents.require_action(intent, method, page, call.request)
        else:
            self.save(intent, method, call.request)

    def save(self, intent: Object, method: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Save the method to the intent's customer. StripeError 402: its bank refuses; what was
        done stays."""
        refusal = attach_refusal(method)
        if refusal is not None:
            self._intents.fail(intent, method, refusal, request)
            raise declined(refusal, intent, method)
        off_session = intent["usage"] == "off_session"
        if intent["customer"]:
            self._saved_methods.save(method, intent["customer"], request, off_session=off_session)
        elif off_session:
            self._saved_methods.set_up(method)
        self._intents.succeed(intent, method, request)

    def authenticate(self, intent: Object, *, succeed: bool) -> None:
        """Finish the 3-D Secure that the intent waits for. StripeError 402: it failed, or the bank
        refuses; what was done stays."""
        method = self._backend.require("payment_method", intent["payment_method"], "payment_method")
        if not succeed:
            self._intents.fail(intent, method, cards.SETUP_AUTHENTICATION_FAILED, NO_REQUEST)
            raise declined(cards.SETUP_AUTHENTICATION_FAILED, intent, method)
        self.save(intent, method)

    def _require(self, call: Call) -> Object:
        kind, param = self._intents.kind, self._intents.id_param
        return self._backend.require(kind, call.ids[0], param, status=404)


def _check_types(params: Mapping[str, Any]) -> None:
    """StripeError: a type of payment method that is not simulated."""
    for index, kind in enumerate(params.get("allowed_payment_method_types", ())):
        if kind not in METHOD_TYPES:
            name = f"allowed_payment_method_types[{index}]"
            raise errors.not_simulated(name, f"{name}={kind}")


def _unexpected(message: str, intent: Object) -> errors.StripeError:
    return errors.invalid(
        message, code="setup_intent_unexpected_state", objects={"setup_intent": intent}
    )
