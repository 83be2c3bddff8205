"""Older releases of Stripe's SDK live through a shop's whole life, each in its own version."""

from __future__ import annotations

import pytest

from tests.support.older_sdk.runs import run_python
from tests.support.stripe.sandbox_server import SandboxServer


@pytest.mark.parametrize("major", [8])
def test_an_older_sdk_buys_and_gets_objects_of_its_types(
    shared_server: SandboxServer, major: int
) -> None:
    """From the customer to the portal, with events whose signature it verifies."""
    outcome = run_python(major, shared_server.url, types=True)
    assert outcome.faults == []
    assert outcome.objects > 40
