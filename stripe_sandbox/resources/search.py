"""The search endpoints (https://docs.stripe.com/search): what was written is found at once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from stripe.params._charge_search_params import ChargeSearchParams
from stripe.params._customer_search_params import CustomerSearchParams
from stripe.params._invoice_search_params import InvoiceSearchParams
from stripe.params._payment_intent_search_params import PaymentIntentSearchParams
from stripe.params._price_search_params import PriceSearchParams
from stripe.params._product_search_params import ProductSearchParams
from stripe.params._subscription_search_params import SubscriptionSearchParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import SearchPage, read_limit
from stripe_sandbox.backend import Backend
from stripe_sandbox.search.conditions import condition
from stripe_sandbox.search.query import parse

_PARAMETERS: dict[str, type] = {
    "charge": ChargeSearchParams,
    "customer": CustomerSearchParams,
    "invoice": InvoiceSearchParams,
    "payment_intent": PaymentIntentSearchParams,
    "price": PriceSearchParams,
    "product": ProductSearchParams,
    "subscription": SubscriptionSearchParams,
}


class Search:
    """Finds objects of each kind that Stripe searches, the newest first."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route(
                "GET",
                f"/v1/{kind}s/search",
                self._searching(kind),
                parameters,
                kind,
                ("limit", "page", "query"),
                lists=True,
                searches=True,
            )
            for kind, parameters in _PARAMETERS.items()
        ]

    def _searching(self, kind: str) -> Callable[[Call], SearchPage]:
        def search(call: Call) -> SearchPage:
            objects, params = self._backend.objects, call.params
            sql, values = condition(kind, parse(params["query"]))
            limit = read_limit(params)
            after = _decoded(params["page"]) if "page" in params else None
            rows = objects.search(kind, sql, values, after, limit + 1)
            page = rows[:limit]
            return SearchPage(
                f"/v1/{kind}s/search",
                [body for _, _, body in page],
                _encoded(page[-1][:2]) if len(rows) > limit else None,
                lambda: objects.count(kind, sql, values),
            )

        return search


def _encoded(position: tuple[int, int]) -> str:
    """A `next_page` that says where the page ends."""
    return base64.urlsafe_b64encode("{}.{}".format(*position).encode()).decode().rstrip("=")


def _decoded(page: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(page + "=" * (-len(page) % 4), altchars=b"-_", validate=True)
        created, seq = text.decode().split(".")
        return int(created), int(seq)
    except (binascii.Error, ValueError):
        raise errors.bad_parameter(
            f"Invalid page: {page}. Use the `next_page` of a former answer.", "page"
        ) from None
