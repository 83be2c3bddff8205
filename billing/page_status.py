"""What pages show that no transaction tells of, in short: so that a change of it can be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from billing.actions.second_subscriptions import SecondSubscriptions
    from billing.catalog import Catalog
    from billing.events.log import EventLog
    from billing.health import Health
    from billing.settings.model import Settings


class PageStatus:
    """How far our copy goes, the Prices, how events arrive, who has a subscription twice."""

    def __init__(
        self,
        settings: Settings,
        health: Health,
        catalog: Catalog,
        event_log: EventLog,
        second_subscriptions: SecondSubscriptions,
    ) -> None:
        self._settings = settings
        self._health = health
        self._catalog = catalog
        self._event_log = event_log
        self._second_subscriptions = second_subscriptions

    async def look(self) -> Hashable:
        """All of it, but for what is new each time: times and Stripe's request ids. Raises
        ``BillingError`` when the database does not answer."""
        state = await self._health.sync_state()
        shown = replace(state, as_of=0.0, age=None, request_id=None), state.stale_reason is None
        if not self._settings.stripe_is_configured:
            return shown
        prices = [await self._catalog.cached_price(kind) for kind in Kind]
        found = [(one.price, str(one.failure)) for one in prices]
        delivery = await self._event_log.delivery_health()
        second = [one.second.id for one in await self._second_subscriptions.all()]
        return *shown, *found, delivery.level, delivery.next_step, *second
