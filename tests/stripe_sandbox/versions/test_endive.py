"""What 2026-09-30.endive changed."""

from __future__ import annotations

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer

BEFORE, SINCE = "2026-08-26.dahlia", "2026-09-30.endive"


def test_a_session_takes_payment_method_types_before(shared_server: SandboxServer) -> None:
    """They say what it can be paid with, as `allowed_payment_method_types` does since."""
    params = shared_server.params(payment_method_types=["card"])
    session = Older(shared_server, BEFORE).post("/v1/checkout/sessions", **params)
    assert session["payment_method_types"] == ["card"]
    assert "allowed_payment_method_types" not in session
    newest = shared_server.get(f"/v1/checkout/sessions/{session['id']}")
    assert newest["allowed_payment_method_types"] == ["card"]
    refusal = Older(shared_server, SINCE).refusal("POST", "/v1/checkout/sessions", **params)
    assert refusal["message"] == "Received unknown parameter: payment_method_types"


def test_a_type_that_is_not_simulated_is_refused_by_name(shared_server: SandboxServer) -> None:
    """By the name that the request uses."""
    older = Older(shared_server, BEFORE)
    for types, param in (
        (["card", "klarna"], "payment_method_types[1]"),
        (["us_bank_account"], "payment_method_types"),
    ):
        params = shared_server.params(payment_method_types=types)
        error = older.refusal("POST", "/v1/checkout/sessions", **params)
        assert (error["code"], error["param"]) == ("sandbox_not_simulated", param)
        assert "allowed" not in error["message"]


def test_a_setup_intent_takes_payment_method_types_before(shared_server: SandboxServer) -> None:
    """Cards are what it saves."""
    older = Older(shared_server, BEFORE)
    intent = older.post("/v1/setup_intents", payment_method_types=["card"])
    assert intent["payment_method_types"] == ["card"]
    error = older.refusal("POST", "/v1/setup_intents", payment_method_types=["sepa_debit"])
    assert error["param"] == "payment_method_types[0]"


def test_the_anchor_of_an_update_is_a_word_before(shared_server: SandboxServer) -> None:
    """An object since; also that of a resumption."""
    path = f"/v1/subscriptions/{shared_server.paid_subscription()['id']}"
    older, newer = Older(shared_server, BEFORE), Older(shared_server, SINCE)
    for asked, anchor in ((older, "now"), (newer, {"type": "now"})):
        assert asked.post(path, billing_cycle_anchor=anchor)["status"] == "active"
        newer.post(f"{path}/pause", type="subscription")
        resumed = asked.post(f"{path}/resume", billing_cycle_anchor=anchor)
        assert resumed["status"] == "active"
    wrong = older.refusal("POST", path, billing_cycle_anchor={"type": "now"})
    assert wrong["message"].startswith("Invalid billing_cycle_anchor: must be one of")
    assert newer.refusal("POST", path, billing_cycle_anchor="now")["message"] == "Invalid object"
