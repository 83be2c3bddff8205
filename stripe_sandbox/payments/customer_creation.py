"""Creating customers, with a payment method that is saved to them
(https://docs.stripe.com/api/customers/create)."""

from __future__ import annotations

from stripe.params._customer_create_params import CustomerCreateParams

from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.resources.customers.customers import FIELDS, Customers, not_attached
from stripe_sandbox.storage.objects import Object

_DEFAULT = "invoice_settings.default_payment_method"


class CustomerCreation:
    """Creates customers as requests ask for them."""

    def __init__(self, customers: Customers, saved_methods: SavedMethods) -> None:
        self._customers = customers
        self._saved_methods = saved_methods

    def routes(self) -> list[Route]:
        """The endpoint."""
        simulates = (*FIELDS, "payment_method", "test_clock", _DEFAULT)
        url, kind = self._customers.url, self._customers.kind
        return [Route("POST", url, self._create, CustomerCreateParams, kind, simulates)]

    def _create(self, call: Call) -> Object:
        """Records `customer.created` and, of a payment method, `payment_method.attached`."""
        params = dict(call.params)
        name = params.pop("payment_method", None)
        default = params.pop("invoice_settings", {}).get("default_payment_method")
        if default is not None and default != name:
            raise not_attached(default)
        customer = self._customers.create(params, call.request)
        if name is not None:
            method = self._saved_methods.attach_named(name, customer, call.request)
            if default is not None:
                self._customers.set_default_method(customer, method["id"])
        return customer
