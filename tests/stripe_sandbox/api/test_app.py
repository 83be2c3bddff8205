"""What every answer of the API has, and how a request that is no good at all is answered."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
import stripe

from stripe_sandbox.api.auth import masked
from stripe_sandbox.versions.releases import NEWEST
from tests.support.stripe.sandbox_server import KEY, SandboxServer, refused


def _get(server: SandboxServer, path: str, **headers: str) -> requests.Response:
    return requests.get(server.url + path, headers=headers, timeout=10)


def test_an_answer_names_its_request_and_version(shared_server: SandboxServer) -> None:
    """Good or bad, an answer is JSON with a Request-Id of its own and the API's version."""
    good = _get(shared_server, "/v1/products", Authorization=f"Bearer {KEY}")
    bad = _get(shared_server, "/v1/products/none", Authorization=f"Bearer {KEY}")
    assert (good.status_code, bad.status_code) == (200, 404)
    for answer in (good, bad):
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == NEWEST
        assert answer.headers["Content-Type"] == "application/json"
    assert good.headers["Request-Id"] != bad.headers["Request-Id"]


def test_a_missing_key_is_401(shared_server: SandboxServer) -> None:
    """Without a key Stripe says how to send one."""
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Digest {KEY}"}):
        answer = _get(shared_server, "/v1/products", **headers)
        assert answer.status_code == 401
        error = answer.json()["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"].startswith("You did not provide an API key.")
        assert "Request-Id" in answer.headers


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_" + "x" * 20 + "abcd", "sk_live_" + "*" * 20 + "abcd"),
        ("pk_test_" + "y" * 12, "pk_test_" + "*" * 8 + "yyyy"),
        ("nonsense", "********"),
        ("sk_test_", "********"),
    ],
)
def test_a_wrong_key_is_401_and_masked(shared_server: SandboxServer, key: str, shown: str) -> None:
    """A live key, a publishable one, nonsense: refused, and the message does not repeat it."""
    client = stripe.StripeClient(
        key, base_addresses={"api": shared_server.url}, max_network_retries=0
    )
    error = refused(lambda: client.v1.products.list())
    assert isinstance(error, stripe.AuthenticationError)
    assert error.user_message == f"Invalid API Key provided: {shown}"


def test_a_mask_shows_at_most_the_prefix_and_four_characters() -> None:
    """However short a key is, most of it stays hidden."""
    assert masked("short") == "*****"
    assert masked("sk_test_12345") == "sk_test_*2345"
    assert masked("a" * 40) == "*" * 36 + "aaaa"


def test_test_keys_are_taken_by_bearer_and_by_basic(shared_server: SandboxServer) -> None:
    """Secret and restricted test keys, sent either way."""
    for key in (KEY, "rk_test_restricted"):
        basic = base64.b64encode(f"{key}:".encode()).decode()
        assert _get(shared_server, "/v1/products", Authorization=f"Bearer {key}").status_code == 200
        assert (
            _get(shared_server, "/v1/products", Authorization=f"Basic {basic}").status_code == 200
        )
    assert _get(shared_server, "/v1/products", Authorization="Basic %%%").status_code == 401


def test_an_unknown_url_is_404_in_stripes_words(shared_server: SandboxServer) -> None:
    """What is no endpoint is named with its method; so is a method an endpoint has not."""
    for method, path in (
        ("GET", "/v1/foo"),
        ("POST", "/v1/checkout/sessions/cs_test_x/pay"),
        ("DELETE", "/v1/prices/price_x"),
        ("PUT", "/v1/refunds"),
        ("GET", "/v2/wat"),
        ("GET", "/v1/products/"),
    ):
        answer = requests.request(
            method, shared_server.url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=10
        )
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert error["message"].startswith(f"Unrecognized request URL ({method}: {path}).")
        assert error["type"] == "invalid_request_error"


def test_a_body_that_is_no_form_is_refused(shared_server: SandboxServer) -> None:
    """JSON is not what the API takes, nor brackets that do not match, nor endless bodies."""
    json_body = shared_server.post(
        "/v1/products", '{"name": "x"}', **{"Content-Type": "application/json"}
    )
    assert json_body.status_code == 400
    assert "application/x-www-form-urlencoded" in json_body.json()["error"]["message"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for text in ("a[b=1", "a=1&a[b]=2", "%FF%FE=1", "[x]=1"):
        assert shared_server.post("/v1/products", text, **form).status_code == 400
    assert shared_server.post("/v1/products", "name=" + "x" * (2 << 20), **form).status_code == 413


def test_errors_carry_their_documentation_and_log(shared_server: SandboxServer) -> None:
    """An error with a code links to its page, and every one to the request's log."""
    answer = _get(shared_server, "/v1/customers/cus_none", Authorization=f"Bearer {KEY}")
    error = answer.json()["error"]
    assert error["code"] == "resource_missing"
    assert error["message"] == "No such customer: 'cus_none'"
    assert error["param"] == "id"
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    assert answer.headers["Request-Id"] in error["request_log_url"]


@pytest.mark.parametrize(
    ("path", "message", "param"),
    [
        ("/v1/checkout/sessions/cs_test_x", "No such checkout.session: cs_test_x", "session"),
        ("/v1/products/prod_x", "No such product: 'prod_x'", "id"),
        ("/v1/prices/price_x", "No such price: 'price_x'", "price"),
        ("/v1/payment_intents/pi_x", "No such payment_intent: 'pi_x'", "intent"),
        ("/v1/payment_methods/pm_x", "No such PaymentMethod: 'pm_x'", "payment_method"),
        ("/v1/charges/ch_x", "No such charge: 'ch_x'", "id"),
        ("/v1/subscriptions/sub_x", "No such subscription: 'sub_x'", "id"),
        ("/v1/invoices/in_x", "No such invoice: 'in_x'", "invoice"),
        ("/v1/events/evt_x", "No such event: 'evt_x'", "id"),
        ("/v1/webhook_endpoints/we_x", "No such webhook endpoint: 'we_x'", "webhook_endpoint"),
    ],
)
def test_an_id_that_names_nothing_is_404(
    shared_server: SandboxServer, path: str, message: str, param: str
) -> None:
    """In a path, an unknown id is 404 `resource_missing`, named as Stripe names it."""
    answer = _get(shared_server, path, Authorization=f"Bearer {KEY}")
    error = answer.json()["error"]
    assert answer.status_code == 404
    assert (error["message"], error["param"]) == (message, param)


def test_a_fault_of_its_own_is_a_500_in_stripes_shape(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What breaks inside is logged, answered as `api_error`, leaves nothing half made, and is
    replayed under its idempotency key."""

    def break_down(*_: Any) -> None:
        raise RuntimeError("power cut")

    key = {"Idempotency-Key": "unlucky"}
    with monkeypatch.context() as patch:
        patch.setattr("stripe_sandbox.event_log.EventLog.record", break_down)
        first = server.post("/v1/customers", {"name": "One"}, **key)
    assert first.status_code == 500
    assert first.json()["error"]["type"] == "api_error"
    assert "power cut" not in first.text
    assert "power cut" in caplog.text
    assert server.get("/v1/customers")["data"] == []
    second = server.post("/v1/customers", {"name": "One"}, **key)
    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (500, "true")


def test_a_lost_database_is_a_500_too(server: SandboxServer) -> None:
    """Even then the answer has Stripe's shape and a Request-Id."""
    server.sandbox.close()
    answer = server.post("/v1/customers", {"name": "One"}, **{"Idempotency-Key": "lost"})
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "api_error"
    assert "Request-Id" in answer.headers


def test_the_account_is_one_and_stays(shared_server: SandboxServer) -> None:
    """`GET /v1/account` shows the same account every time, by its id too."""
    account = shared_server.stripe.v1.accounts.retrieve_current()
    assert account.id.startswith("acct_")
    assert shared_server.get("/v1/account")["id"] == account.id
    assert shared_server.get(f"/v1/accounts/{account.id}")["charges_enabled"] is True
