"""Charges (https://docs.stripe.com/api/charges): each attempt to move money."""

from __future__ import annotations

from stripe.params._charge_list_params import ChargeListParams
from stripe.params._charge_retrieve_params import ChargeRetrieveParams
from stripe.params._charge_update_params import ChargeUpdateParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.bank_accounts import DebitRefusal
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.resources.payments.balance_transactions import BalanceTransactions
from stripe_sandbox.resources.payments.charge_object import (
    card_details,
    card_outcome,
    debit_details,
    debit_outcome,
)
from stripe_sandbox.resources.payments.disputes import Disputes
from stripe_sandbox.resources.payments.payment_intents import holds_money
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import apply_changes, build, shipping
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_email

_UPDATE = (
    *("description", "fraud_details.user_report", "metadata", "receipt_email", "shipping"),
    "transfer_group",
)
AUTHORIZED_FOR = 7 * 86_400
"""Seconds for which a card's money is held."""
STATEMENT_PREFIX, STATEMENT_LENGTH = "LOCAL SANDBOX", 22


class Charges(Resource):
    """Creates, completes and shows charges."""

    kind = "charge"
    url = "/v1/charges"
    retrieve_params = ChargeRetrieveParams
    list_params = ChargeListParams
    filters = ("created", "customer", "payment_intent", "transfer_group")

    def __init__(
        self,
        backend: Backend,
        disputes: Disputes,
        balance: BalanceTransactions,
        base_url: str,
    ) -> None:
        super().__init__(backend)
        self._disputes = disputes
        self._balance = balance
        self._base_url = base_url

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.path, self._update, ChargeUpdateParams, self.kind, _UPDATE),
        ]

    def _update(self, call: Call) -> Object:
        changes = dict(call.params)
        if "receipt_email" in changes:
            check_email(changes["receipt_email"], "receipt_email")
        if "shipping" in changes:
            changes["shipping"] = shipping("charge.Shipping", changes["shipping"])
        return self._store(self._require(call), changes, call.request, "charge.updated")

    def create(
        self,
        intent: Object,
        method: Object,
        card: TestCard,
        refusal: CardRefusal | None,
        *,
        authenticated: bool,
        request: RequestInfo = NO_REQUEST,
    ) -> Object:
        """A card's charge of the intent's amount: succeeded, or failed with the refusal; disputed
        at once, if the card's owner disputes. Where capture is manual the money is only held.
        Records `charge.succeeded`, and `charge.updated` once a capture that is asynchronous has
        moved the balance, or `charge.failed`."""
        paid = refusal is None
        held = paid and holds_money(intent)
        captured = paid and not held
        capture_before = self._backend.clock.now() + AUTHORIZED_FOR if held else None
        status = "succeeded" if paid else "failed"
        charge = self._new(
            intent,
            method,
            status,
            {
                **_failure(refusal),
                "amount_captured": intent["amount"] if captured else 0,
                "captured": captured,
                "outcome": card_outcome(card, refusal),
                "paid": paid,
                "payment_method_details": card_details(
                    intent, method, card, paid, authenticated, capture_before
                ),
            },
        )
        is_later = intent["capture_method"] == "automatic_async"
        if captured and not is_later:
            self._move_balance(charge)
        self._backend.events.record(f"charge.{status}", charge, request)
        if captured and is_later:
            previous = self._move_balance(charge)
            self._backend.events.record("charge.updated", charge, previous=previous)
        if captured and card.dispute:
            self._disputes.open(charge, card.dispute)
        return charge

    def capture(self, intent: Object, amount: int, request: RequestInfo) -> Object:
        """The intent's charge, after so much of the money that it holds was taken; the rest is
        released. Records `charge.captured`."""
        charge = self._backend.require(self.kind, intent["latest_charge"], "charge")
        charge["payment_method_details"]["card"].pop("capture_before", None)
        charge.update(
            amount_captured=amount,
            amount_refunded=charge["amount"] - amount,
            calculated_statement_descriptor=_statement_descriptor(intent),
            captured=True,
            statement_descriptor=intent["statement_descriptor"],
            statement_descriptor_suffix=intent["statement_descriptor_suffix"],
        )
        self._move_balance(charge)
        self._backend.events.record("charge.captured", charge, request)
        card = cards.of_fingerprint(charge["payment_method_details"]["card"]["fingerprint"])
        if card.dispute:
            self._disputes.open(charge, card.dispute)
        return charge

    def release(self, charge: Object, event: str, request: RequestInfo) -> None:
        """Release all the money that the charge holds. Records the event: `charge.refunded`, or
        `charge.expired` when nobody asks for it."""
        previous = self._set_refunded(charge, charge["amount"])
        self._backend.events.record(event, charge, request, previous)

    def create_debit(
        self,
        intent: Object,
        method: Object,
        request: RequestInfo = NO_REQUEST,
    ) -> Object:
        """A bank account's charge of the intent's amount, pending. Records `charge.pending`."""
        charge = self._new(
            intent,
            method,
            "pending",
            {
                "amount_captured": intent["amount"],
                "captured": True,
                "outcome": debit_outcome(),
                "paid": False,
                "payment_method_details": debit_details(method),
            },
        )
        self._backend.events.record("charge.pending", charge, request)
        return charge

    def complete_debit(self, charge: Object, refusal: DebitRefusal | None) -> None:
        """Apply the bank's answer: paid, or refused. Records `charge.succeeded` or
        `charge.failed`."""
        status = "succeeded" if refusal is None else "failed"
        charge.update(paid=refusal is None, status=status, **_failure(refusal))
        if refusal is None:
            charge["receipt_url"] = self._receipt_url(charge["id"])
            self._move_balance(charge)
        else:
            charge.update(amount_captured=0, captured=False)
            self._backend.objects.save(charge)
        self._backend.events.record(f"charge.{status}", charge)

    def _move_balance(self, charge: Object) -> Object:
        previous = apply_changes(charge, {"balance_transaction": self._balance.of_charge(charge)})
        self._backend.objects.save(charge)
        return previous

    def _receipt_url(self, charge: str) -> str:
        return f"{self._base_url}/r/{charge}"

    def rebase(self, old: str, new: str) -> None:
        """Have the links to receipts begin with the URL `new` instead of `old`."""
        self._backend.objects.rebase(self.kind, "receipt_url", old, new)

    def add_refunded(self, charge: Object, amount: int, request: RequestInfo = NO_REQUEST) -> None:
        """Count `amount` as refunded. Records `charge.refunded`."""
        previous = self._set_refunded(charge, charge["amount_refunded"] + amount)
        self._backend.events.record("charge.refunded", charge, request, previous)

    def take_back_refund(self, charge: Object, amount: int) -> None:
        """Count `amount`, whose refund has failed, as refunded no longer."""
        self._set_refunded(charge, charge["amount_refunded"] - amount)

    def _set_refunded(self, charge: Object, refunded: int) -> Object:
        previous = apply_changes(
            charge, {"amount_refunded": refunded, "refunded": refunded == charge["amount"]}
        )
        self._backend.objects.save(charge)
        return previous

    def _new(self, intent: Object, method: Object, status: str, values: Object) -> Object:
        identifier = new_id("ch")
        charge = build(
            self.kind,
            {
                **values,
                "id": identifier,
                "object": self.kind,
                "amount": intent["amount"],
                "amount_refunded": 0,
                "billing_details": method["billing_details"],
                "calculated_statement_descriptor": _statement_descriptor(intent),
                "created": self._backend.clock.now(),
                "currency": intent["currency"],
                "customer": intent["customer"],
                "description": intent["description"],
                "disputed": False,
                "fraud_details": build("charge.FraudDetails", {}),
                "livemode": False,
                "metadata": intent["metadata"],
                "payment_intent": intent["id"],
                "payment_method": method["id"],
                "radar_options": build("charge.RadarOptions", {}),
                "receipt_email": intent["receipt_email"],
                "receipt_url": self._receipt_url(identifier) if status == "succeeded" else None,
                "refunded": False,
                "shipping": intent["shipping"],
                "statement_descriptor": intent["statement_descriptor"],
                "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
                "status": status,
                "transfer_group": intent["transfer_group"],
            },
        )
        self._backend.objects.insert(charge)
        return charge


def _statement_descriptor(intent: Object) -> str:
    """What the payer's statement says: the account's prefix, with the payment's suffix if any."""
    suffix = intent["statement_descriptor_suffix"]
    return f"{STATEMENT_PREFIX}* {suffix}"[:STATEMENT_LENGTH] if suffix else STATEMENT_PREFIX


def _failure(refusal: CardRefusal | DebitRefusal | None) -> Object:
    return {
        "failure_code": refusal and refusal.code,
        "failure_message": refusal and refusal.message,
    }
