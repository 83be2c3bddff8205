"""What a dispute looks like (https://docs.stripe.com/api/disputes/object)."""

from __future__ import annotations

from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods.cards import DisputeKind
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

DAY = 86_400
DAYS_TO_ANSWER = 8
FEE = 1_500
"""What Stripe keeps of every chargeback, in minor units."""

# Visa's own codes.
_NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}


def new_dispute(charge: Object, kind: DisputeKind, now: int) -> Object:
    """A dispute of the whole charge, to be answered by the end of a day about eight days on."""
    card = charge["payment_method_details"]["card"]
    is_inquiry = kind is DisputeKind.INQUIRY
    reason = "fraudulent" if is_inquiry else kind.value
    billing = charge["billing_details"]
    evidence = {
        "customer_email_address": billing["email"],
        "customer_name": billing["name"],
        "enhanced_evidence": build("dispute.Evidence.EnhancedEvidence", {}),
    }
    details = {
        "due_by": (now // DAY + DAYS_TO_ANSWER + 1) * DAY - 1,
        "enhanced_eligibility": build("dispute.EvidenceDetails.EnhancedEligibility", {}),
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }
    shown_card = {
        "brand": card["brand"],
        "case_type": "inquiry" if is_inquiry else "chargeback",
        "network": card["network"],
        "network_reason_code": _NETWORK_CODES[reason],
    }
    method = {
        "card": build("dispute.PaymentMethodDetails.Card", shown_card),
        "type": "card",
    }
    return build(
        "dispute",
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": build("dispute.Evidence", evidence),
            "evidence_details": build("dispute.EvidenceDetails", details),
            "is_charge_refundable": is_inquiry,
            "livemode": False,
            "metadata": {},
            "network_reason_code": _NETWORK_CODES[reason],
            "payment_intent": charge["payment_intent"],
            "payment_method_details": build("dispute.PaymentMethodDetails", method),
            "reason": reason,
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        },
    )


def withdrawal(dispute: Object, now: int) -> Object:
    """The balance transaction by which the money and a fee go."""
    description = f"Chargeback withdrawal for {dispute['charge']}"
    return _adjustment(dispute, now, -dispute["amount"], FEE, "dispute", description)


def reinstatement(dispute: Object, now: int) -> Object:
    """The balance transaction by which the money comes back, without the fee."""
    description = f"Chargeback reversal for {dispute['charge']}"
    return _adjustment(dispute, now, dispute["amount"], 0, "dispute_reversal", description)


def _adjustment(
    dispute: Object, now: int, amount: int, fee: int, category: str, description: str
) -> Object:
    currency = dispute["currency"]
    detail = {"amount": fee, "currency": currency, "description": "Dispute fee"}
    fees = [build("balance_transaction.FeeDetail", {**detail, "type": "stripe_fee"})] if fee else []
    return build(
        "balance_transaction",
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "fee": fee,
            "fee_details": fees,
            "net": amount - fee,
            "reporting_category": category,
            "source": dispute["id"],
            "status": "available",
            "type": "adjustment",
        },
    )
