"""A month of plausible history for a demo: what it sells, and how it comes about."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import APP, REFERENCE, Kind
from billing.domain.sessions.source import SOURCE, Source
from billing.errors import BillingError
from pages.scenarios.sandbox_client import Controls
from pages.scenarios.sandbox_requests import ANY_KEY

if TYPE_CHECKING:
    from typing import Any

    from billing.services import Services

log = logging.getLogger(__name__)

DAYS = 30
SESSIONS = 400
SIZES = (SESSIONS, 2_000, 10_000)  # from a small shop's to what takes a few minutes
SEED = 7  # the same data each time, so that a demo can be rehearsed
WEIGHTS = {Kind.PRO: 2, Kind.CREDITS: 3}
QUANTITIES = {Kind.PRO: (1, 1), Kind.CREDITS: (1, 60)}
RETRY_SECONDS = 0.2


async def replace_with_demo(
    services: Services, controls: Controls, count: int = SESSIONS, source: Source = Source.DEMO
) -> int:
    """Replace all data of the sandbox, and ours, by a history of so many sessions from that source;
    how many it has.

    Raises ``ControlFailure``, ``StripeFailure`` or ``StoreFailure``.
    """
    sold = products(services, source)

    def simulate() -> int:
        controls.reset()
        return controls.fill(days=DAYS, sessions=count, products=sold, seed=SEED)

    return await services.simulated_history.replace(simulate)


async def fill_once_serving(services: Services, controls_url: str) -> None:
    """The same as soon as this process's own server answers, as if the page had sold it all: what
    the audience sees sold counts with it."""
    controls = Controls(controls_url, services.settings.secret_key or ANY_KEY)
    while True:
        try:
            await asyncio.to_thread(controls.state)
            break
        except BillingError:
            await asyncio.sleep(RETRY_SECONDS)
    try:
        await replace_with_demo(services, controls, source=Source.PAGE)
    except BillingError as failure:
        log.error("The demo data could not be created: %s", failure)  # noqa: TRY400 - it says all


def products(services: Services, source: Source = Source.DEMO) -> list[dict[str, Any]]:
    """Our own two Prices, with the metadata of this app's sessions and payments."""
    return [_product(services, kind, source) for kind in Kind]


def _product(services: Services, kind: Kind, source: Source) -> dict[str, Any]:
    metadata = {
        "app": APP,
        "kind": kind.value,
        "quantity": "{quantity}",
        "made_by": "demo history",
        SOURCE: source.value,
    }
    product = {
        "price": services.catalog.configured_id(kind),
        "mode": kind.mode,
        "weight": WEIGHTS[kind],
        "quantity": list(QUANTITIES[kind]),
        "metadata": metadata,
    }
    if kind is Kind.CREDITS:
        product["payment_metadata"] = metadata | {REFERENCE: "{reference}"}
    return product
