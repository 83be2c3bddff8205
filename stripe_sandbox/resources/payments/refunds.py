"""Refunds (https://docs.stripe.com/api/refunds): of cards and bank debits, whole and in parts."""

from __future__ import annotations

from typing import Any

from stripe.params._charge_list_refunds_params import ChargeListRefundsParams
from stripe.params._charge_retrieve_refund_params import ChargeRetrieveRefundParams
from stripe.params._refund_cancel_params import RefundCancelParams
from stripe.params._refund_create_params import RefundCreateParams
from stripe.params._refund_list_params import RefundListParams
from stripe.params._refund_retrieve_params import RefundRetrieveParams
from stripe.params._refund_update_params import RefundUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.resources.payments.balance_transactions import BalanceTransactions
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.disputes import Disputes
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import apply_changes, build, merge_metadata, sdk_class
from stripe_sandbox.storage.objects import Object, Window

DECIDED_AFTER = 12 * 3_600.0
"""Seconds until a pending refund succeeds, or one that fails later fails."""

_OF_CHARGE = "/v1/charges/:charge/refunds"
_CREATE = ("amount", "charge", "metadata", "payment_intent", "reason")


class Refunds(Resource):
    """Creates, decides and shows refunds."""

    kind = "refund"
    url = "/v1/refunds"
    retrieve_params = RefundRetrieveParams
    list_params = RefundListParams
    filters = ("charge", "created", "payment_intent")

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        charges: Charges,
        disputes: Disputes,
        balance: BalanceTransactions,
    ) -> None:
        super().__init__(backend)
        self._balance = balance
        self._jobs = jobs
        self._charges = charges
        self._disputes = disputes
        jobs.register(JobKind.REFUND_DECISION, self._decide)

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.url, self._create, RefundCreateParams, self.kind, _CREATE),
            Route("POST", self.path, self._update, RefundUpdateParams, self.kind, ("metadata",)),
            Route("POST", f"{self.path}/cancel", self._cancel, RefundCancelParams, self.kind),
            Route.listing(_OF_CHARGE, self._list_of_charge, ChargeListRefundsParams, self.kind),
            Route(
                "GET",
                f"{_OF_CHARGE}/:refund",
                self._retrieve_of_charge,
                ChargeRetrieveRefundParams,
                self.kind,
            ),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        return {(sdk_class("charge"), "refunds"): self._of_charge}

    def _create(self, call: Call) -> Object:
        return self.create(call.params, call.request)

    def create(self, params: dict[str, Any], request: RequestInfo = NO_REQUEST) -> Object:
        """A refund of `charge` or `payment_intent`, of `amount` or all that is left. Records
        `refund.created` and, unless it is pending first, `charge.refunded`. StripeError: Stripe
        refuses it."""
        charge = self._charge(params)
        left = charge["amount"] - charge["amount_refunded"] - self._pending_amount(charge)
        amount = params.get("amount", left)
        self._check(charge, amount, left)
        method = charge["payment_method_details"]
        refund = build(
            self.kind,
            {
                "id": new_id("re"),
                "object": self.kind,
                "amount": amount,
                "charge": charge["id"],
                "created": self._backend.clock.now(),
                "currency": charge["currency"],
                "customer": charge["customer"],
                "destination_details": _destination(method["type"]),
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "payment_intent": charge["payment_intent"],
                "payment_method": charge["payment_method"],
                "reason": params.get("reason"),
            },
        )
        card = _card(charge)
        if card is None or card.refund == "pending":
            refund.update(status="pending", pending_reason="processing")
        else:
            refund["status"] = "succeeded"
            refund["balance_transaction"] = self._balance.of_refund(refund)
        self._backend.objects.insert(refund)
        self._backend.events.record("refund.created", refund, request)
        if refund["status"] == "succeeded":
            self._refunded(charge, amount, request)
        if card is None or card.refund:
            due = self._backend.clock.time() + DECIDED_AFTER
            self._jobs.add(due, JobKind.REFUND_DECISION, refund["id"])
        return refund

    def _charge(self, params: dict[str, Any]) -> Object:
        """The charge to refund. StripeError: none is named, or it was never paid."""
        if "charge" in params:
            return self._backend.require("charge", params["charge"], "id", status=404)
        if "payment_intent" not in params:
            raise errors.invalid(
                "One of the following params should be provided for this request: payment_intent "
                "or charge."
            )
        intent = self._backend.require(
            "payment_intent", params["payment_intent"], "payment_intent", status=404
        )
        if intent["status"] != "succeeded":
            raise errors.invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
            )
        return self._backend.require("charge", intent["latest_charge"], "charge")

    def _check(self, charge: Object, amount: int, left: int) -> None:
        """Raise the StripeError with which Stripe refuses so much of this charge."""
        if charge["status"] != "succeeded":
            raise errors.invalid(f"Charge {charge['id']} was not successful; cannot be refunded.")
        if not charge["captured"]:
            raise errors.invalid(
                f"This uncaptured Charge was created by a PaymentIntent ({charge['payment_intent']}"
                "). You must cancel the PaymentIntent directly."
            )
        if self._disputes.prevents_refund(charge):
            raise errors.invalid(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                code="charge_disputed",
            )
        if left <= 0:
            raise errors.invalid(
                f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
            )
        if amount < 1:
            raise errors.invalid(
                "This value must be greater than or equal to 1.",
                "amount",
                "parameter_invalid_integer",
            )
        if amount > left:
            asked, rest = (
                format_amount(value, charge["currency"], in_message=True)
                for value in (amount, left)
            )
            raise errors.invalid(
                f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})",
                "amount",
            )

    def _pending_amount(self, charge: Object) -> int:
        """What pending refunds will take of the charge."""
        refunds = self._of_charge(charge, limit=100)["data"]
        return sum(one["amount"] for one in refunds if one["status"] == "pending")

    def _of_charge(self, charge: Object, limit: int = 10) -> Object:
        """The list object of the charge's newest refunds."""
        url = f"/v1/charges/{charge['id']}/refunds"
        found = self._backend.page(self.kind, url, {"charge": charge["id"]}, Window(limit))
        return found.to_object()

    def _list_of_charge(self, call: Call) -> Page:
        charge = self._backend.require("charge", call.ids[0], "charge", status=404)["id"]
        url = f"/v1/charges/{charge}/refunds"
        return self._backend.page(self.kind, url, {"charge": charge}, read_window(call.params))

    def _retrieve_of_charge(self, call: Call) -> Object:
        charge, refund = call.ids
        found = self._backend.require(self.kind, refund, "refund", status=404)
        if found["charge"] != charge:
            raise errors.no_such(self.kind, refund, "refund", 404)
        return found

    def _decide(self, refund_id: str) -> None:
        """Let a pending refund succeed, or fail the one that its card lets fail."""
        refund = self._backend.objects.get(self.kind, refund_id)
        if refund is None:
            return
        charge = self._backend.require("charge", refund["charge"], "charge")
        if refund["status"] == "pending":
            refund["status"] = "succeeded"
            refund.pop("pending_reason", None)
            refund["balance_transaction"] = self._balance.of_refund(refund)
            self._save(refund)
            self._refunded(charge, refund["amount"])
        elif refund["status"] == "succeeded":
            refund.update(
                status="failed",
                failure_balance_transaction=self._balance.of_refund_failure(refund),
                failure_reason="expired_or_canceled_card",
            )
            self._charges.take_back_refund(charge, refund["amount"])
            self._backend.events.record("refund.failed", refund)
            self._save(refund)

    def _refunded(self, charge: Object, amount: int, request: RequestInfo = NO_REQUEST) -> None:
        self._charges.add_refunded(charge, amount, request)
        if charge["refunded"]:
            self._disputes.close_inquiries(charge)

    def _save(self, refund: Object) -> None:
        self._backend.objects.save(refund)
        for name in ("refund.updated", "charge.refund.updated"):
            self._backend.events.record(name, refund)

    def _update(self, call: Call) -> Object:
        refund = self._require(call)
        if "metadata" in call.params:
            metadata = merge_metadata(refund["metadata"], call.params["metadata"])
            previous = apply_changes(refund, {"metadata": metadata})
            self._backend.objects.save(refund)
            for name in ("refund.updated", "charge.refund.updated") if previous else ():
                self._backend.events.record(name, refund, call.request, previous)
        return refund

    def _cancel(self, call: Call) -> Object:
        self._require(call)
        raise errors.invalid("Canceling this refund is unsupported.")


def _card(charge: Object) -> cards.TestCard | None:
    """The test card that paid the charge; None: it was no card."""
    details = charge["payment_method_details"]
    return cards.of_fingerprint(details["card"]["fingerprint"]) if "card" in details else None


def _destination(method_type: str) -> Object | None:
    if method_type != "card":
        return build("refund.DestinationDetails", {"type": method_type})
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return build(
        "refund.DestinationDetails",
        {"card": build("refund.DestinationDetails.Card", card), "type": "card"},
    )
