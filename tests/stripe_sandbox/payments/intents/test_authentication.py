"""3-D Secure is passed, or not, on the bank's page to which the intent leads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.stripe_sandbox.payments.intents.test_payment_intents import (
    PAYS,
    create,
    customer,
    events_of,
)
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def authenticate(server: SandboxServer, intent: dict[str, Any], result: str) -> str:
    """The page's answer after its button was pressed."""
    url = intent["next_action"]["redirect_to_url"]["url"]
    parts = urlsplit(url)
    secret = parse_qs(parts.query)["client_secret"][0]
    assert requests.get(url, timeout=10).status_code == 200
    given = {"client_secret": secret, "result": result}
    return requests.post(f"{server.url}{parts.path}", data=given, timeout=10).text


@pytest.mark.parametrize(
    ("name", "result", "status", "error"),
    [
        ("pm_card_threeDSecure2Required", "complete", "succeeded", None),
        ("pm_card_authenticationRequired", "complete", "succeeded", None),
        (
            "pm_card_authenticationRequired",
            "fail",
            "failed",
            "payment_intent_authentication_failure",
        ),
        ("pm_card_threeDSecureRequiredChargeDeclined", "complete", "failed", "card_declined"),
    ],
)
def test_the_page_leads_back_with_what_became_of_it(
    shared_server: SandboxServer, name: str, result: str, status: str, error: str | None
) -> None:
    intent = create(shared_server, payment_method=name)
    assert_fits(shared_server.get(f"/v1/payment_intents/{intent['id']}"))
    assert intent["status"] == "requires_action"
    assert intent["next_action"]["redirect_to_url"]["return_url"] == "http://shop.example/"
    text = authenticate(shared_server, intent, result)
    assert (
        f"http://shop.example/?payment_intent={intent['id']}&amp;payment_intent_client_secret="
        f"{intent['client_secret']}&amp;redirect_status={status}"
    ) in text
    after = shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert_fits(after)
    if error is None:
        assert after["status"] == "succeeded"
        charge = shared_server.get(f"/v1/charges/{after['latest_charge']}")
        assert charge["payment_method_details"]["card"]["three_d_secure"]["result"]
        assert "payment_intent.requires_action" in events_of(shared_server, after)
    else:
        assert (after["status"], after["last_payment_error"]["code"]) == (
            "requires_payment_method",
            error,
        )


def test_the_page_is_opened_with_the_secret_only_and_once(shared_server: SandboxServer) -> None:
    intent = create(shared_server, payment_method="pm_card_authenticationRequired")
    path = f"/3d_secure/{intent['id']}"
    assert shared_server.fetch(f"{path}?client_secret=pi_x").status_code == 404
    wrong = {"client_secret": intent["client_secret"], "result": "maybe"}
    assert requests.post(shared_server.url + path, data=wrong, timeout=10).status_code == 404
    authenticate(shared_server, intent, "complete")
    again = shared_server.fetch(f"{path}?client_secret={intent['client_secret']}")
    assert again.status_code == 404


def test_nobody_is_there_to_authenticate(shared_server: SandboxServer) -> None:
    """Off session the bank declines, unless the card was set up."""
    owner = customer(shared_server)
    away: Any = {"customer": owner, "off_session": True}
    for name in ("pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"):
        refusal: Any = refused(lambda name=name: create(shared_server, payment_method=name, **away))  # type: ignore[misc]
        error = refusal.json_body["error"]
        assert (refusal.http_status, error["code"], error["decline_code"]) == (
            402,
            "authentication_required",
            "authentication_required",
        )
        assert error["payment_intent"]["status"] == "requires_payment_method"
        assert error["payment_method"]["card"]["last4"]
    name = "pm_card_authenticationRequiredSetupForOffSession"
    assert create(shared_server, payment_method=name, **away)["status"] == "succeeded"


@pytest.mark.parametrize("way", ["attached", "on_session", "off_session"])
def test_a_card_is_charged_off_session_once_it_was_set_up_for_that(
    shared_server: SandboxServer, way: str
) -> None:
    """By a SetupIntent, or with a payment; to attach it is not enough."""
    owner = customer(shared_server)
    card = "pm_card_authenticationRequiredOnSetup"
    if way == "attached":
        saved = shared_server.stripe.v1.payment_methods.attach(card, {"customer": owner}).id
    else:
        paid = create(shared_server, customer=owner, payment_method=card, setup_future_usage=way)
        authenticate(shared_server, paid, "complete")
        [saved] = [
            one["id"] for one in shared_server.get("/v1/payment_methods", customer=owner)["data"]
        ]
    away: Any = {"customer": owner, "payment_method": saved, "off_session": True}
    if way == "off_session":
        assert create(shared_server, **away)["status"] == "succeeded"
        return
    refusal: Any = refused(lambda: create(shared_server, **away))
    assert refusal.json_body["error"]["decline_code"] == "authentication_required"
    made = shared_server.stripe.v1.setup_intents.create(
        {
            "customer": owner,
            "payment_method": saved,
            "confirm": True,
            "return_url": PAYS["return_url"],
        }
    )
    authenticate(shared_server, made.to_dict(), "complete")
    assert create(shared_server, **away)["status"] == "succeeded"


def test_a_request_may_wish_for_it(shared_server: SandboxServer) -> None:
    wish = {"card": {"request_three_d_secure": "any"}}
    for name, status in (
        ("pm_card_threeDSecureOptional", "requires_action"),
        ("pm_card_visa", "succeeded"),
    ):
        intent = create(shared_server, payment_method=name, payment_method_options=wish)
        assert intent["status"] == status
    assert create(shared_server, payment_method="pm_card_threeDSecureOptional")["status"] == (
        "succeeded"
    )
