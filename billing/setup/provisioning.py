"""Creates what is missing in the Stripe account: the two Prices and the webhook endpoint."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import APP
from billing.errors import InvalidInput, StripeFailure
from billing.settings.model import PUBLIC_URL, WEBHOOK_SECRET, Settings
from billing.setup.findings import Missing
from billing.setup.price_checks import PLANNED, PlannedPrice
from billing.setup.webhook_checks import ENDPOINT_EVENTS, all_endpoints, registered_at
from billing.urls import webhook_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.catalog import Catalog
    from billing.stripe_api.gateway import StripeGateway


@dataclass(frozen=True)
class CreatedObject:
    """What was created: its ``id``, and the ``value`` that belongs into ``setting``.

    Of a webhook endpoint the value is the signing secret, which Stripe returns only once.
    """

    id: str
    setting: str
    value: SecretStr

    @property
    def is_found_by_key(self) -> bool:
        """It is a Price, which the app finds by its lookup key where the setting is unset."""
        return self.setting != WEBHOOK_SECRET


def planned_price(missing: Missing) -> PlannedPrice | None:
    """The Price that ``missing`` stands for, or None for the webhook endpoint."""
    return next((price for price in PLANNED if price.missing is missing), None)


@contextmanager
def write_permission(
    instead: str, what: str = "Products, Prices and Webhook Endpoints"
) -> Iterator[None]:
    """Where the key may not write, what to allow, or to do ``instead``."""
    try:
        yield
    except StripeFailure as failure:
        if failure.status != 403:
            raise
        raise StripeFailure(
            failure.message,
            f"Give the key write permission for {what}, or {instead}.",
            request_id=failure.request_id,
            status=failure.status,
            code=failure.code,
        ) from None


class AccountSetup:
    """Creates objects in the account of the key.

    Raises ``StripeFailure`` or ``NotConfigured`` as the gateway does, ``InvalidInput`` when the
    object exists already.
    """

    def __init__(self, settings: Settings, gateway: StripeGateway, catalog: Catalog) -> None:
        self._settings = settings
        self._gateway = gateway
        self._catalog = catalog

    @property
    def webhook_url(self) -> str:
        """Where the endpoint would lead. Raises ``NotConfigured`` without a public URL."""
        return webhook_url(self._settings.require(PUBLIC_URL, self._settings.public_url))

    @requires(Permission.SET_UP, does="Create the missing Prices")
    async def create_prices(self, *, idempotency_key: str) -> bool:
        """Create the Prices that no setting names, where the account has none; they are sold at
        once, here and by every process that uses the account. Returns True."""
        for planned in PLANNED:
            if self._catalog.configured_id(planned.kind) is None:
                key = f"{idempotency_key}-{planned.kind}"
                await self.create(planned.missing, idempotency_key=key)
        return True

    @requires(Permission.SET_UP, does="Add types of event to the endpoints that lead here")
    async def add_event_types(self) -> list[str]:
        """Have every enabled endpoint at this app's address receive all types of event that are
        needed here, besides those that it does; the ids of the endpoints that were changed.

        Raises ``InvalidInput`` when there is no such endpoint.
        """
        endpoints = registered_at(await all_endpoints(self._gateway), self.webhook_url)
        enabled = [one for one in endpoints if one.get("status") == "enabled"]
        if not enabled:
            raise InvalidInput(
                "There is no enabled webhook endpoint with this app's address any more.",
                "Check the setup again.",
            )
        changed = []
        for endpoint in enabled:
            events = endpoint.get("enabled_events") or []
            lacking = [one for one in ENDPOINT_EVENTS if one not in events and "*" not in events]
            if lacking:
                wanted = [*events, *lacking]
                is_thin = bool(endpoint.get("thin"))
                gateway = self._gateway
                update = (
                    gateway.update_thin_destination if is_thin else gateway.update_webhook_endpoint
                )
                with write_permission("add them in the Stripe Dashboard"):
                    await update(endpoint["id"], {"enabled_events": wanted})
                changed.append(endpoint["id"])
        return changed

    @requires(Permission.SET_UP, creates="id", does="Create what is missing: {missing}")
    async def create(
        self, missing: Missing, *, idempotency_key: str, thin: bool = False
    ) -> CreatedObject:
        """Create it; with the same ``idempotency_key`` only once. A ``thin`` endpoint is an event
        destination for thin events."""
        if thin:
            with write_permission("choose snapshot events", "Event Destinations"):
                return await self._endpoint(idempotency_key, thin=True)
        with write_permission("create it in the Stripe Dashboard"):
            if price := planned_price(missing):
                created = await self._price(price, idempotency_key)
                self._catalog.expire()
                return created
            return await self._endpoint(idempotency_key)

    @requires(Permission.SET_UP, reads=True)
    async def no_thin_events(self) -> str:
        """Why no endpoint for thin events can be created, in words; empty when one can. Raises
        ``StripeFailure`` when Stripe does not say."""
        try:
            await self._gateway.list_thin_destinations()
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
            return f"This key may not use event destinations: {failure.message}"
        return ""

    async def _price(self, planned: PlannedPrice, idempotency_key: str) -> CreatedObject:
        """An active Price with the same lookup key and amount is used instead of a second one."""
        for price in await self._gateway.list_prices(planned.lookup_key):
            recurring = price.get("recurring") or {}
            is_amount = (price.get("unit_amount"), price["currency"], recurring.get("interval"))
            if is_amount == (planned.unit_amount, planned.currency, planned.interval):
                return CreatedObject(price["id"], planned.setting, SecretStr(price["id"]))
        price = await self._gateway.create_price(
            {**planned.params, "metadata": {"app": APP}}, idempotency_key
        )
        return CreatedObject(price["id"], planned.setting, SecretStr(price["id"]))

    async def _endpoint(self, idempotency_key: str, *, thin: bool = False) -> CreatedObject:
        url = self.webhook_url
        for endpoint in registered_at(await all_endpoints(self._gateway), url):
            # One from this very press is asked for again below: Stripe repeats its answer.
            if (endpoint.get("metadata") or {}).get("press") != idempotency_key:
                raise InvalidInput(
                    f"A webhook endpoint with this URL already exists: {endpoint['id']}.",
                    f"Copy its signing secret from the Stripe Dashboard into {WEBHOOK_SECRET}.",
                )
        make = self._gateway.create_webhook_endpoint
        if thin:
            make = self._gateway.create_thin_destination
        endpoint = await make(
            {
                "url": url,
                "enabled_events": list(ENDPOINT_EVENTS),
                "description": "The billing dashboard",
                "metadata": {"app": APP, "press": idempotency_key},
            },
            idempotency_key,
        )
        return CreatedObject(endpoint["id"], WEBHOOK_SECRET, SecretStr(endpoint["secret"]))
