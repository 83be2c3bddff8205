"""Every operation of Stripe's is simulated or refused by name; what is none is a wrong URL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
import stripe

from docs import sandbox_operations
from stripe_sandbox.errors import NOT_SIMULATED
from stripe_sandbox.schema import sdk_operations
from tests.support.stripe.sandbox_server import KEY, SandboxServer


def test_the_sdks_operations_are_read_from_its_code() -> None:
    """Each call of each service, v1 and v2, and those that only the objects' classes know."""
    calls = 0
    for service in Path(stripe.__file__).parent.rglob("_*_service.py"):
        calls += len(re.findall(r"self\._request\(", service.read_text()))
    assert len(sdk_operations.operations()) >= calls > 600
    for method, path, operation in (
        ("GET", "/v1/customers/cus_1", "/v1/customers/{customer}"),
        ("GET", "/v1/customers/search", "/v1/customers/search"),
        ("GET", "/v1/charges/ch_1/refunds", "/v1/charges/{charge}/refunds"),
        ("POST", "/v2/core/event_destinations/ed_1/ping", "/v2/core/event_destinations/{id}/ping"),
    ):
        found = sdk_operations.find(method, path)
        assert found is not None
        assert found.path == operation
    for method, path in (("PUT", "/v1/customers"), ("GET", "/v1/customers/"), ("GET", "/v1")):
        assert sdk_operations.find(method, path) is None


def test_the_documentation_says_what_becomes_of_every_operation() -> None:
    """`make operations` writes its table, which is the code's."""
    written = sandbox_operations.PAGE.read_text()
    assert sandbox_operations.page(written) == written, "run make operations"
    services = sandbox_operations.services()
    listed = {operation for operations in services for operation in operations.values()}
    assert listed == sdk_operations.operations()


def test_every_operation_is_simulated_or_refused_by_name(shared_server: SandboxServer) -> None:
    """Whatever its method, its ids and its depth; none is taken for another."""
    router = shared_server.sandbox._api._router
    simulated = 0
    for operation in sdk_operations.operations():
        path = re.sub(r"\{\w+\}", "xx_1Ab2Cd3Ef4Gh5I", operation.path)
        found = router.find(operation.method, path)
        if found is not None:
            route = re.sub(r":\w+", "{}", found[0].route.path)
            assert route == re.sub(r"\{\w+\}", "{}", operation.path)
            simulated += 1
            continue
        refusal = router.unknown(operation.method, path)
        assert (refusal.status, refusal.code) == (400, NOT_SIMULATED)
        assert refusal.message.startswith(
            f"The local sandbox does not simulate {operation.method} {operation.path}."
        )
    of_the_cli = {("POST", ("v1", "events", ":", "retry"))}
    assert simulated == len(router._endpoints.keys() - of_the_cli)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v1/tax/associations/find?payment_intent=pi_1", "/v1/tax/associations/find"),
        ("GET", "/v1/credit_notes/preview", "/v1/credit_notes/preview"),
        ("DELETE", "/v1/plans/pl_1", "/v1/plans/{plan}"),
        ("POST", "/v1/subscriptions/sub_1/migrate", "/v1/subscriptions/{subscription}/migrate"),
        ("DELETE", "/v1/tax_ids/t_1", "/v1/tax_ids/{id}"),
        ("POST", "/v1/tax_rates", "/v1/tax_rates"),
        ("POST", "/v2/core/accounts", "/v2/core/accounts"),
    ],
)
def test_what_only_stripe_has_is_named(
    shared_server: SandboxServer, method: str, path: str, operation: str
) -> None:
    """400 and a code of its own, which no SDK tries again; v2 too, whose bodies are JSON."""
    body = b'{"name": "x"}' if path.startswith("/v2") else None
    answer = requests.request(
        method,
        shared_server.url + path,
        data=body,
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        timeout=10,
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, NOT_SIMULATED)
    assert error["type"] == "invalid_request_error"
    assert f"{method} {operation}." in error["message"]


def test_a_word_that_stripe_does_not_have_is_an_id(shared_server: SandboxServer) -> None:
    """A product may be called so by its shop, unless Stripe means something else by it."""
    shared_server.stripe.v1.products.create(params={"id": "coffee", "name": "Coffee"})
    assert shared_server.get("/v1/products/coffee")["name"] == "Coffee"
    missing = shared_server.fetch("/v1/customers/nobody")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "resource_missing")


def test_what_the_sandbox_has_is_found_without_the_list(
    shared_server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the SDK's code costs only those who ask for what is not there."""

    def unexpected() -> None:
        raise AssertionError("the SDK's operations were read")

    monkeypatch.setattr(sdk_operations, "operations", unexpected)
    session = shared_server.create()
    shared_server.pay(session.id)
    assert shared_server.get(f"/v1/checkout/sessions/{session.id}")["payment_status"] == "paid"
    assert shared_server.fetch("/v1/customers/cus_9").status_code == 404
