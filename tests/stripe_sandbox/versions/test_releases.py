"""Which versions a request, an endpoint and the account may have."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from stripe_sandbox.errors import StripeError
from stripe_sandbox.storage.json_text import dump, dump_list
from stripe_sandbox.versions import releases
from stripe_sandbox.versions.changes import CHANGES
from stripe_sandbox.versions.translation import Translations
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
        assert events[0]["data"]["object"]["features"] == []
        assert newest.get(f"/v1/events/{events[0]['id']}")["api_version"] == releases.OLDEST


def test_the_newest_is_not_translated(shared_server: SandboxServer) -> None:
    """Objects are not even looked at, and an answer is the stored object, byte for byte."""
    objects = shared_server.sandbox._backend.objects
    translation = Translations(objects).of(releases.NEWEST)
    value = {"object": "invoice", "lines": {"object": "list", "data": [{"object": "line_item"}]}}
    assert translation.lower(value) is value
    bodies = [dump(value)]
    assert translation.lower_bodies("invoice", bodies) is bodies
    subscription = shared_server.paid_subscription()
    stored = dump(objects.get("subscription", subscription["id"]))
    assert shared_server.fetch(f"/v1/subscriptions/{subscription['id']}").text == stored
    listed = dump_list("/v1/subscriptions", [stored], has_more=False)
    assert shared_server.fetch("/v1/subscriptions").text == listed


def test_each_change_is_of_a_version_that_stripe_has() -> None:
    """In their order, and none of before the first that is served."""
    versions = [change.version for change in CHANGES]
    assert versions == sorted(versions)
    assert set(versions) <= set(releases.RELEASES[1:])


@pytest.mark.parametrize(
    ("version", "path", "params", "param"),
    [
        ("2026-06-24.dahlia", "/v1/checkout/sessions",
         {"line_items": [{"dynamic_tax_rates": ["txr_1"]}]}, "line_items[0][dynamic_tax_rates]"),
        ("2025-02-24.acacia", "/v1/prices",
         {"recurring": {"aggregate_usage": "sum"}}, "recurring[aggregate_usage]"),
        ("2023-10-16", "/v1/webhook_endpoints",
         {"enabled_events": ["charge.failed", "sku.created"]}, "enabled_events[1]"),
    ],
)  # fmt: skip
def test_what_only_a_version_has_is_refused_by_name(
    shared_server: SandboxServer, version: str, path: str, params: dict[str, Any], param: str
) -> None:
    """Where the sandbox does not simulate it; the newest does not know it."""
    error = Older(shared_server, version).refusal("POST", path, **params)
    assert (error["code"], error["param"]) == ("sandbox_not_simulated", param)
    newest = Older(shared_server, releases.NEWEST).refusal("POST", path, **params)
    assert newest.get("code") != "sandbox_not_simulated"
