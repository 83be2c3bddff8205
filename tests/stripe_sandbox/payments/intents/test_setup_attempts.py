"""Each confirmation of a SetupIntent is an attempt that says how it ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stripe_sandbox.payments.intents.test_authentication import authenticate
from tests.stripe_sandbox.payments.intents.test_setups import BACK, customer
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def attempts(server: SandboxServer, intent: str) -> list[dict[str, Any]]:
    """The intent's attempts, the newest first; the newest is its `latest_attempt`."""
    found: list[dict[str, Any]] = server.get("/v1/setup_attempts", setup_intent=intent)["data"]
    for one in found:
        assert_fits(one)
    now = server.get(f"/v1/setup_intents/{intent}", **{"expand[0]": "latest_attempt"})
    assert_fits(now)
    assert now["latest_attempt"] == (found[0] if found else None)
    return found


def confirm(server: SandboxServer, intent: str, card: str) -> Any:
    given: Any = {"payment_method": card, **BACK}
    return server.stripe.v1.setup_intents.confirm(intent, given).to_dict()


def test_a_decline_and_a_success_are_two_attempts(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    made = shared_server.stripe.v1.setup_intents.create({"customer": owner, "usage": "on_session"})
    assert attempts(shared_server, made.id) == []
    refused(lambda: confirm(shared_server, made.id, "pm_card_chargeDeclined"))
    saved = confirm(shared_server, made.id, "pm_card_visa")
    succeeded, failed = attempts(shared_server, made.id)
    assert (succeeded["status"], failed["status"]) == ("succeeded", "failed")
    assert succeeded["payment_method"] == saved["payment_method"]
    assert (succeeded["customer"], succeeded["usage"]) == (owner, "on_session")
    assert succeeded["payment_method_details"]["card"]["three_d_secure"] is None
    assert succeeded["setup_error"] is None
    assert failed["setup_error"]["code"] == "card_declined"
    assert failed["setup_error"]["payment_method"]["id"] == failed["payment_method"]


@pytest.mark.parametrize(
    ("card", "result", "status", "secured"),
    [
        ("pm_card_authenticationRequired", "complete", "succeeded", "authenticated"),
        ("pm_card_authenticationRequired", "fail", "failed", "failed"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "complete", "failed", "authenticated"),
    ],
)
def test_3d_secure_ends_the_attempt_that_asked_for_it(
    shared_server: SandboxServer, card: str, result: str, status: str, secured: str
) -> None:
    made = shared_server.stripe.v1.setup_intents.create({"customer": customer(shared_server)})
    asked = confirm(shared_server, made.id, card)
    [waiting] = attempts(shared_server, made.id)
    assert (waiting["id"], waiting["status"]) == (asked["latest_attempt"], "requires_action")
    authenticate(shared_server, asked, result)
    [ended] = attempts(shared_server, made.id)
    assert (ended["id"], ended["status"]) == (waiting["id"], status)
    assert ended["payment_method_details"]["card"]["three_d_secure"]["result"] == secured


def test_an_attempt_is_abandoned_for_another_or_with_its_intent(
    shared_server: SandboxServer,
) -> None:
    intents = shared_server.stripe.v1.setup_intents
    made = intents.create({})
    confirm(shared_server, made.id, "pm_card_authenticationRequired")
    confirm(shared_server, made.id, "pm_card_visa")
    assert [one["status"] for one in attempts(shared_server, made.id)] == ["succeeded", "abandoned"]
    other = intents.create({})
    confirm(shared_server, other.id, "pm_card_authenticationRequired")
    intents.cancel(other.id)
    assert [one["status"] for one in attempts(shared_server, other.id)] == ["abandoned"]


def test_a_method_s_data_and_a_bank_account_are_set_up(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    data: Any = {"type": "card", "card": {"token": "tok_mastercard"}}
    for given in ({"payment_method_data": data}, {"payment_method": "pm_usBankAccount_success"}):
        params: Any = {"customer": owner, "confirm": True, **BACK, **given}
        made = shared_server.stripe.v1.setup_intents.create(params)
        assert made.status == "succeeded"
        [attempt] = attempts(shared_server, made.id)
        assert attempt["status"] == "succeeded"
    saved = shared_server.get("/v1/payment_methods", customer=owner)["data"]
    assert [one["type"] for one in saved] == ["us_bank_account", "card"]
    allowed: Any = {**params, "allowed_payment_method_types": ["card"]}
    error: Any = refused(lambda: shared_server.stripe.v1.setup_intents.create(allowed))
    assert error.param == "payment_method"


def test_a_list_needs_an_intent_that_is_there(shared_server: SandboxServer) -> None:
    for query, code in (("", "parameter_missing"), ("?setup_intent=seti_1", "resource_missing")):
        error = shared_server.fetch(f"/v1/setup_attempts{query}").json()["error"]
        assert (error["code"], error["param"]) == (code, "setup_intent")
