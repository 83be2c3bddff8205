"""Lists of what cannot exist here: empty, as in a new account. Nothing is found in them, and
nothing can be created."""

from __future__ import annotations

import re
from importlib import import_module

from stripe._object_classes import OBJECT_CLASSES, V2_OBJECT_CLASSES

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Answer, Call, Route
from stripe_sandbox.api.pagination import paginate, read_limit
from stripe_sandbox.backend import Backend
from stripe_sandbox.parameters.params import schema_of
from stripe_sandbox.schema import sdk_operations

LISTS: dict[str, str] = {
    "/v1/accounts": "account",
    "/v1/apple_pay/domains": "apple_pay_domain",
    "/v1/application_fees": "application_fee",
    "/v1/billing/alerts": "billing.alert",
    "/v1/billing/credit_grants": "billing.credit_grant",
    "/v1/billing/meters": "billing.meter",
    "/v1/climate/orders": "climate.order",
    "/v1/coupons": "coupon",
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
    "/v1/promotion_codes": "promotion_code",
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


_NESTED: dict[str, tuple[str, str, str]] = {
    "/v1/customers/{customer}/sources": ("customer", "source", "customer_payment_source"),
    "/v1/customers/{customer}/tax_ids": ("customer", "tax_id", "customer_tax_id"),
    "/v1/products/{product}/features": ("product", "product_feature", "product_feature"),
}
"""Lists inside an object: its kind, what the list would hold, and how the SDK's modules of
parameters begin."""

URLS = frozenset((*LISTS, *_NESTED))
"""All of them, ids in braces."""


class EmptyLists:
    """Makes the endpoints of a list when they are asked for: most programs never do."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def find(self, method: str, path: str) -> Route | None:
        """The endpoint that lists, or the one that retrieves and finds nothing; None: neither."""
        if method != "GET":
            return None
        if path in LISTS:  # the SDK's operations need not be looked through
            return self._listing(path)
        operation = sdk_operations.find(method, path)
        if operation is None:
            return None
        url, _, last = operation.path.rpartition("/")
        if operation.path in _NESTED:
            return self._listing(operation.path)
        return self._retrieval(url, last.strip("{}")) if url in URLS and last[0] == "{" else None

    def _listing(self, url: str) -> Route:
        name, parameters = _named(url), _params(url, "list")

        def answer(call: Call) -> Answer:
            self._require_parent(url, call)
            if url.startswith("/v2/"):
                read_limit(call.params)
                return {"data": [], "next_page_url": None, "previous_page_url": None}
            return paginate(_filled(url, call), [], call.params, name)

        filters = tuple(schema_of(parameters).names())
        return Route.listing(_route_path(url), answer, parameters, _kind(url), filters, empty=True)

    def _retrieval(self, url: str, param: str) -> Route:
        name, parameters = _named(url), _params(url, "retrieve")

        def answer(call: Call) -> Answer:
            self._require_parent(url, call)
            raise errors.no_such(name, call.ids[-1], param, 404)

        simulates = tuple(schema_of(parameters).names())
        path = f"{_route_path(url)}/:{param}"
        return Route("GET", path, answer, parameters, _kind(url), simulates, empty=True)

    def _require_parent(self, url: str, call: Call) -> None:
        if url in _NESTED:
            kind = _NESTED[url][0]
            self._backend.require(kind, call.ids[0], kind, status=404)


def _kind(url: str) -> str:
    return _NESTED[url][1] if url in _NESTED else LISTS[url]


def _named(url: str) -> str:
    """What Stripe's messages call what would be listed: `tax rate`."""
    return _kind(url).rpartition(".")[2].replace("_", " ")


def _route_path(url: str) -> str:
    return url.replace("{", ":").replace("}", "")


def _filled(url: str, call: Call) -> str:
    """The list's own URL: with the ids of the request."""
    return re.sub(r"\{\w+\}", call.ids[0], url) if call.ids else url


def _params(url: str, action: str) -> type:
    """The SDK's TypedDict of the parameters with which the list is read, or one of it is
    retrieved."""
    if url in _NESTED:
        stem = f"stripe._{_NESTED[url][2]}"
        name = stem.partition("_")[2].title().replace("_", "")
    else:
        stem, name = {**OBJECT_CLASSES, **V2_OBJECT_CLASSES}[LISTS[url]]
    package, _, stem = stem.rpartition(".")
    params = import_module(f"stripe.params{package.removeprefix('stripe')}.{stem}_{action}_params")
    found: type = getattr(params, f"{name}{action.capitalize()}Params")
    return found
