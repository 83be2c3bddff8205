"""Charges (https://docs.stripe.com/api/charges): each try to take the money."""

from __future__ import annotations

from stripe.params._charge_list_params import ChargeListParams
from stripe.params._charge_retrieve_params import ChargeRetrieveParams

from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.objects import Object
from stripe_sandbox.pagination import Page, chosen, window_of
from stripe_sandbox.payment_methods import checks, fingerprint
from stripe_sandbox.shapes import shape
from stripe_sandbox.world import Call, Route, World

KIND = "charge"
URL = "/v1/charges"


class Charges:
    """Makes and lists charges."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route(
                "GET",
                URL,
                self._list,
                ChargeListParams,
                KIND,
                ("created", "customer", "payment_intent"),
                lists=True,
            ),
            Route("GET", URL + "/:charge", self._retrieve, ChargeRetrieveParams, KIND),
        ]

    def make(
        self,
        intent: Object,
        method: Object,
        card: TestCard,
        refusal: CardRefusal | None,
        *,
        authenticated: bool,
    ) -> Object:
        """A charge of the intent's amount: succeeded, or failed for the refusal. Records
        `charge.succeeded` or `charge.failed`."""
        paid = refusal is None
        charge = shape(
            KIND,
            {
                "id": new_id("ch"),
                "object": KIND,
                "amount": intent["amount"],
                "amount_captured": intent["amount"] if paid else 0,
                "amount_refunded": 0,
                "billing_details": method["billing_details"],
                "calculated_statement_descriptor": "LOCAL SANDBOX",
                "captured": paid,
                "created": self._world.clock.now(),
                "currency": intent["currency"],
                "customer": intent["customer"],
                "description": intent["description"],
                "disputed": False,
                "failure_code": refusal and refusal.code,
                "failure_message": refusal and refusal.message,
                "fraud_details": shape("charge.FraudDetails", {}),
                "livemode": False,
                "metadata": intent["metadata"],
                "outcome": _outcome(card, refusal),
                "paid": paid,
                "payment_intent": intent["id"],
                "payment_method": method["id"],
                "payment_method_details": _details(intent, method, card, paid, authenticated),
                "radar_options": shape("charge.RadarOptions", {}),
                "receipt_email": intent["receipt_email"],
                "refunded": False,
                "statement_descriptor": intent["statement_descriptor"],
                "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
                "status": "succeeded" if paid else "failed",
            },
        )
        self._world.objects.insert(charge)
        self._world.events.record("charge.succeeded" if paid else "charge.failed", charge)
        return charge

    def _retrieve(self, call: Call) -> Object:
        return self._world.require(KIND, call.ids[0], "id", status=404)

    def _list(self, call: Call) -> Page:
        filters = chosen(call.params, "customer", "payment_intent")
        return self._world.page(KIND, URL, filters, window_of(call.params))


def _outcome(card: TestCard, refusal: CardRefusal | None) -> Object:
    if refusal is None:
        return shape(
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
        return shape(
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
    return shape(
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


def _details(
    intent: Object, method: Object, card: TestCard, paid: bool, authenticated: bool
) -> Object:
    held = method["card"]
    secured = None
    if authenticated:
        secured = shape(
            "charge.PaymentMethodDetails.Card.ThreeDSecure",
            {
                "authentication_flow": "challenge",
                "electronic_commerce_indicator": "05",
                "result": "authenticated",
                "transaction_id": random_text(20),
                "version": "2.2.0",
            },
        )
    card_details = shape(
        "charge.PaymentMethodDetails.Card",
        {
            "amount_authorized": intent["amount"] if paid else None,
            "authorization_code": random_text(6).upper() if paid else None,
            "brand": held["brand"],
            "checks": checks(card),
            "country": held["country"],
            "exp_month": held["exp_month"],
            "exp_year": held["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": fingerprint(card),
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
            "three_d_secure": secured,
        },
    )
    return shape("charge.PaymentMethodDetails", {"card": card_details, "type": "card"})
