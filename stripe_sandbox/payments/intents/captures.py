"""Capturing and canceling PaymentIntents
(https://docs.stripe.com/payments/place-a-hold-on-a-payment-method)."""

from __future__ import annotations

from stripe.params._payment_intent_cancel_params import PaymentIntentCancelParams
from stripe.params._payment_intent_capture_params import PaymentIntentCaptureParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_positive

_CAPTURE = (
    *("amount_to_capture", "metadata", "statement_descriptor", "statement_descriptor_suffix"),
)
_CANCELABLE = (
    *("requires_payment_method", "requires_capture", "requires_reauthorization"),
    *("requires_confirmation", "requires_action", "processing"),
)


class Captures:
    """Captures what intents hold, and cancels them."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        intents: PaymentIntents,
        charges: Charges,
        subscription_payments: SubscriptionPayments,
    ) -> None:
        self._backend = backend
        self._intents = intents
        self._charges = charges
        self._subscription_payments = subscription_payments
        jobs.register(JobKind.AUTHORIZATION_EXPIRY, self._expire)

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._intents.kind, self._intents.path
        capture, cancel = f"{path}/capture", f"{path}/cancel"
        reason = ("cancellation_reason",)
        return [
            Route("POST", capture, self._capture, PaymentIntentCaptureParams, kind, _CAPTURE),
            Route("POST", cancel, self._cancel, PaymentIntentCancelParams, kind, reason),
        ]

    def _capture(self, call: Call) -> Object:
        intent, params = self._require(call), dict(call.params)
        if intent["status"] != "requires_capture":
            reason = (
                "it has already been captured."
                if intent["status"] == "succeeded"
                else f"it has a status of {intent['status']}. Only a PaymentIntent with one of the "
                "following statuses may be captured: requires_capture."
            )
            raise _unexpected(f"This PaymentIntent could not be captured because {reason}", intent)
        check_positive(params, "amount_to_capture")
        amount = params.pop("amount_to_capture", intent["amount_capturable"])
        if amount > intent["amount_capturable"]:
            raise errors.invalid(
                "The remaining amount on this PaymentIntent is less than the requested amount to "
                "capture.",
                "amount_to_capture",
                "amount_too_large",
                objects={"payment_intent": intent},
            )
        if "metadata" in params:
            params["metadata"] = merge_metadata(intent["metadata"], params["metadata"])
        intent.update(params)
        charge = self._charges.capture(intent, amount, call.request)
        method = self._backend.require("payment_method", intent["payment_method"], "payment_method")
        self._intents.succeed(intent, method, charge, call.request)
        self._subscription_payments.record_payment(intent, paid=True, asked=True)
        return intent

    def _cancel(self, call: Call) -> Object:
        intent = self._require(call)
        if intent["status"] not in _CANCELABLE:
            raise _unexpected(
                "You cannot cancel this PaymentIntent because it has a status of "
                f"{intent['status']}. Only a PaymentIntent with one of the following statuses may "
                f"be canceled: {', '.join(_CANCELABLE)}.",
                intent,
            )
        reason = call.params.get("cancellation_reason")
        self._release(intent, "charge.refunded", reason, call.request)
        return self._require(call)

    def _expire(self, intent_id: str) -> None:
        """Release what nobody has captured in time."""
        intent = self._backend.objects.get("payment_intent", intent_id)
        if intent is not None and intent["status"] == "requires_capture":
            self._release(intent, "charge.expired", "automatic", NO_REQUEST)

    def _release(
        self, intent: Object, event: str, reason: str | None, request: RequestInfo
    ) -> None:
        if intent["status"] == "requires_capture":
            charge = self._backend.require("charge", intent["latest_charge"], "charge")
            self._charges.release(charge, event, request)
        self._intents.cancel(intent["id"], request, reason)

    def _require(self, call: Call) -> Object:
        kind, param = self._intents.kind, self._intents.id_param
        return self._backend.require(kind, call.ids[0], param, status=404)


def _unexpected(message: str, intent: Object) -> errors.StripeError:
    return errors.invalid(
        message, code="payment_intent_unexpected_state", objects={"payment_intent": intent}
    )
