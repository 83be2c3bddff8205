"""Customers (https://docs.stripe.com/api/customers)."""

from __future__ import annotations

from typing import Any

from stripe.params._customer_create_params import CustomerCreateParams
from stripe.params._customer_list_params import CustomerListParams
from stripe.params._customer_retrieve_params import CustomerRetrieveParams
from stripe.params._customer_update_params import CustomerUpdateParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.schema.objects import apply_changes, build, merge_metadata
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_email

KIND = "customer"
URL = "/v1/customers"
_FIELDS = (
    "address",
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


class Customers:
    """Who buys."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("POST", URL, self._create, CustomerCreateParams, KIND, _FIELDS),
            Route.listing(URL, self._list, CustomerListParams, KIND, ("created", "email")),
            Route("GET", URL + "/:customer", self._retrieve, CustomerRetrieveParams, KIND),
            Route(
                "POST",
                URL + "/:customer",
                self._update,
                CustomerUpdateParams,
                KIND,
                (
                    *_FIELDS,
                    "invoice_settings.default_payment_method",
                ),
            ),
        ]

    def create(self, params: dict[str, Any], request: RequestInfo = NO_REQUEST) -> Object:
        """A new customer of checked parameters."""
        if params.get("email"):
            check_email(params["email"], "email")
        customer = build(
            KIND,
            {
                **{name: params[name] for name in _FIELDS if name in params},
                "id": new_id("cus", 14),
                "object": KIND,
                "address": _address(params.get("address")),
                "shipping": _shipping(params.get("shipping")),
                "balance": 0,
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
            },
        )
        self._backend.objects.insert(customer)
        self._backend.events.record("customer.created", customer, request)
        return customer

    def change(
        self, customer: Object, changes: dict[str, Any], request: RequestInfo = NO_REQUEST
    ) -> None:
        """Store changed fields of a customer and record `customer.updated`."""
        previous = apply_changes(customer, changes)
        self._backend.objects.save(customer)
        if previous:
            self._backend.events.record("customer.updated", customer, request, previous)

    def _create(self, call: Call) -> Object:
        return self.create(call.params, call.request)

    def _retrieve(self, call: Call) -> Object:
        return self._backend.require(KIND, call.ids[0], "id", status=404)

    def _update(self, call: Call) -> Object:
        customer = self._backend.require(KIND, call.ids[0], "id", status=404)
        changes = dict(call.params)
        if changes.get("email"):
            check_email(changes["email"], "email")
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(customer["metadata"], changes["metadata"])
        if "address" in changes:
            changes["address"] = _address(changes["address"])
        if "shipping" in changes:
            changes["shipping"] = _shipping(changes["shipping"])
        if "tax_exempt" in changes:
            changes["tax_exempt"] = changes["tax_exempt"] or "none"
        if "invoice_settings" in changes:
            method = changes["invoice_settings"].get("default_payment_method")
            if method:
                self._backend.require(
                    "payment_method", method, "invoice_settings[default_payment_method]"
                )
            changes["invoice_settings"] = {
                **customer["invoice_settings"],
                "default_payment_method": method,
            }
        self.change(customer, changes, call.request)
        return customer

    def _list(self, call: Call) -> Page:
        filters = {"email": call.params["email"]} if "email" in call.params else {}
        return self._backend.page(KIND, URL, filters, read_window(call.params))


def _address(given: dict[str, Any] | None) -> Object | None:
    return None if given is None else build("customer.Address", given)


def _shipping(given: dict[str, Any] | None) -> Object | None:
    if given is None:
        return None
    return build(
        "customer.Shipping",
        {**given, "address": build("customer.Shipping.Address", given["address"])},
    )
