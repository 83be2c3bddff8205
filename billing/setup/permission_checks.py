"""The permissions that the key needs, and how to test each without changing anything.

https://docs.stripe.com/keys/restricted-api-keys
https://docs.stripe.com/keys/permissions-reference
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.stripe_api.gateway import StripeGateway

# The account, the Prices and the webhook endpoints have checks of their own.
READ = {
    "Checkout Sessions": "/v1/checkout/sessions",
    "Events": "/v1/events",
    "PaymentIntents": "/v1/payment_intents",
    "Invoices": "/v1/invoices",
    "Subscriptions": "/v1/subscriptions",
    "Charges and Refunds": "/v1/refunds",
    "Disputes": "/v1/disputes",
    "Customers": "/v1/customers",
}


def probes(gateway: StripeGateway) -> dict[str, Callable[[], Awaitable[None]]]:
    """A call for each permission, by its name; it raises ``StripeFailure`` where that lacks."""
    probes: dict[str, Callable[[], Awaitable[None]]] = {
        "Write Checkout Sessions": gateway.check_session_write_permission
    }
    for name, path in READ.items():
        probes[f"Read {name}"] = partial(gateway.check_read_permission, path)
    return probes
