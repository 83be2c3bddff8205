"""Charges (https://docs.stripe.com/api/charges): each try to take the money."""

from __future__ import annotations

from stripe.params._charge_list_params import ChargeListParams
from stripe.params._charge_retrieve_params import ChargeRetrieveParams

from stripe_sandbox.bank_accounts import BANK_NAME, ROUTING_NUMBER, DebitRefusal, TestBankAccount
from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.objects import Object
from stripe_sandbox.pagination import Page, chosen, window_of
from stripe_sandbox.payment_methods import checks
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
        status = "succeeded" if paid else "failed"
        charge = self._new(
            intent,
            method,
            status,
            {
                **_failure(refusal),
                "amount_captured": intent["amount"] if paid else 0,
                "captured": paid,
                "outcome": _outcome(card, refusal),
                "paid": paid,
                "payment_method_details": _details(intent, method, card, paid, authenticated),
            },
        )
        self._world.events.record(f"charge.{status}", charge)
        return charge

    def begin_debit(self, intent: Object, method: Object, account: TestBankAccount) -> Object:
        """A charge that waits for a bank's answer. Records `charge.pending`."""
        details = shape(
            "charge.PaymentMethodDetails.UsBankAccount",
            {
                "account_holder_type": "individual",
                "account_type": "checking",
                "bank_name": BANK_NAME,
                "fingerprint": account.fingerprint,
                "last4": account.number[-4:],
                "routing_number": ROUTING_NUMBER,
            },
        )
        charge = self._new(
            intent,
            method,
            "pending",
            {
                "amount_captured": intent["amount"],
                "captured": True,
                "outcome": shape(
                    "charge.Outcome",
                    {
                        "network_status": "approved_by_network",
                        "risk_level": "not_assessed",
                        "seller_message": "Payment complete.",
                        "type": "authorized",
                    },
                ),
                "paid": False,
                "payment_method_details": shape(
                    "charge.PaymentMethodDetails",
                    {"type": "us_bank_account", "us_bank_account": details},
                ),
            },
        )
        self._world.events.record("charge.pending", charge)
        return charge

    def settle_debit(self, charge: Object, refusal: DebitRefusal | None) -> None:
        """The bank paid, or refused. Records `charge.succeeded` or `charge.failed`."""
        status = "succeeded" if refusal is None else "failed"
        charge.update(paid=refusal is None, status=status, **_failure(refusal))
        if refusal is not None:
            charge.update(amount_captured=0, captured=False)
        self._world.objects.save(charge)
        self._world.events.record(f"charge.{status}", charge)

    def _new(self, intent: Object, method: Object, status: str, values: Object) -> Object:
        charge = shape(
            KIND,
            {
                **values,
                "id": new_id("ch"),
                "object": KIND,
                "amount": intent["amount"],
                "amount_refunded": 0,
                "billing_details": method["billing_details"],
                "calculated_statement_descriptor": "LOCAL SANDBOX",
                "created": self._world.clock.now(),
                "currency": intent["currency"],
                "customer": intent["customer"],
                "description": intent["description"],
                "disputed": False,
                "fraud_details": shape("charge.FraudDetails", {}),
                "livemode": False,
                "metadata": intent["metadata"],
                "payment_intent": intent["id"],
                "payment_method": method["id"],
                "radar_options": shape("charge.RadarOptions", {}),
                "receipt_email": intent["receipt_email"],
                "refunded": False,
                "statement_descriptor": intent["statement_descriptor"],
                "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
                "status": status,
            },
        )
        self._world.objects.insert(charge)
        return charge

    def _retrieve(self, call: Call) -> Object:
        return self._world.require(KIND, call.ids[0], "id", status=404)

    def _list(self, call: Call) -> Page:
        filters = chosen(call.params, "customer", "payment_intent")
        return self._world.page(KIND, URL, filters, window_of(call.params))


def _failure(refusal: CardRefusal | DebitRefusal | None) -> Object:
    return {
        "failure_code": refusal and refusal.code,
        "failure_message": refusal and refusal.message,
    }


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
            "three_d_secure": secured,
        },
    )
    return shape("charge.PaymentMethodDetails", {"card": card_details, "type": "card"})
