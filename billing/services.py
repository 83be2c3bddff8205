"""The composition root: builds everything from Settings, once. Nothing connects here."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import anyio

from billing.catalog import Catalog
from billing.checkout import Checkout
from billing.gateway import DEADLINE_SECONDS, StripeGateway
from billing.recent_sessions import RecentSessionsReader
from billing.store import Store
from billing.webhooks import Webhooks

if TYPE_CHECKING:
    from billing.settings import Settings


class Services:
    """What pages and routes call. Belongs to one event loop; close it with ``aclose``.

    ``stripe_name`` is how people call the Stripe at the other end: ``Local sandbox``,
    ``Stripe test mode``. ``stripe_deadline`` bounds one call with its retries, in seconds.
    """

    def __init__(
        self, settings: Settings, *, stripe_name: str, stripe_deadline: float = DEADLINE_SECONDS
    ) -> None:
        self.settings = settings
        self.stripe_name = stripe_name
        self.gateway = StripeGateway(settings, deadline=stripe_deadline)
        self.store = Store(settings.database_url)
        self.catalog = Catalog(settings, self.gateway)
        self.checkout = Checkout(settings, self.gateway, self.catalog)
        self.recent_sessions = RecentSessionsReader(self.gateway)
        self.webhooks = Webhooks(settings, self.recent_sessions)

    async def health(self) -> dict[str, str]:
        """``status``, ``mode``, ``database`` and versions; no secret among them.

        Raises ``BillingError`` when the database does not answer.
        """
        database = await anyio.to_thread.run_sync(self.store.ping)
        return {
            "status": "ok",
            "mode": self.stripe_name if self.settings.stripe_is_configured else "not configured",
            "database": database,
            "stripe": version("stripe"),
            "streamlit": version("streamlit"),
        }

    async def aclose(self) -> None:
        """Let connections to Stripe and the database go."""
        await self.gateway.aclose()
        self.store.close()
