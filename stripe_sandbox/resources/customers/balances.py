"""What changes a customer's balance, from which invoices are paid
(https://docs.stripe.com/api/customer_balance_transactions)."""

from __future__ import annotations

from typing import Any

from stripe.params._customer_balance_transaction_create_params import (
    CustomerBalanceTransactionCreateParams,
)
from stripe.params._customer_balance_transaction_list_params import (
    CustomerBalanceTransactionListParams,
)
from stripe.params._customer_balance_transaction_retrieve_params import (
    CustomerBalanceTransactionRetrieveParams,
)
from stripe.params._customer_balance_transaction_update_params import (
    CustomerBalanceTransactionUpdateParams,
)

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Answer, Call, Route
from stripe_sandbox.api.pagination import pick, read_window
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import apply_changes, build, merge_metadata
from stripe_sandbox.storage.objects import Object

_CREATE = ("amount", "currency", "description", "metadata")


class CustomerBalances(Resource):
    """Creates and shows what changes the balance: a negative amount is the customer's credit."""

    kind = "customer_balance_transaction"
    url = "/v1/customers/:customer/balance_transactions"
    retrieve_params = CustomerBalanceTransactionRetrieveParams
    list_params = CustomerBalanceTransactionListParams
    filters = ("created", "invoice")

    def routes(self) -> list[Route]:
        """All endpoints."""
        create, update = (
            CustomerBalanceTransactionCreateParams,
            CustomerBalanceTransactionUpdateParams,
        )
        changes = ("description", "metadata")
        one = f"{self.url}/:transaction"
        return [
            Route.listing(self.url, self._list, self.list_params, self.kind, self.filters),
            Route("POST", self.url, self._create, create, self.kind, _CREATE),
            Route("GET", one, self._retrieve, self.retrieve_params, self.kind),
            Route("POST", one, self._update, update, self.kind, changes),
        ]

    def record(self, customer: Object, amount: int, kind: str, **values: Any) -> Object:
        """The transaction of the type that has changed the customer's balance by the amount, to
        what it is now."""
        transaction = build(
            self.kind,
            {
                "id": new_id("cbtxn"),
                "object": self.kind,
                "amount": amount,
                "created": self._backend.clock.now(),
                "currency": customer.get("currency") or "usd",
                "customer": customer["id"],
                "ending_balance": customer["balance"],
                "livemode": False,
                "metadata": {},
                "type": kind,
                **values,
            },
        )
        self._backend.objects.insert(transaction)
        return transaction

    def _customer(self, call: Call) -> Object:
        return self._backend.require("customer", call.ids[0], "customer", status=404)

    def _list(self, call: Call) -> Answer:
        customer = self._customer(call)["id"]
        filters = {"customer": customer, **pick(call.params, "invoice")}
        url = self.url.replace(":customer", customer)
        return self._backend.page(self.kind, url, filters, read_window(call.params))

    def _require(self, call: Call) -> Object:
        found = self._backend.require(self.kind, call.ids[1], "transaction", status=404)
        if found["customer"] != call.ids[0]:
            raise errors.no_such(self.kind, call.ids[1], "transaction", 404)
        return found

    def _retrieve(self, call: Call) -> Answer:
        return self._require(call)

    def _create(self, call: Call) -> Object:
        """Records `customer.updated`."""
        customer, params = self._customer(call), call.params
        currency = parse_currency(params["currency"], "currency")
        if (own := customer.get("currency")) and own != currency:
            raise errors.invalid(
                f"The customer's balance is in `{own}`: it cannot be changed in `{currency}`.",
                "currency",
            )
        changes = {"balance": customer["balance"] + params["amount"], "currency": currency}
        previous = apply_changes(customer, changes)
        self._backend.objects.save(customer)
        if previous:
            self._backend.events.record("customer.updated", customer, call.request, previous)
        return self.record(
            customer,
            params["amount"],
            "adjustment",
            description=params.get("description"),
            metadata=merge_metadata({}, params.get("metadata", {})),
        )

    def _update(self, call: Call) -> Object:
        return self._store(self._require(call), dict(call.params), call.request)


def type_of(invoice: Object) -> str:
    """Why an invoice has changed its customer's balance: it was paid from it, or was itself too
    little to be charged."""
    ending = invoice["ending_balance"] or 0
    own = invoice["total"] < 0 or (invoice["amount_due"] == 0 and ending > 0)
    return "invoice_too_small" if own else "applied_to_invoice"
