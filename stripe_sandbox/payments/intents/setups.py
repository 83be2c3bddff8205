"""Saving a card without paying, by a SetupIntent (https://docs.stripe.com/payments/save-and-reuse)."""

from __future__ import annotations

from typing import Any

from stripe.params._setup_intent_confirm_params import SetupIntentConfirmParams
from stripe.params._setup_intent_create_params import SetupIntentCreateParams
from stripe.params._setup_intent_update_params import SetupIntentUpdateParams

from stripe_sandbox import cards, errors
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.saved_methods import SavedMethods, attach_refusal
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.resources.customers.setup_intents import SetupIntents
from stripe_sandbox.storage.objects import Object

_CREATE = (
    *("automatic_payment_methods.allow_redirects", "automatic_payment_methods.enabled", "confirm"),
    *("customer", "description", "metadata", "payment_method", "usage"),
)

_ALWAYS = {"description", "metadata"}
_UPDATE = (*sorted(_ALWAYS), "customer", "payment_method")


class Setups:
    """Creates and confirms SetupIntents."""

    def __init__(
        self,
        backend: Backend,
        intents: SetupIntents,
        methods: PaymentMethods,
        saved_methods: SavedMethods,
    ) -> None:
        self._backend = backend
        self._intents = intents
        self._methods = methods
        self._saved_methods = saved_methods

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, url, path = self._intents.kind, self._intents.url, self._intents.path
        confirm = f"{path}/confirm"
        return [
            Route("POST", path, self._update, SetupIntentUpdateParams, kind, _UPDATE),
            Route("POST", url, self._create, SetupIntentCreateParams, kind, _CREATE),
            Route(
                "POST", confirm, self._confirm, SetupIntentConfirmParams, kind, ("payment_method",)
            ),
        ]

    def _create(self, call: Call) -> Object:
        params = call.params
        if params.get("customer"):
            self._backend.require("customer", params["customer"], "customer")
        method = self._method(params, params.get("customer"))
        intent = self._intents.create(params, method, call.request)
        if params.get("confirm"):
            self._save(intent, method, call.request)
        return intent

    def _confirm(self, call: Call) -> Object:
        intent = self._require(call)
        if intent["status"] in ("succeeded", "canceled"):
            raise errors.invalid(
                f"You cannot confirm this SetupIntent because it has already {intent['status']}.",
                code="setup_intent_unexpected_state",
            )
        method = self._method({**intent, **call.params}, intent["customer"])
        self._save(intent, method, call.request)
        return intent

    def _update(self, call: Call) -> Object:
        """No event says so, as at Stripe."""
        intent, changes = self._require(call), dict(call.params)
        if intent["status"] in ("succeeded", "canceled") and changes.keys() - _ALWAYS:
            raise errors.invalid(
                f"You cannot update this SetupIntent because it has already {intent['status']}.",
                code="setup_intent_unexpected_state",
            )
        if "customer" in changes:
            self._backend.require("customer", changes["customer"], "customer")
        method = self._method(changes, changes.get("customer", intent["customer"]))
        if method is not None:
            changes.update(payment_method=method["id"], status="requires_confirmation")
        self._intents.change(intent, changes, call.request)
        return intent

    def _require(self, call: Call) -> Object:
        kind, param = self._intents.kind, self._intents.id_param
        return self._backend.require(kind, call.ids[0], param, status=404)

    def _method(self, params: dict[str, Any], customer: str | None) -> Object | None:
        given = params.get("payment_method")
        if not given:
            return None
        method = self._saved_methods.find(given, customer)
        if method["customer"] not in (None, customer):
            raise errors.invalid(
                "The provided PaymentMethod is attached to another customer.", "payment_method"
            )
        return method

    def _save(self, intent: Object, method: Object | None, request: RequestInfo) -> None:
        """Save the method, unless its bank refuses or wants 3-D Secure first."""
        if method is None:
            raise errors.invalid(
                "You cannot confirm this SetupIntent because it's missing a payment method. You "
                "can either update the SetupIntent with a payment method and then confirm it "
                "again, or confirm it again directly with a payment method.",
                code="setup_intent_unexpected_state",
            )
        refusal = attach_refusal(method)
        if "card" in method and cards.of_fingerprint(method["card"]["fingerprint"]).authentication:
            self._intents.require_action(intent, method, request)
        elif refusal is not None:
            self._intents.fail(intent, method, refusal, request)
            raise errors.card_error(
                refusal.message, refusal.code, refusal.decline_code, keeps_changes=True
            )
        else:
            if intent["customer"] and method["customer"] is None:
                self._methods.attach(method, intent["customer"], request)
            self._intents.succeed(intent, method, request)
