"""Disputes (https://docs.stripe.com/api/disputes): opened by test cards, answered with evidence
(https://docs.stripe.com/testing#disputes)."""

from __future__ import annotations

from typing import Any

from stripe.params._dispute_close_params import DisputeCloseParams
from stripe.params._dispute_list_params import DisputeListParams
from stripe.params._dispute_retrieve_params import DisputeRetrieveParams
from stripe.params._dispute_update_params import DisputeUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods.cards import DisputeKind
from stripe_sandbox.resources.payments.balance_transactions import BalanceTransactions
from stripe_sandbox.resources.payments.dispute_object import new_dispute, reinstatement, withdrawal
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import apply_changes, merge_metadata
from stripe_sandbox.storage.objects import Object, Window

WINNING, LOSING, ESCALATING = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"
DECIDED_AFTER = 5.0
"""Seconds until evidence is decided that names its end."""
OTHER_DECIDED_AFTER = 20 * 3_600.0
"""Seconds until any other evidence is decided: against us."""
CLOSED = ("won", "lost", "warning_closed")

_TEXTS = (
    "access_activity_log", "billing_address", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_email_address", "customer_name", "customer_purchase_ip",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_tracking_number", "uncategorized_text",
)  # fmt: skip
_UPDATE = (*(f"evidence.{name}" for name in _TEXTS), "metadata", "submit")


class Disputes(Resource):
    """Opens, answers, decides and shows disputes."""

    kind = "dispute"
    url = "/v1/disputes"
    id_param = "dispute"
    retrieve_params = DisputeRetrieveParams
    list_params = DisputeListParams
    filters = ("charge", "created", "payment_intent")

    def __init__(self, backend: Backend, jobs: ScheduledJobs, balance: BalanceTransactions) -> None:
        super().__init__(backend)
        self._jobs = jobs
        self._balance = balance
        jobs.register(JobKind.DISPUTE_DECISION, self._decide)

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.path, self._update, DisputeUpdateParams, self.kind, _UPDATE),
            Route("POST", f"{self.path}/close", self._close, DisputeCloseParams, self.kind),
        ]

    def open(self, charge: Object, kind: DisputeKind) -> Object:
        """A new dispute of the card's charge. Records `charge.dispute.created` and, unless it is
        an inquiry, `charge.dispute.funds_withdrawn`."""
        dispute = new_dispute(charge, kind, self._backend.clock.now())
        self._backend.objects.insert(dispute)
        charge["disputed"] = True
        self._backend.objects.save(charge)
        self._backend.events.record("charge.dispute.created", dispute)
        if kind is not DisputeKind.INQUIRY:
            self._withdraw(dispute)
        due = dispute["evidence_details"]["due_by"] + 1
        self._jobs.add(due, JobKind.DISPUTE_DECISION, dispute["id"])
        return dispute

    def prevents_refund(self, charge: Object) -> bool:
        """Whether a dispute of the charge keeps its money from being refunded."""
        return any(not dispute["is_charge_refundable"] for dispute in self._of_charge(charge))

    def close_inquiries(self, charge: Object) -> None:
        """End what is asked about a charge that is refunded wholly."""
        for dispute in self._of_charge(charge):
            if _is_inquiry(dispute) and dispute["status"] not in CLOSED:
                self._end(dispute, "warning_closed")

    def _of_charge(self, charge: Object) -> list[Object]:
        found = self._backend.page(self.kind, self.url, {"charge": charge["id"]}, Window(100))
        disputes: list[Object] = found.to_object()["data"]
        return disputes

    def _update(self, call: Call) -> Object:
        dispute = self._require_open(call)
        self.answer(dispute, call.params, call.request)
        return dispute

    def answer(
        self, dispute: Object, params: dict[str, Any], request: RequestInfo = NO_REQUEST
    ) -> None:
        """Add `evidence` and `metadata`; unless `submit` is false the evidence is submitted, and
        decided later. Records `charge.dispute.updated` if anything differs and, if submitted,
        `charge.updated`."""
        evidence = params.get("evidence") or {}
        changes: dict[str, Any] = {}
        if evidence:
            changes["evidence"] = {**dispute["evidence"], **evidence}
        if "metadata" in params:
            changes["metadata"] = merge_metadata(dispute["metadata"], params["metadata"])
        submits = params.get("submit", bool(evidence))
        details = {**dispute["evidence_details"]}
        details["has_evidence"] = details["has_evidence"] or bool(evidence)
        if submits:
            details["submission_count"] += 1
            details["submission_method"] = "manual"
            changes["status"] = "warning_under_review" if _is_inquiry(dispute) else "under_review"
        previous = apply_changes(dispute, {**changes, "evidence_details": details})
        self._backend.objects.save(dispute)
        if previous:
            self._backend.events.record("charge.dispute.updated", dispute, request, previous)
        if submits:
            self._record_charge(dispute, request)
            text = dispute["evidence"]["uncategorized_text"]
            names_end = text in (WINNING, LOSING, ESCALATING)
            wait = DECIDED_AFTER if names_end else OTHER_DECIDED_AFTER
            due = self._backend.clock.time() + wait
            self._jobs.add(due, JobKind.DISPUTE_DECISION, dispute["id"])

    def _close(self, call: Call) -> Object:
        dispute = self._require_open(call)
        self.accept(dispute, call.request)
        return dispute

    def accept(self, dispute: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Accept the loss; an inquiry is closed. Records `charge.dispute.closed` and
        `charge.updated`."""
        self._end(dispute, "warning_closed" if _is_inquiry(dispute) else "lost", request)
        self._record_charge(dispute, request)

    def _require_open(self, call: Call) -> Object:
        dispute = self._require(call)
        if dispute["status"] in CLOSED:
            raise errors.invalid("This dispute is already closed")
        return dispute

    def _decide(self, dispute_id: str) -> None:
        """Decide by the evidence that was submitted; without any the time to answer is over."""
        dispute = self._backend.objects.get(self.kind, dispute_id)
        if dispute is None or dispute["status"] in CLOSED:
            return
        answered = dispute["status"] in ("under_review", "warning_under_review")
        is_over = self._backend.clock.time() > dispute["evidence_details"]["due_by"]
        text = dispute["evidence"]["uncategorized_text"]
        if answered and text == ESCALATING and _is_inquiry(dispute):
            self._escalate(dispute)
        elif _is_inquiry(dispute):
            if answered or is_over:
                self._end(dispute, "warning_closed")
        elif answered or is_over:
            self._end(dispute, "won" if answered and text == WINNING else "lost")

    def _escalate(self, dispute: Object) -> None:
        """Make the inquiry a chargeback, which is to be answered anew."""
        method = dispute["payment_method_details"]
        method["card"]["case_type"] = "chargeback"
        dispute["evidence"]["uncategorized_text"] = None
        previous = apply_changes(
            dispute, {"is_charge_refundable": False, "status": "needs_response"}
        )
        self._backend.objects.save(dispute)
        self._backend.events.record("charge.dispute.updated", dispute, previous=previous)
        self._withdraw(dispute)

    def _withdraw(self, dispute: Object) -> None:
        moved = self._balance.keep(withdrawal(dispute, self._account_now()))
        dispute["balance_transactions"].append(moved)
        self._backend.objects.save(dispute)
        self._backend.events.record("charge.dispute.funds_withdrawn", dispute)

    def _account_now(self) -> int:
        """The balance is the account's, in its time."""
        return int(self._backend.clock.account_time())

    def _end(self, dispute: Object, status: str, request: RequestInfo = NO_REQUEST) -> None:
        dispute.update(status=status, is_charge_refundable=status != "lost")
        if status == "won":
            moved = self._balance.keep(reinstatement(dispute, self._account_now()))
            dispute["balance_transactions"].append(moved)
            self._backend.events.record("charge.dispute.funds_reinstated", dispute)
        self._backend.objects.save(dispute)
        self._backend.events.record("charge.dispute.closed", dispute, request)

    def _record_charge(self, dispute: Object, request: RequestInfo) -> None:
        charge = self._backend.require("charge", dispute["charge"], "charge")
        self._backend.events.record("charge.updated", charge, request, {})


def _is_inquiry(dispute: Object) -> bool:
    return bool(dispute["status"].startswith("warning_"))
