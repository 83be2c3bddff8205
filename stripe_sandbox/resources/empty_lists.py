"""Lists of what cannot exist here: empty, as in a new account. Nothing is found in them, and
nothing can be created."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module

from stripe._object_classes import OBJECT_CLASSES, V2_OBJECT_CLASSES

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Answer, Call, Route
from stripe_sandbox.api.pagination import paginate, read_limit
from stripe_sandbox.api.requests import V2
from stripe_sandbox.backend import Backend
from stripe_sandbox.parameters.params import schema_of
from stripe_sandbox.schema import sdk_operations

_KINDS: dict[str, str] = {
    "/v1/accounts": "account",
    "/v1/apple_pay/domains": "apple_pay_domain",
    "/v1/application_fees": "application_fee",
    "/v1/billing/alerts": "billing.alert",
    "/v1/billing/credit_grants": "billing.credit_grant",
    "/v1/billing/meters": "billing.meter",
    "/v1/climate/orders": "climate.order",
    "/v1/credit_notes": "credit_note",
    "/v1/entitlements/features": "entitlements.feature",
    "/v1/file_links": "file_link",
    "/v1/files": "file",
    "/v1/financial_connections/accounts": "financial_connections.account",
    "/v1/forwarding/requests": "forwarding.request",
    "/v1/identity/verification_reports": "identity.verification_report",
    "/v1/identity/verification_sessions": "identity.verification_session",
    "/v1/invoice_rendering_templates": "invoice_rendering_template",
    "/v1/payment_links": "payment_link",
    "/v1/payment_method_domains": "payment_method_domain",
    "/v1/payouts": "payout",
    "/v1/quotes": "quote",
    "/v1/radar/early_fraud_warnings": "radar.early_fraud_warning",
    "/v1/reporting/report_runs": "reporting.report_run",
    "/v1/reviews": "review",
    "/v1/shipping_rates": "shipping_rate",
    "/v1/sigma/scheduled_query_runs": "scheduled_query_run",
    "/v1/subscription_schedules": "subscription_schedule",
    "/v1/tax/registrations": "tax.registration",
    "/v1/tax_ids": "tax_id",
    "/v1/tax_rates": "tax_rate",
    "/v1/terminal/locations": "terminal.location",
    "/v1/terminal/readers": "terminal.reader",
    "/v1/topups": "topup",
    "/v1/transfers": "transfer",
    "/v2/core/accounts": "v2.core.account",
    "/v2/core/vault/gb_bank_accounts": "v2.core.vault.gb_bank_account",
    "/v2/core/vault/us_bank_accounts": "v2.core.vault.us_bank_account",
}
"""The kind of object that each would list."""


@dataclass(frozen=True)
class EmptyList:
    """`url` has its ids in braces, `kind` is what would be listed, and `sdk_class` the module and
    the name of the SDK's class of it. `parent`: the kind of the object inside which it is."""

    url: str
    kind: str
    sdk_class: tuple[str, str]
    parent: str | None = None

    @property
    def path(self) -> str:
        """The URL as routes write it: its ids with a colon."""
        return re.sub(r"\{(\w+)\}", r":\1", self.url)

    @property
    def name(self) -> str:
        """What Stripe's messages call what would be listed: `tax rate`."""
        return self.kind.rpartition(".")[2].replace("_", " ")

    def params(self, action: str) -> type:
        """The SDK's TypedDict of the parameters to `list`, or to `retrieve` one of them."""
        module, name = self.sdk_class
        package, _, stem = module.removeprefix("stripe").rpartition(".")
        params = import_module(f"stripe.params{package}.{stem}_{action}_params")
        found: type = getattr(params, f"{name}{action.capitalize()}Params")
        return found


def _lists() -> dict[str, EmptyList]:
    classes = {**OBJECT_CLASSES, **V2_OBJECT_CLASSES}
    inside = (
        (
            "customer",
            "sources",
            "source",
            ("stripe._customer_payment_source", "CustomerPaymentSource"),
        ),
        ("customer", "tax_ids", "tax_id", ("stripe._customer_tax_id", "CustomerTaxId")),
        ("product", "features", "product_feature", ("stripe._product_feature", "ProductFeature")),
    )
    found = [EmptyList(url, kind, classes[kind]) for url, kind in _KINDS.items()]
    found += [
        EmptyList(f"/v1/{parent}s/{{{parent}}}/{last}", kind, sdk_class, parent)
        for parent, last, kind, sdk_class in inside
    ]
    return {one.url: one for one in found}


LISTS = _lists()
"""All of them, by their URLs."""


class EmptyLists:
    """Makes the endpoints of a list when they are asked for: most programs never do."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def find(self, method: str, path: str) -> Route | None:
        """The endpoint that lists, or the one that retrieves and finds nothing; None: neither."""
        if method != "GET":
            return None
        if path in LISTS:  # the SDK's operations need not be looked through
            return self._listing(LISTS[path])
        operation = sdk_operations.find(method, path)
        if operation is None:
            return None
        if operation.path in LISTS:
            return self._listing(LISTS[operation.path])
        url, _, last = operation.path.rpartition("/")
        found = LISTS.get(url) if last.startswith("{") else None
        return None if found is None else self._retrieval(found, last.strip("{}"))

    def _listing(self, found: EmptyList) -> Route:
        def answer(call: Call) -> Answer:
            self._require_parent(found, call)
            if found.url.startswith(V2):
                read_limit(call.params)
                return {"data": [], "next_page_url": None, "previous_page_url": None}
            url = found.url.format(**{found.parent: call.ids[0]}) if found.parent else found.url
            return paginate(url, [], call.params, found.name)

        parameters = found.params("list")
        filters = tuple(schema_of(parameters).names())
        return Route.listing(found.path, answer, parameters, found.kind, filters, empty=True)

    def _retrieval(self, found: EmptyList, param: str) -> Route:
        def answer(call: Call) -> Answer:
            self._require_parent(found, call)
            raise errors.no_such(found.name, call.ids[-1], param, 404)

        parameters = found.params("retrieve")
        simulates = tuple(schema_of(parameters).names())
        path = f"{found.path}/:{param}"
        return Route("GET", path, answer, parameters, found.kind, simulates, empty=True)

    def _require_parent(self, found: EmptyList, call: Call) -> None:
        if found.parent is not None:
            self._backend.require(found.parent, call.ids[0], found.parent, status=404)
