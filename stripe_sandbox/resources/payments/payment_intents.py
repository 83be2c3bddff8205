"""PaymentIntents (https://docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

from functools import cache
from typing import Any

from stripe.params._payment_intent_list_params import PaymentIntentListParams
from stripe.params._payment_intent_retrieve_params import PaymentIntentRetrieveParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.payment_methods.bank_accounts import DebitRefusal
from stripe_sandbox.payment_methods.cards import AUTHENTICATION_FAILED, CardRefusal
from stripe_sandbox.resources.intent_actions import check_client_secret, last_error, next_action
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, merge_metadata, shipping
from stripe_sandbox.storage.objects import Object


class PaymentIntents(Resource):
    """Creates PaymentIntents, shows them, and moves them from status to status."""

    kind = "payment_intent"
    url = "/v1/payment_intents"
    id_param = "intent"
    retrieve_params = PaymentIntentRetrieveParams
    retrieve_simulates = ("client_secret",)
    list_params = PaymentIntentListParams
    filters = ("created", "customer", "customer_account")

    def create(
        self,
        amount: int,
        currency: str,
        data: dict[str, Any],
        *,
        customer: str | None,
        types: list[str],
        request: RequestInfo = NO_REQUEST,
    ) -> Object:
        """A new intent; `data` holds what a request may say of it, such as the description, the
        metadata and the capture_method; `types` are those of payment methods. Records
        `payment_intent.created`."""
        identifier = new_id("pi")
        intent = build(
            self.kind,
            {
                "id": identifier,
                "object": self.kind,
                "allowed_payment_method_types": data.get("allowed_payment_method_types"),
                "amount": amount,
                "amount_capturable": 0,
                "amount_details": {"tip": {}},
                "amount_received": 0,
                "automatic_payment_methods": data.get("automatic_payment_methods"),
                "capture_method": data.get("capture_method", "automatic_async"),
                "client_secret": f"{identifier}_secret_{random_text(25)}",
                "confirmation_method": data.get("confirmation_method", "automatic"),
                "created": self._backend.clock.now(),
                "currency": currency,
                "customer": customer,
                "description": data.get("description"),
                "excluded_payment_method_types": data.get("excluded_payment_method_types"),
                "livemode": False,
                "metadata": merge_metadata({}, data.get("metadata", {})),
                "payment_method_options": method_options(types, data.get("payment_method_options")),
                "payment_method_types": types,
                "receipt_email": data.get("receipt_email"),
                "setup_future_usage": data.get("setup_future_usage"),
                "shipping": shipping("payment_intent.Shipping", data.get("shipping")),
                "statement_descriptor": data.get("statement_descriptor"),
                "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
                "status": "requires_payment_method",
                "transfer_group": data.get("transfer_group"),
            },
        )
        if data.get("payment_method"):
            intent.update(payment_method=data["payment_method"], status="requires_confirmation")
        self._backend.objects.insert(intent)
        self._backend.events.record("payment_intent.created", intent, request)
        return intent

    def change(self, intent: Object, changes: dict[str, Any], request: RequestInfo) -> None:
        """Store changed fields. No event says so, as at Stripe."""
        self._store(intent, changes, request)

    def require_action(
        self,
        intent: Object,
        method: Object,
        redirect: Object | None = None,
        request: RequestInfo = NO_REQUEST,
    ) -> None:
        """Ask for 3-D Secure, on the page that `redirect` names (`url` and `return_url`) or by
        Stripe's script (`intent_actions.next_action`). Records `payment_intent.requires_action`."""
        intent.update(
            last_payment_error=None,
            next_action=next_action(self.kind, "payatt", redirect),
            payment_method=method["id"],
            status="requires_action",
        )
        self._record("payment_intent.requires_action", intent, request)

    def fail(
        self,
        intent: Object,
        method: Object,
        refusal: CardRefusal | DebitRefusal,
        charge: Object | None,
        request: RequestInfo = NO_REQUEST,
    ) -> None:
        """Let this try fail; another may follow. Records `payment_intent.payment_failed`."""
        asked = refusal is AUTHENTICATION_FAILED
        error = {
            "charge": charge and charge["id"],
            "payment_method": method,
            "payment_method_type": None if charge else method["type"],
            "type": "invalid_request_error" if asked else "card_error",
        }
        intent.update(
            last_payment_error=last_error("payment_intent.LastPaymentError", refusal, error),
            latest_charge=charge["id"] if charge else intent["latest_charge"],
            next_action=None,
            payment_method=None,
            status="requires_payment_method",
        )
        self._record("payment_intent.payment_failed", intent, request)

    def process(
        self, intent: Object, method: Object, charge: Object, request: RequestInfo = NO_REQUEST
    ) -> None:
        """Wait for the bank's answer. Records `payment_intent.processing`."""
        intent.update(
            last_payment_error=None,
            latest_charge=charge["id"],
            next_action=None,
            payment_method=method["id"],
            status="processing",
        )
        self._record("payment_intent.processing", intent, request)

    def authorize(
        self, intent: Object, method: Object, charge: Object, request: RequestInfo = NO_REQUEST
    ) -> None:
        """The money is held, to be captured. Records `payment_intent.amount_capturable_updated`."""
        intent.update(
            amount_capturable=intent["amount"],
            last_payment_error=None,
            latest_charge=charge["id"],
            next_action=None,
            payment_method=method["id"],
            status="requires_capture",
        )
        self._record("payment_intent.amount_capturable_updated", intent, request)

    def succeed(
        self, intent: Object, method: Object, charge: Object, request: RequestInfo = NO_REQUEST
    ) -> None:
        """Mark the intent as paid, by what the charge has captured. Records
        `payment_intent.succeeded`."""
        intent.update(
            amount_capturable=0,
            amount_received=charge["amount_captured"],
            last_payment_error=None,
            latest_charge=charge["id"],
            next_action=None,
            payment_method=method["id"],
            status="succeeded",
        )
        self._record("payment_intent.succeeded", intent, request)

    def cancel(self, identifier: str, request: RequestInfo, reason: str | None = "expired") -> None:
        """Cancel the intent of that id, unless it is paid or canceled already. Records
        `payment_intent.canceled`."""
        intent = self._backend.objects.get(self.kind, identifier)
        if intent is None or intent["status"] in ("succeeded", "canceled"):
            return
        intent.update(
            amount_capturable=0,
            canceled_at=self._backend.clock.now(),
            cancellation_reason=reason,
            next_action=None,
            status="canceled",
        )
        self._record("payment_intent.canceled", intent, request)

    def _record(self, name: str, intent: Object, request: RequestInfo = NO_REQUEST) -> None:
        self._backend.objects.save(intent)
        self._backend.events.record(name, intent, request)

    def _retrieve(self, call: Call) -> Object:
        intent = self._require(call)
        check_client_secret(call, intent, "PaymentIntent")
        return intent


def holds_money(intent: Object) -> bool:
    """Whether a card's money is only held, to be captured later: as the intent's options for cards
    say, otherwise as the intent does."""
    options = (intent["payment_method_options"] or {}).get("card") or {}
    return "manual" in (options.get("capture_method"), intent["capture_method"])


def method_options(types: list[str], *given: Object | None) -> Object:
    """What an intent says of its types of payment methods; `given` is what it says already and what
    a request asks, of which null unsets."""
    values: Object = {}
    for kind in types:
        said: Object = {}
        for options in given:
            said |= (options or {}).get(kind) or {}
        asked = {name: value for name, value in said.items() if value is not None}
        values[kind] = {**_options(kind), **asked}
    return build("payment_intent.PaymentMethodOptions", values)


@cache
def _options(kind: str) -> Object:
    """What an intent says of that type of payment method."""
    path = "payment_intent.PaymentMethodOptions"
    if kind == "card":
        return build(f"{path}.Card", {"request_three_d_secure": "automatic"})
    return build(f"{path}.UsBankAccount", {"verification_method": "automatic"})
