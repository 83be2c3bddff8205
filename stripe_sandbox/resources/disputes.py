"""Disputes (https://docs.stripe.com/api/disputes), as far as a test card brings them about."""

from __future__ import annotations

from stripe.params._dispute_list_params import DisputeListParams
from stripe.params._dispute_retrieve_params import DisputeRetrieveParams

from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object, Window

DAYS_TO_ANSWER = 9
_FRAUDULENT = "10.4"
"""Visa's own code for a card that was not present and a payment its owner denies."""


class Disputes(Resource):
    """Opens disputes and shows them."""

    kind = "dispute"
    url = "/v1/disputes"
    id_param = "dispute"
    retrieve_params = DisputeRetrieveParams
    list_params = DisputeListParams
    filters = ("charge", "created", "payment_intent")

    def __init__(self, backend: Backend, jobs: ScheduledJobs) -> None:
        super().__init__(backend)
        jobs.register(JobKind.DISPUTE, self._open)

    def prevents_refund(self, charge: Object) -> bool:
        """Whether a dispute of the charge keeps its money from being refunded."""
        filters = {"charge": charge["id"]}
        found = self._backend.page(self.kind, self.url, filters, Window(100)).to_object()["data"]
        return any(not dispute["is_charge_refundable"] for dispute in found)

    def _open(self, charge_id: str) -> None:
        """The card's owner denies the payment. Records `charge.dispute.created` and
        `charge.dispute.funds_withdrawn`."""
        charge = self._backend.objects.get("charge", charge_id)
        if charge is None or charge["disputed"]:
            return
        now = self._backend.clock.now()
        card = charge["payment_method_details"]["card"]
        dispute = build(
            self.kind,
            {
                "id": new_id("du"),
                "object": self.kind,
                "amount": charge["amount"],
                "balance_transactions": [],
                "charge": charge_id,
                "created": now,
                "currency": charge["currency"],
                "enhanced_eligibility_types": [],
                "evidence": build(
                    "dispute.Evidence",
                    {
                        "customer_email_address": charge["billing_details"]["email"],
                        "customer_name": charge["billing_details"]["name"],
                        "enhanced_evidence": build("dispute.Evidence.EnhancedEvidence", {}),
                    },
                ),
                "evidence_details": build(
                    "dispute.EvidenceDetails",
                    {
                        "due_by": now + DAYS_TO_ANSWER * 86_400,
                        "enhanced_eligibility": build(
                            "dispute.EvidenceDetails.EnhancedEligibility", {}
                        ),
                        "has_evidence": False,
                        "past_due": False,
                        "submission_count": 0,
                        "submission_method": "not_submitted",
                    },
                ),
                "is_charge_refundable": False,
                "livemode": False,
                "metadata": {},
                "network_reason_code": _FRAUDULENT,
                "payment_intent": charge["payment_intent"],
                "payment_method_details": build(
                    "dispute.PaymentMethodDetails",
                    {
                        "card": build(
                            "dispute.PaymentMethodDetails.Card",
                            {
                                "brand": card["brand"],
                                "case_type": "chargeback",
                                "network": card["network"],
                                "network_reason_code": _FRAUDULENT,
                            },
                        ),
                        "type": "card",
                    },
                ),
                "reason": "fraudulent",
                "status": "needs_response",
            },
        )
        self._backend.objects.insert(dispute)
        charge["disputed"] = True
        self._backend.objects.save(charge)
        self._backend.events.record("charge.dispute.created", dispute)
        self._backend.events.record("charge.dispute.funds_withdrawn", dispute)
