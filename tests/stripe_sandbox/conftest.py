"""A sandbox for each test, or one for those that only read or do not mind what others leave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server
from tests.support.stripe.stripe_types import assert_fits


@pytest.fixture(scope="module")
def shared_server() -> Iterator[SandboxServer]:
    """One sandbox for the tests of a file that do not mind what the others leave in it. All thin
    events of what they did fit Stripe's types."""
    with sandbox_server(None) as server:
        yield server
        for thin in server.stripe.v2.core.events.list({"limit": 100}).auto_paging_iter():
            assert_fits(thin.to_dict())


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox of the test's own."""
    with sandbox_server(None, retry_delays=(10.0, 100.0)) as server:
        yield server
