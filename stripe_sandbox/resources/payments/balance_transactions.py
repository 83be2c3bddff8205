"""What moves the account's balance (https://docs.stripe.com/api/balance_transactions), in the
account's time. What payments bring is pending for two business days; everything else is available
at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stripe.params._balance_transaction_list_params import BalanceTransactionListParams
from stripe.params._balance_transaction_retrieve_params import BalanceTransactionRetrieveParams

from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods.cards import of_fingerprint
from stripe_sandbox.resources.payments.balance import Balance
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

RATE, FIXED = 0.029, 30
"""Of a charge, the part that is Stripe's fee, and the minor units on top."""

BUSINESS_DAYS_PENDING = 2
_SATURDAY = 5


class BalanceTransactions(Resource):
    """Creates and shows balance transactions, and makes what is pending available."""

    kind = "balance_transaction"
    url = "/v1/balance_transactions"
    retrieve_params = BalanceTransactionRetrieveParams
    list_params = BalanceTransactionListParams
    filters = ("created", "currency", "source", "type")

    def __init__(self, backend: Backend, jobs: ScheduledJobs, balance: Balance) -> None:
        super().__init__(backend)
        self._jobs = jobs
        self._balance = balance
        jobs.register(JobKind.BALANCE_AVAILABILITY, self._make_available)

    def of_charge(self, charge: Object) -> str:
        """The id of the one by which a charge's money comes, less Stripe's fee."""
        card = charge["payment_method_details"].get("card")
        kind = "payment" if card is None else "charge"
        at_once = card is not None and of_fingerprint(card["fingerprint"]).bypasses_pending
        amount = charge["amount_captured"]
        fee = min(round(amount * RATE) + FIXED, amount)
        days = 0 if at_once else BUSINESS_DAYS_PENDING
        return self._create(kind, charge, amount, charge["description"], fee, days)

    def of_refund(self, refund: Object) -> str:
        """The id of the one by which a refund's money goes."""
        text = self._about(refund, "REFUND FOR CHARGE")
        return self._create("refund", refund, -refund["amount"], text)

    def of_refund_failure(self, refund: Object) -> str:
        """The id of the one by which the money of a refund that failed comes back."""
        text = self._about(refund, "REFUND FAILURE")
        return self._create("refund_failure", refund, refund["amount"], text)

    def _about(self, refund: Object, text: str) -> str:
        """The text, with how the charge is described that was refunded."""
        described = self._backend.require("charge", refund["charge"], "charge")["description"]
        return f"{text} ({described})" if described else text

    def keep(self, transaction: Object) -> Object:
        """Store one that a dispute holds; returns it."""
        self._backend.objects.insert(transaction)
        return transaction

    def _create(
        self,
        kind: str,
        source: Object,
        amount: int,
        description: str | None,
        fee: int = 0,
        days_pending: int = 0,
    ) -> str:
        currency = source["currency"]
        detail = {
            "amount": fee,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
        now = int(self._backend.clock.account_time())
        available_on = business_days_after(now, days_pending) if days_pending else now
        transaction = build(
            self.kind,
            {
                "id": new_id("txn"),
                "object": self.kind,
                "amount": amount,
                "available_on": available_on,
                "balance_type": "payments",
                "created": now,
                "currency": currency,
                "description": description,
                "fee": fee,
                "fee_details": [build("balance_transaction.FeeDetail", detail)] if fee else [],
                "net": amount - fee,
                "reporting_category": "charge" if kind == "payment" else kind,
                "source": source["id"],
                "status": "pending" if days_pending else "available",
                "type": kind,
            },
        )
        self._backend.objects.insert(transaction)
        if days_pending:
            self._jobs.add_once(available_on, JobKind.BALANCE_AVAILABILITY, "balance")
        identifier: str = transaction["id"]
        return identifier

    def _make_available(self, _: str) -> None:
        """Make available what is due. Records `balance.available`."""
        objects = self._backend.objects
        due = objects.ids(
            self.kind,
            "body ->> '$.status' = 'pending' AND body ->> '$.available_on' <= ?",
            (int(self._backend.clock.account_time()),),
        )
        for identifier in due:
            transaction = self._backend.require(self.kind, identifier, "id")
            objects.save({**transaction, "status": "available"})
        if due:
            self._backend.events.record("balance.available", self._balance.current())


def business_days_after(moment: int, days: int) -> int:
    """The beginning, in Unix seconds UTC, of the day that comes so many business days after the
    moment's."""
    day = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0)
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return int(day.timestamp())
