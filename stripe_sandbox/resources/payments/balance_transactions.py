"""What moves the account's balance (https://docs.stripe.com/api/balance_transactions). All of it is
available at once."""

from __future__ import annotations

from stripe.params._balance_transaction_list_params import BalanceTransactionListParams
from stripe.params._balance_transaction_retrieve_params import BalanceTransactionRetrieveParams

from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

RATE, FIXED = 0.029, 30
"""Of a charge, the part that is Stripe's fee, and the minor units on top."""


class BalanceTransactions(Resource):
    """Creates and shows balance transactions."""

    kind = "balance_transaction"
    url = "/v1/balance_transactions"
    retrieve_params = BalanceTransactionRetrieveParams
    list_params = BalanceTransactionListParams
    filters = ("created", "currency", "source", "type")

    def of_charge(self, charge: Object) -> str:
        """The id of the one by which a charge's money comes, less Stripe's fee."""
        kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
        amount = charge["amount_captured"]
        fee = min(round(amount * RATE) + FIXED, amount)
        return self._create(kind, charge, amount, charge["description"], fee)

    def of_refund(self, refund: Object) -> str:
        """The id of the one by which a refund's money goes. Stripe keeps the charge's fee."""
        text = f"REFUND FOR CHARGE ({refund['charge']})"
        return self._create("refund", refund, -refund["amount"], text)

    def of_refund_failure(self, refund: Object) -> str:
        """The id of the one by which the money of a refund that failed comes back."""
        text = f"REFUND FAILURE ({refund['charge']})"
        return self._create("refund_failure", refund, refund["amount"], text)

    def keep(self, transaction: Object) -> Object:
        """Store one that a dispute holds; returns it."""
        self._backend.objects.insert(transaction)
        return transaction

    def _create(
        self, kind: str, source: Object, amount: int, description: str | None, fee: int = 0
    ) -> str:
        currency = source["currency"]
        detail = {
            "amount": fee,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
        now = self._backend.clock.now()
        transaction = build(
            self.kind,
            {
                "id": new_id("txn"),
                "object": self.kind,
                "amount": amount,
                "available_on": now,
                "balance_type": "payments",
                "created": now,
                "currency": currency,
                "description": description,
                "fee": fee,
                "fee_details": [build("balance_transaction.FeeDetail", detail)] if fee else [],
                "net": amount - fee,
                "reporting_category": "charge" if kind == "payment" else kind,
                "source": source["id"],
                "status": "available",
                "type": kind,
            },
        )
        self._backend.objects.insert(transaction)
        identifier: str = transaction["id"]
        return identifier
