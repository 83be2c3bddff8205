"""The product and a sandbox that know each other: webhooks arrive, the controls answer."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import stripe
from anyio.from_thread import BlockingPortal
from pydantic import SecretStr
from starlette.applications import Starlette

from billing.routes import routes
from billing.services import Services
from billing.sync.reset import AccountReset
from billing.urls import WEBHOOK_PATH
from pages.scenarios.sandbox_client import Controls
from pages.services import PageServices
from stripe_sandbox import Sandbox, SandboxConfig
from tests.support.billing_server import working_settings
from tests.support.quick_services import quick_services
from tests.support.server import listening_socket, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

STEP_SECONDS = 0.5
RETRY_DELAYS = (1.0, 5.0, 30.0)


@dataclass(frozen=True)
class ConnectedShop:
    """``pages`` is what the launcher hands to the pages; ``stripe`` the SDK on the sandbox."""

    pages: PageServices
    controls: Controls
    stripe: stripe.StripeClient

    @property
    def services(self) -> Services:
        return self.pages.services


@contextmanager
def connected_shop(folder: Path) -> Iterator[ConnectedShop]:
    """Both, with short waits, in ``folder``."""
    stripe_listener, shop_listener = listening_socket(), listening_socket()
    stripe_url, shop_url = (
        f"http://127.0.0.1:{listener.getsockname()[1]}"
        for listener in (stripe_listener, shop_listener)
    )
    sandbox = Sandbox(
        SandboxConfig(
            database=folder / "sandbox.sqlite3", base_url=stripe_url, retry_delays=RETRY_DELAYS
        )
    )
    settings = working_settings(
        folder,
        stripe_url,
        webhook_secrets=(
            SecretStr(
                sandbox.ensure_webhook_endpoint(
                    url=f"{shop_url}{WEBHOOK_PATH}", description="The product"
                )
            ),
        ),
        price_pro_monthly=sandbox.ensure_price(
            lookup_key="pro",
            product_name="Pro plan",
            unit_amount=9900,
            currency="usd",
            interval="month",
        ),
        price_extra_credit=sandbox.ensure_price(
            lookup_key="credit",
            product_name="Credit",
            unit_amount=99,
            currency="usd",
            interval=None,
        ),
    )
    held: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        services = quick_services(settings, sync_step_seconds=STEP_SECONDS)
        services.account_reset = AccountReset(
            services.gateway, services.store, services.sync_worker
        )
        async with services.running(), BlockingPortal() as portal:
            held.update(services=services, portal=portal)
            yield

    app = Starlette(routes=routes(lambda: held["services"]), lifespan=lifespan)
    controls_url = f"{stripe_url}/_control"
    with serving(sandbox.asgi, stripe_listener), serving(app, shop_listener):
        yield ConnectedShop(
            PageServices(held["services"], held["portal"], controls_url),
            Controls(controls_url),
            stripe.StripeClient("sk_test_of_a_stranger", base_addresses={"api": stripe_url}),
        )
