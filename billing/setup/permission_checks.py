"""What the key has to be allowed, and how to try each permission without changing anything.

https://docs.stripe.com/keys/restricted-api-keys
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
}


def trials(gateway: StripeGateway) -> dict[str, Callable[[], Awaitable[None]]]:
    """By the permission's name what to call: it raises ``StripeFailure`` when that is lacking."""
    trials: dict[str, Callable[[], Awaitable[None]]] = {
        "Write Checkout Sessions": gateway.check_session_write_permission
    }
    for name, path in READ.items():
        trials[f"Read {name}"] = partial(gateway.check_read_permission, path)
    return trials
