"""Fixtures that every test can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import stripe

from stripe_sandbox import Sandbox, SandboxConfig
from tests.support.billing_server import BillingServer, billing_server, working_settings
from tests.support.memory import keep_temporary_files_in_memory
from tests.support.server import listening_socket, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.quick",
    "tests.support.stripe_account.account",
]

keep_temporary_files_in_memory()


@pytest.fixture(scope="session", autouse=True)
def the_sdk_tries_again_soon() -> Iterator[None]:
    """Half a second before each further try is longer than most tests of a failure take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
        yield


@dataclass(frozen=True)
class Shop:
    """The product's routes and services in front of a sandbox of their own.

    ``stripe`` is the SDK's client on that sandbox, as another program would use it.
    """

    url: str
    server: BillingServer
    stripe: stripe.StripeClient
    sandbox: Sandbox


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    listener = listening_socket()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox = Sandbox(SandboxConfig(database=tmp_path / "sandbox.sqlite3", base_url=address))
    pro = sandbox.ensure_price(
        lookup_key="pro",
        product_name="Pro plan",
        unit_amount=9900,
        currency="usd",
        interval="month",
    )
    credit = sandbox.ensure_price(
        lookup_key="credit", product_name="Credit", unit_amount=99, currency="usd", interval=None
    )
    settings = working_settings(tmp_path, address, price_pro_monthly=pro, price_extra_credit=credit)
    client = stripe.StripeClient("sk_test_of_a_stranger", base_addresses={"api": address})
    with serving(sandbox.asgi, listener), billing_server(settings) as server:
        yield Shop(server.url, server, client, sandbox)
