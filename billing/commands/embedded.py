"""The embedded sandbox as commands find it: the one of the dashboard that runs in this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.sandbox_key import load_sandbox_key
from billing.errors import InvalidInput
from billing.settings.embedded import (
    BILLING_DATABASE,
    CREDIT_PRICE,
    PRO_PRICE,
    SANDBOX_DATABASE,
)
from billing.settings.model import LOCAL_SANDBOX
from billing.store.engine.instance_lock import running_at
from billing.stripe_api.gateway import StripeGateway

if TYPE_CHECKING:
    from billing.settings.model import Settings


async def with_running_sandbox(settings: Settings) -> Settings:
    """The settings, where no key is set with the sandbox of the dashboard that runs in this
    folder. Raises ``InvalidInput`` where none does, and
    ``StoreFailure``."""
    if not settings.wants_sandbox:
        return settings
    address = running_at(SANDBOX_DATABASE)
    if not address:
        raise InvalidInput(
            "No key is set, and no dashboard with its sandbox runs in this folder.",
            "Start it with make run, or set STRIPE_SECRET_KEY.",
        )
    settings = settings.with_defaults(
        source=LOCAL_SANDBOX,
        secret_key=load_sandbox_key(),
        api_base=f"{address}/sandbox",
        database_url=BILLING_DATABASE,
    )
    gateway = StripeGateway(settings)
    try:
        prices = [
            found[0]["id"] if (found := await gateway.list_prices(price["lookup_key"])) else None
            for price in (PRO_PRICE, CREDIT_PRICE)
        ]
    finally:
        await gateway.aclose()
    return settings.with_defaults(
        source=LOCAL_SANDBOX, price_pro_monthly=prices[0], price_extra_credit=prices[1]
    )
