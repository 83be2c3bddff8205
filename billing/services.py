"""The composition root: builds everything from Settings, once. Nothing connects here."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from billing.account_setup import AccountSetup
from billing.catalog import Catalog
from billing.checkout import Checkout
from billing.diagnosis import Diagnosis
from billing.event_log import EventLog
from billing.follower import Follower
from billing.fresh_start import FreshStart
from billing.fulfillment import Fulfillment
from billing.gateway import DEADLINE_SECONDS, StripeGateway
from billing.mirror import Mirror
from billing.session_reader import SessionReader
from billing.sessions import Sessions
from billing.setting_sources import load_settings
from billing.settings import DEFAULT_DATABASE_URL, Settings
from billing.settlement import Settlement
from billing.store import Store
from billing.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

log = logging.getLogger(__name__)

RESTART_SECONDS = 5.0


class Services:
    """What pages and routes call. Belongs to one event loop; use it within ``running``.

    ``stripe_name`` is how people call the Stripe at the other end: ``Local sandbox``,
    ``Stripe test mode``. ``stripe_deadline`` bounds one call with its retries, in seconds;
    ``stripe_turns_per_second`` how fast lists are read and events settled; ``read_settings`` reads
    anew what is written, to say what has changed since.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        stripe_name: str,
        stripe_deadline: float = DEADLINE_SECONDS,
        stripe_turns_per_second: float | None = None,
        read_settings: Callable[[], Settings] = load_settings,
    ) -> None:
        self.settings = settings
        self.stripe_name = stripe_name
        self.gateway = StripeGateway(
            settings, deadline=stripe_deadline, turns_per_second=stripe_turns_per_second
        )
        self.store = Store(settings.database_url or DEFAULT_DATABASE_URL)
        self.catalog = Catalog(settings, self.gateway)
        self.diagnosis = Diagnosis(
            settings, self.gateway, self.catalog, self.store, read_settings=read_settings
        )
        self.account_setup = AccountSetup(settings, self.gateway)
        reader = SessionReader(self.gateway, self.catalog, self.store)
        self.fulfillment = Fulfillment(self.gateway, reader, self.store)
        self.settlement = Settlement(self.store, self.fulfillment)
        self.mirror = Mirror(self.store)
        self.follower = Follower(
            self.gateway,
            self.store,
            self.fulfillment,
            self.settlement,
            embedded=settings.is_embedded,
        )
        self.checkout = Checkout(settings, self.gateway, self.catalog, self.mirror)
        self.sessions = Sessions(
            settings,
            self.gateway,
            reader,
            self.store,
            self.fulfillment,
            self.mirror,
            self.checkout,
        )
        self.webhooks = Webhooks(settings, self.store, self.settlement)
        self.event_log = EventLog(settings, self.store, self.settlement, self.mirror)
        self.fresh_start = FreshStart(self.gateway, self.store, self.follower)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The work behind the scenes: events are settled, the mirror is kept in step."""
        work = (
            (self.settlement.run, self.follower.run) if self.settings.stripe_is_configured else ()
        )
        tasks = [asyncio.create_task(_kept_running(run)) for run in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.aclose()

    async def health(self) -> dict[str, str]:
        """``status``, ``mode``, ``database`` and versions; no secret among them.

        Raises ``BillingError`` when the database does not answer.
        """
        database = await self.store.ping()
        return {
            "status": "ok",
            "mode": self.stripe_name if self.settings.stripe_is_configured else "not configured",
            "database": database,
            "stripe": version("stripe"),
            "streamlit": version("streamlit"),
        }

    async def aclose(self) -> None:
        """Let connections to Stripe and the database go."""
        await self.catalog.aclose()
        await self.gateway.aclose()
        await self.mirror.aclose()
        self.store.close()


async def _kept_running(run: Callable[[], Awaitable[None]]) -> None:
    """One mistake in the work behind the scenes must not end it for good."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("Work behind the scenes failed; it starts again")
        await asyncio.sleep(RESTART_SECONDS)
