"""Which versions a request, an endpoint and the account may have."""

from __future__ import annotations

import pytest
import stripe

from stripe_sandbox.errors import StripeError
from stripe_sandbox.versions import releases
from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server


def test_the_newest_is_the_sdks_own() -> None:
    """And the last of the releases."""
    assert releases.RELEASES[-1] == releases.NEWEST == stripe.api_version
    assert releases.RELEASES[0] == releases.OLDEST


@pytest.mark.parametrize("suffix", ["", "; some_beta=v1", ";a_beta=v2;b_beta=v1", " "])
@pytest.mark.parametrize("version", releases.RELEASES)
def test_every_release_is_read(version: str, suffix: str) -> None:
    """What an SDK with a beta switched on sends is the same version."""
    assert releases.read(version + suffix) == version


@pytest.mark.parametrize("version", ["", "x", "2026-10-28", "2026-10-28.basil", "2099-01-01"])
def test_nonsense_is_refused_in_stripes_words(shared_server: SandboxServer, version: str) -> None:
    """The answer has the account's version."""
    answer = Older(shared_server, version).send("GET", "/v1/products", {})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Invalid Stripe API version: {version}"
    assert answer.headers["Stripe-Version"] == releases.NEWEST


def test_a_version_of_before_is_refused_by_name() -> None:
    """Stripe has it, the sandbox has not."""
    with pytest.raises(StripeError, match=r"from .* to .*, not 2019-05-16\.") as refusal:
        releases.read("2019-05-16")
    assert refusal.value.code == "sandbox_not_simulated"


def test_the_accounts_version_counts_where_a_request_names_none() -> None:
    """The answer says which it was, and so does an event."""
    with sandbox_server(None, api_version=releases.OLDEST) as server:
        answer = server.post("/v1/products", {"name": "Tea"})
        assert answer.headers["Stripe-Version"] == releases.OLDEST
        newest = Older(server, releases.NEWEST)
        events = newest.get("/v1/events", type="product.created")["data"]
        assert events[0]["api_version"] == releases.OLDEST
        assert newest.get(f"/v1/events/{events[0]['id']}")["api_version"] == releases.OLDEST
