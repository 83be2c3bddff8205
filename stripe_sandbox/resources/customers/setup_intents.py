"""SetupIntents (https://docs.stripe.com/api/setup_intents): saving a payment method for later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe.params._setup_intent_list_params import SetupIntentListParams
from stripe.params._setup_intent_retrieve_params import SetupIntentRetrieveParams

from stripe_sandbox.api.endpoint import Call, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.payment_methods.cards import SETUP_AUTHENTICATION_FAILED, CardRefusal
from stripe_sandbox.resources.customers.setup_attempts import SetupAttempts
from stripe_sandbox.resources.intent_actions import check_client_secret, last_error, next_action
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object

METHOD_TYPES = ("card", "us_bank_account")
"""What can be saved, unless a request says otherwise."""


class SetupIntents(Resource):
    """Creates SetupIntents, shows them, and moves them from status to status."""

    kind = "setup_intent"
    url = "/v1/setup_intents"
    id_param = "intent"
    retrieve_params = SetupIntentRetrieveParams
    retrieve_simulates = ("client_secret",)
    list_params = SetupIntentListParams
    filters = ("attach_to_self", "created", "customer", "customer_account", "payment_method")

    def __init__(self, backend: Backend, attempts: SetupAttempts) -> None:
        super().__init__(backend)
        self._attempts = attempts

    def create(self, params: dict[str, Any], method: Object | None, request: RequestInfo) -> Object:
        """A new intent, to be confirmed. Records `setup_intent.created`."""
        identifier = new_id("seti")
        allowed = params.get("allowed_payment_method_types")
        automatic = params.get("automatic_payment_methods")
        intent = build(
            self.kind,
            {
                "id": identifier,
                "object": self.kind,
                "allowed_payment_method_types": allowed,
                "automatic_payment_methods": automatic
                and {"allow_redirects": "always", **automatic},
                "client_secret": f"{identifier}_secret_{random_text(25)}",
                "created": self._backend.clock.now(),
                "customer": params.get("customer"),
                "description": params.get("description"),
                "livemode": False,
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "payment_method": method and method["id"],
                **method_fields(allowed),
                "status": "requires_confirmation" if method else "requires_payment_method",
                "usage": params.get("usage", "off_session"),
            },
        )
        self._backend.objects.insert(intent)
        self._backend.events.record("setup_intent.created", intent, request)
        return intent

    def succeed(self, intent: Object, method: Object, request: RequestInfo) -> None:
        """The method is saved. Records `setup_intent.succeeded`."""
        self._attempts.record(intent, method, "succeeded")
        intent.update(
            last_setup_error=None,
            next_action=None,
            payment_method=method["id"],
            status="succeeded",
        )
        self._record("setup_intent.succeeded", intent, request)

    def require_action(
        self, intent: Object, method: Object, redirect: Object | None, request: RequestInfo
    ) -> None:
        """Ask for 3-D Secure, on the page that `redirect` names (`url` and `return_url`) or by
        Stripe's script (`intent_actions.next_action`). Records `setup_intent.requires_action`."""
        self._attempts.record(intent, method, "requires_action")
        intent.update(
            last_setup_error=None,
            next_action=next_action(self.kind, "setatt", redirect),
            payment_method=method["id"],
            status="requires_action",
        )
        self._record("setup_intent.requires_action", intent, request)

    def abandon_attempt(self, intent: Object) -> None:
        """Give up the attempt that waits for 3-D Secure, if one does: another begins."""
        self._attempts.abandon(intent)

    def cancel(self, intent: Object, reason: str | None, request: RequestInfo) -> None:
        """Cancel the intent. Records `setup_intent.canceled`."""
        self._attempts.abandon(intent)
        intent.update(cancellation_reason=reason, next_action=None, status="canceled")
        self._record("setup_intent.canceled", intent, request)

    def fail(
        self, intent: Object, method: Object, refusal: CardRefusal, request: RequestInfo
    ) -> None:
        """The bank refuses; another method may follow. Records `setup_intent.setup_failed`."""
        asked = refusal is SETUP_AUTHENTICATION_FAILED
        kind = "invalid_request_error" if asked else "card_error"
        values = {"payment_method": method, "type": kind}
        error = last_error("setup_attempt.SetupError", refusal, values)
        self._attempts.record(intent, method, "failed", error)
        intent.update(
            last_setup_error=last_error("setup_intent.LastSetupError", refusal, values),
            next_action=None,
            payment_method=None,
            status="requires_payment_method",
        )
        self._record("setup_intent.setup_failed", intent, request)

    def change(self, intent: Object, changes: dict[str, Any], request: RequestInfo) -> None:
        """Store changed fields."""
        self._store(intent, changes, request)

    def _record(self, name: str, intent: Object, request: RequestInfo) -> None:
        self._backend.objects.save(intent)
        self._backend.events.record(name, intent, request)

    def _retrieve(self, call: Call) -> Object:
        intent = self._require(call)
        check_client_secret(call, intent, "SetupIntent")
        return intent


def method_fields(allowed: Sequence[str] | None) -> Object:
    """What an intent says of its types of payment methods; `allowed`: those of a request."""
    types = list(allowed or METHOD_TYPES)
    return {"payment_method_options": _options(types), "payment_method_types": types}


def _options(types: Sequence[str]) -> Object:
    path = "setup_intent.PaymentMethodOptions"
    given = {
        "card": ("Card", {"request_three_d_secure": "automatic"}),
        "us_bank_account": ("UsBankAccount", {"verification_method": "automatic"}),
    }
    values = {kind: build(f"{path}.{given[kind][0]}", given[kind][1]) for kind in types}
    return build(path, values)
