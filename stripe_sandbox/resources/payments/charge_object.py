"""The parts of a charge that say how it was paid and how that ended
(https://docs.stripe.com/api/charges/object)."""

from __future__ import annotations

from stripe_sandbox.ids import random_text
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.resources.customers.payment_methods import checks
from stripe_sandbox.resources.intent_actions import three_d_secure
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


def debit_outcome() -> Object:
    """The `outcome` of a debit, of which no risk is assessed."""
    return build(
        "charge.Outcome",
        {
            "network_status": "approved_by_network",
            "risk_level": "not_assessed",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
    )


def debit_details(method: Object) -> Object:
    """The `payment_method_details` of a bank account."""
    names = (
        *("account_holder_type", "account_type", "bank_name", "fingerprint", "last4"),
        "routing_number",
    )
    held = method["us_bank_account"]
    details = build(
        "charge.PaymentMethodDetails.UsBankAccount", {name: held[name] for name in names}
    )
    return build(
        "charge.PaymentMethodDetails", {"type": "us_bank_account", "us_bank_account": details}
    )


def card_outcome(card: TestCard, refusal: CardRefusal | None) -> Object:
    """The `outcome` of a card's charge: paid, blocked by Radar, or declined by the bank."""
    if refusal is None:
        return build(
            "charge.Outcome",
            {
                "network_status": "approved_by_network",
                "risk_level": "normal",
                "risk_score": 20,
                "seller_message": "Payment complete.",
                "type": "authorized",
            },
        )
    if card.blocked:
        return build(
            "charge.Outcome",
            {
                "network_status": "not_sent_to_network",
                "reason": "highest_risk_level",
                "risk_level": "highest",
                "risk_score": 95,
                "seller_message": "Stripe blocked this payment as too risky.",
                "type": "blocked",
            },
        )
    return build(
        "charge.Outcome",
        {
            "advice_code": refusal.advice_code,
            "network_decline_code": refusal.network_decline_code,
            "network_status": "declined_by_network",
            "reason": refusal.decline_code,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": refusal.seller_message,
            "type": "issuer_declined",
        },
    )


def card_details(
    intent: Object,
    method: Object,
    card: TestCard,
    paid: bool,
    authenticated: bool,
    capture_before: int | None,
) -> Object:
    """The `payment_method_details` of a card; `capture_before` is until when its money is held, if
    it is to be captured."""
    held = method["card"]
    path = "charge.PaymentMethodDetails.Card.ThreeDSecure"
    details = build(
        "charge.PaymentMethodDetails.Card",
        {
            "amount_authorized": intent["amount"] if paid else None,
            "authorization_code": random_text(6).upper() if paid else None,
            "brand": held["brand"],
            "capture_before": capture_before,
            "checks": checks(card),
            "country": held["country"],
            "exp_month": held["exp_month"],
            "exp_year": held["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": card.fingerprint,
            "funding": held["funding"],
            "incremental_authorization": {"status": "unavailable"},
            "last4": held["last4"],
            "multicapture": {"status": "unavailable"},
            "network": held["brand"],
            "network_token": {"used": False},
            "network_transaction_id": random_text(15).upper() if paid else None,
            "overcapture": {
                "maximum_amount_capturable": intent["amount"],
                "status": "unavailable",
            },
            "regulated_status": held["regulated_status"],
            "three_d_secure": three_d_secure(path, passed=True) if authenticated else None,
        },
    )
    return build("charge.PaymentMethodDetails", {"card": details, "type": "card"})
