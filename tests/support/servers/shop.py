"""The product in front of a sandbox of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import stripe
from pydantic import SecretStr

from billing.sync import checkpoint
from billing.urls import WEBHOOK_PATH
from pages.scenarios.sandbox_client import Controls
from pages.services import PageServices
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.server import listening_socket, serving
from tests.support.servers.settings import working_settings
from tests.support.servers.timings import QUICK
from tests.support.stripe.sandbox_server import price_of
from tests.support.waiting import until, wait_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from billing.services import Services
    from billing.settings.model import Settings

SYNC_STEP_SECONDS = 0.5
HOUR = 3_600.0
RETRY_DELAYS = (1.0, 5.0, 30.0)


@dataclass(frozen=True)
class Shop:
    """Routes, services and a sandbox from which no webhook arrives.

    ``stripe`` is the SDK's client on that sandbox, as another program would use it.
    """

    server: BillingServer
    stripe: stripe.StripeClient
    sandbox: Sandbox

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def services(self) -> Services:
        return self.server.services


@dataclass(frozen=True)
class ConnectedShop(Shop):
    """The same where webhooks arrive, everything is done soon, and the sandbox's controls answer.

    ``pages`` is what the launcher hands to the pages.
    """

    pages: PageServices
    controls: Controls


@contextmanager
def open_shop(
    folder: Path, settings_that_differ: Mapping[str, object] | None = None, /, **timings: Any
) -> Iterator[Shop]:
    """A shop whose databases lie in the folder; ``timings`` are those that differ."""
    with _served_sandbox(folder) as (sandbox, url):
        settings = _settings(folder, sandbox, url, **(settings_that_differ or {}))
        with billing_server(settings, **timings) as server:
            yield Shop(server, _client(url), sandbox)


@contextmanager
def connected_shop(
    folder: Path, *, sync_step_seconds: float = SYNC_STEP_SECONDS, **changed: object
) -> Iterator[ConnectedShop]:
    """A connected one, which polls each ``sync_step_seconds`` besides; ``changed`` are settings
    that differ."""
    with _served_sandbox(folder) as (sandbox, url), listening_socket() as listener:
        endpoint = f"{_address(listener)}{WEBHOOK_PATH}"
        secret = sandbox.ensure_webhook_endpoint(url=endpoint, description="The product")
        secrets = (SecretStr(secret),)
        settings = _settings(folder, sandbox, url, webhook_secrets=secrets, **changed)
        with billing_server(
            settings,
            QUICK,
            listener=listener,
            sandbox_secrets=partial(sandbox.signing_secrets, endpoint),
            sync_step_seconds=sync_step_seconds,
        ) as server:
            controls = f"{url}/_control"
            pages = PageServices(server.services, server.portal, controls)
            _wait_for_the_copy(server)
            yield ConnectedShop(server, _client(url), sandbox, pages, Controls(controls))


@contextmanager
def idle_shop(folder: Path) -> Iterator[Shop]:
    """One that has read Stripe's lists once, when they were empty, and does not again by itself."""
    with open_shop(folder, sync_step_seconds=HOUR) as shop:

        async def has_caught_up() -> object:
            saved = await shop.services.store.read(checkpoint.load)
            return saved.get("caught_up") and saved.get("as_of")

        shop.server.portal.call(until, has_caught_up, "the first step of the sync worker")
        yield shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop of the test's own."""
    with open_shop(tmp_path) as opened:
        _wait_for_the_copy(opened.server)
        yield opened


def _wait_for_the_copy(server: BillingServer) -> None:
    """Until then pages say that the history is being read."""
    wait_for(lambda: server.portal.call(server.services.mirror.state).complete, "a complete copy")


@contextmanager
def _served_sandbox(folder: Path) -> Iterator[tuple[Sandbox, str]]:
    listener = listening_socket()
    url = _address(listener)
    database = folder / "sandbox.sqlite3"
    sandbox = Sandbox(SandboxConfig(database=database, base_url=url, retry_delays=RETRY_DELAYS))
    with serving(sandbox.asgi, listener):
        yield sandbox, url


def _settings(folder: Path, sandbox: Sandbox, url: str, **values: object) -> Settings:
    return working_settings(
        folder,
        url,
        price_pro_monthly=price_of(sandbox, "pro", "Pro plan", 9900, "month"),
        price_extra_credit=price_of(sandbox, "credit", "Credit", 99),
        **values,
    )


def _client(url: str) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_of_a_stranger", base_addresses={"api": url})


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
