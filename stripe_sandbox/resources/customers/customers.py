"""Customers (https://docs.stripe.com/api/customers)."""

from __future__ import annotations

from typing import Any

from stripe.params._customer_delete_discount_params import CustomerDeleteDiscountParams
from stripe.params._customer_list_params import CustomerListParams
from stripe.params._customer_retrieve_params import CustomerRetrieveParams
from stripe.params._customer_update_params import CustomerUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Answer, Call, RequestInfo, Route, Stored
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import list_object
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.resources.billing.subscriptions import LIVE
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.customers.balances import CustomerBalances, type_of
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, merge_metadata, sdk_class, shipping
from stripe_sandbox.storage.objects import Object, Window
from stripe_sandbox.validation import check_email

MAXIMUM_OF_TEST_CLOCK = 3
FIELDS = (
    "address",
    "balance",
    "business_name",
    "description",
    "email",
    "individual_name",
    "metadata",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)


class Customers(Resource):
    """Creates, updates and shows customers."""

    kind = "customer"
    url = "/v1/customers"
    retrieve_params = CustomerRetrieveParams
    list_params = CustomerListParams
    filters = ("created", "email", "test_clock")

    def __init__(
        self, backend: Backend, test_clocks: TestClocks, balances: CustomerBalances
    ) -> None:
        super().__init__(backend)
        self._test_clocks = test_clocks
        self._balances = balances

    def routes(self) -> list[Route]:
        """All endpoints but the one that creates."""
        updates = (*FIELDS, "invoice_settings.default_payment_method")
        return [
            *super().routes(),
            Route("POST", self.path, self._update, CustomerUpdateParams, self.kind, updates),
            Route(
                "DELETE",
                f"{self.path}/discount",
                self._delete_discount,
                CustomerDeleteDiscountParams,
                "discount",
            ),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        cls = sdk_class(self.kind)
        return {
            (cls, "sources"): lambda customer: list_object(self._inner(customer, "sources"), []),
            (cls, "subscriptions"): self._subscriptions,
            (cls, "tax_ids"): lambda customer: list_object(self._inner(customer, "tax_ids"), []),
        }

    def _inner(self, customer: Object, name: str) -> str:
        """The URL of a list inside a customer."""
        return f"{self.url}/{customer['id']}/{name}"

    def _subscriptions(self, customer: Object) -> Object:
        filters = {"customer": customer["id"], "status": LIVE}
        url = self._inner(customer, "subscriptions")
        return self._backend.page("subscription", url, filters, Window()).to_object()

    def create(self, params: dict[str, Any], request: RequestInfo = NO_REQUEST) -> Object:
        """A new customer. Records `customer.created`. StripeError: the email is none, or the test
        clock is not there or has all the customers that it may have."""
        if params.get("email"):
            check_email(params["email"], "email")
        if "test_clock" in params:
            self._check_test_clock(params["test_clock"])
        customer = build(
            self.kind,
            {
                **{name: params[name] for name in FIELDS if name in params},
                "id": new_id("cus", 14),
                "object": self.kind,
                "address": _address(params.get("address")),
                "shipping": shipping("customer.Shipping", params.get("shipping")),
                "balance": params.get("balance", 0),
                "created": self._backend.clock.now(),
                "delinquent": False,
                "invoice_credit_balance": {},
                "invoice_prefix": random_text(8).upper(),
                "invoice_settings": build("customer.InvoiceSettings", {}),
                "livemode": False,
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "next_invoice_sequence": 1,
                "preferred_locales": params.get("preferred_locales") or [],
                "tax_exempt": params.get("tax_exempt") or "none",
                "test_clock": params.get("test_clock"),
            },
        )
        self._backend.objects.insert(customer)
        self._backend.events.record("customer.created", customer, request)
        if customer["balance"]:
            self._balances.record(customer, customer["balance"], "initial")
        return customer

    def apply_invoice(self, customer: Object, invoice: Object) -> None:
        """Have the customer's balance what the finalized invoice leaves of it. Records
        `customer.updated` if it differs."""
        amount = invoice["ending_balance"] - customer["balance"]
        if amount:
            self.change(customer, {"balance": invoice["ending_balance"]})
            self._balances.record(customer, amount, type_of(invoice), invoice=invoice["id"])

    def unapply_invoice(self, customer: Object, invoice: Object) -> None:
        """Give back to the customer's balance what a voided invoice took of it. Records
        `customer.updated` if that is anything."""
        amount = invoice["starting_balance"] - invoice["ending_balance"]
        if amount:
            self.change(customer, {"balance": customer["balance"] + amount})
            kind = "unapplied_from_invoice"
            self._balances.record(customer, amount, kind, invoice=invoice["id"])

    def change(
        self, customer: Object, changes: dict[str, Any], request: RequestInfo = NO_REQUEST
    ) -> None:
        """Store changed fields of a customer. Records `customer.updated` if any differs."""
        self._store(customer, changes, request, "customer.updated")

    def set_default_method(self, customer: Object, method: str) -> None:
        """Have the payment method of that id pay the new customer's invoices; no event says so."""
        customer["invoice_settings"]["default_payment_method"] = method
        self._backend.objects.save(customer)

    def _check_test_clock(self, test_clock: str) -> None:
        self._backend.require(self._test_clocks.kind, test_clock, "test_clock")
        if len(self._test_clocks.members(self.kind, test_clock)) >= MAXIMUM_OF_TEST_CLOCK:
            raise errors.invalid(
                f"A test clock can have at most {MAXIMUM_OF_TEST_CLOCK} customers.", "test_clock"
            )

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        return {**self._test_clocks.of_account(), **super()._conditions(params)}

    def _retrieve(self, call: Call) -> Answer:
        body = self._backend.objects.body(self.kind, call.ids[0])
        if body is not None:
            return Stored(body)
        return self._backend.objects.deleted(self.kind, call.ids[0]) or self._require(call)

    def _delete_discount(self, call: Call) -> Object:
        """Customers have none: since 2025-03-31.basil no request gives them one."""
        customer = self._require(call)
        raise errors.StripeError(
            f"No active discount for customer: {customer['id']}",
            status=404,
            code="resource_missing",
        )

    def _update(self, call: Call) -> Object:
        customer = self._require(call)
        changes = dict(call.params)
        if changes.get("email"):
            check_email(changes["email"], "email")
        if "address" in changes:
            changes["address"] = _address(changes["address"])
        if "shipping" in changes:
            changes["shipping"] = shipping("customer.Shipping", changes["shipping"])
        if "tax_exempt" in changes:
            changes["tax_exempt"] = changes["tax_exempt"] or "none"
        if "invoice_settings" in changes:
            method = changes["invoice_settings"].get("default_payment_method")
            if method:
                held = self._backend.require(
                    "payment_method", method, "invoice_settings[default_payment_method]"
                )
                if held["customer"] != customer["id"]:
                    raise not_attached(method)
            changes["invoice_settings"] = {
                **customer["invoice_settings"],
                "default_payment_method": method,
            }
        former = customer["balance"]
        self.change(customer, changes, call.request)
        if customer["balance"] != former:
            self._balances.record(customer, customer["balance"] - former, "adjustment")
        return customer


def not_attached(method: str) -> errors.StripeError:
    """A default payment method that is not the customer's."""
    return errors.invalid(
        f"The customer does not have a payment method with the ID {method}. The payment method "
        "must be attached to the customer.",
        "invoice_settings[default_payment_method]",
        "resource_missing",
    )


def _address(given: dict[str, Any] | None) -> Object | None:
    return None if given is None else build("customer.Address", given)
