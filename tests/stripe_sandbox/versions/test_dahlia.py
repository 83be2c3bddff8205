"""What 2026-03-25.dahlia changed."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

BEFORE, SINCE = "2026-02-25.clover", "2026-03-25.dahlia"
LATER = "2026-07-29.dahlia"


def test_a_session_is_hosted_before(shared_server: SandboxServer) -> None:
    """And on a page of Stripe's since: in its creation, its retrieval and a list."""
    older, newer = Older(shared_server, BEFORE), Older(shared_server, SINCE)
    params = shared_server.params(ui_mode="hosted")
    session = older.post("/v1/checkout/sessions", **params)
    path = f"/v1/checkout/sessions/{session['id']}"
    assert session["ui_mode"] == older.get(path)["ui_mode"] == "hosted"
    assert {one["ui_mode"] for one in older.get("/v1/checkout/sessions")["data"]} == {"hosted"}
    assert newer.get(path)["ui_mode"] == "hosted_page"
    assert newer.refusal("POST", "/v1/checkout/sessions", **params)["param"] == "ui_mode"


def test_what_is_refused_is_named_as_the_request_does(shared_server: SandboxServer) -> None:
    """Words of newer versions are none."""
    older = Older(shared_server, BEFORE)
    for mode, words in (
        ("embedded", "not supported with `ui_mode: embedded`: cancel_url, success_url."),
        ("hosted_page", "Invalid ui_mode: must be one of custom, embedded, or hosted"),
    ):
        params = shared_server.params(ui_mode=mode)
        error = older.refusal("POST", "/v1/checkout/sessions", **params)
        assert words in error["message"]


def test_each_endpoint_gets_events_of_its_version(server: SandboxServer) -> None:
    """One created with an `api_version` that one, the others the account's."""
    for version in ({"api_version": BEFORE}, {}):
        params: Any = {"url": server.receiver.url, "enabled_events": ["checkout.session.completed"]}
        made = Older(server, SINCE).post("/v1/webhook_endpoints", **params, **version)
        assert made["api_version"] == version.get("api_version")
    server.pay(server.create().id)
    wait_for(lambda: len(server.receiver.received) == 2)
    got = {
        event["api_version"]: event["data"]["object"]["ui_mode"]
        for event in server.receiver.events()
    }
    [shown] = Older(server, BEFORE).get("/v1/events", type="checkout.session.completed")["data"]
    assert got == {BEFORE: "hosted", shown["api_version"]: "hosted_page"}
    assert shown["data"]["object"]["ui_mode"] == "hosted_page"


def test_intents_have_allowed_payment_method_types_since(shared_server: SandboxServer) -> None:
    """From 2026-07-29 on, before sessions."""
    older, newer = Older(shared_server, "2026-06-24.dahlia"), Older(shared_server, LATER)
    payment = newer.post("/v1/payment_intents", amount=500, currency="usd")
    for made in (payment, newer.post("/v1/setup_intents")):
        assert made["allowed_payment_method_types"] is None
        path = f"/v1/{made['object']}s/{made['id']}"
        assert "allowed_payment_method_types" not in older.get(path)


def test_events_come_from_self_before(shared_server: SandboxServer) -> None:
    """With an `@` since: in what is asked, answered and listed."""
    url = "/v2/core/event_destinations"
    for version, own, other in ((BEFORE, "self", "@self"), (SINCE, "@self", "self")):
        speaking = Older(shared_server, version)
        params = {
            "name": "All",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["*"],
            "webhook_endpoint": {"url": shared_server.receiver.url},
        }
        made = speaking.post(url, **params, events_from=[own])
        assert made["events_from"] == [own]
        assert {tuple(one["events_from"]) for one in speaking.get(url)["data"]} == {(own,)}
        refusal = speaking.refusal("POST", url, **params, events_from=[other])
        assert refusal["param"].startswith("events_from")
