"""Stripe's paths without the ids in them, of which there are as many as objects."""

from __future__ import annotations

from functools import lru_cache

# The words of the paths that this product asks for; whatever else stands in one is an id.
WORDS = frozenset(
    (
        *("v1", "account", "attach", "billing_portal", "checkout", "close", "customers"),
        *("disputes", "events", "expire", "invoice_payments", "invoices", "line_items", "pay"),
        *(
            "payment_intents",
            "payment_methods",
            "prices",
            "refunds",
            "resume",
            "sessions",
            "subscriptions",
        ),
        *("webhook_endpoints", "v2", "core", "event_destinations"),
        *("enable", "disable", "charges", "test_helpers", "test_clocks"),
    )
)


@lru_cache(maxsize=1024)
def path_template(path: str) -> str:
    """``path`` with ``{id}`` for each id: ``/v1/customers/{id}``."""
    return "/".join(part if part in WORDS or not part else "{id}" for part in path.split("/"))
