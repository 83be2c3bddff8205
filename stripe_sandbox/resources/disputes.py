"""Disputes (https://docs.stripe.com/api/disputes), as far as a test card brings them about."""

from __future__ import annotations

from stripe.params._dispute_list_params import DisputeListParams
from stripe.params._dispute_retrieve_params import DisputeRetrieveParams

from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import Page, pick, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.charges import KIND as CHARGE
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

KIND = "dispute"
URL = "/v1/disputes"
DAYS_TO_ANSWER = 9
_FRAUDULENT = "10.4"
"""Visa's own code for a card that was not present and a payment its owner denies."""


class Disputes:
    """Opens disputes and shows them."""

    def __init__(self, backend: Backend, jobs: ScheduledJobs) -> None:
        self._backend = backend
        jobs.register(JobKind.DISPUTE, self._open)

    def routes(self) -> list[Route]:
        """The endpoints."""
        filters = ("charge", "created", "payment_intent")
        return [
            Route.listing(URL, self._list, DisputeListParams, KIND, filters),
            Route("GET", URL + "/:dispute", self._retrieve, DisputeRetrieveParams, KIND),
        ]

    def _open(self, charge_id: str) -> None:
        """The card's owner denies the payment. Records `charge.dispute.created` and
        `charge.dispute.funds_withdrawn`."""
        charge = self._backend.objects.get(CHARGE, charge_id)
        if charge is None or charge["disputed"]:
            return
        now = self._backend.clock.now()
        card = charge["payment_method_details"]["card"]
        dispute = build(
            KIND,
            {
                "id": new_id("du"),
                "object": KIND,
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

    def _retrieve(self, call: Call) -> Object:
        return self._backend.require(KIND, call.ids[0], "dispute", status=404)

    def _list(self, call: Call) -> Page:
        filters = pick(call.params, "charge", "payment_intent")
        return self._backend.page(KIND, URL, filters, read_window(call.params))
