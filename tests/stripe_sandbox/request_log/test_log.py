"""Every call of the API is in the log, and what a payer does on the Checkout page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from stripe_sandbox.payment_methods.bank_accounts import TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import TEST_CARDS
from stripe_sandbox.request_log.log import RETENTION_SECONDS
from tests.support.stripe.sandbox_server import KEY, SandboxServer, sandbox_server
from tests.support.waiting import wait_for


def _list(server: SandboxServer, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.control("GET", f"requests?{query}")["data"]
    return found


def _last(server: SandboxServer, query: str = "") -> dict[str, Any]:
    """The newest request that matches, whole."""
    found: dict[str, Any] = server.control("GET", f"requests/{_list(server, query)[0]['id']}")
    return found


def test_a_call_is_logged_with_what_was_asked_and_answered(shared_server: SandboxServer) -> None:
    server = shared_server
    made = server.post(
        "/v1/customers?expand[]=tax",
        {"email": "ann@example.com", "metadata[a]": "1", "preferred_locales[0]": "en"},
        **{"Idempotency-Key": "one", "User-Agent": "curl/8.5.0"},
    )
    logged = _last(server)
    assert logged["method"] == "POST"
    assert logged["path"] == "/v1/customers"
    assert logged["status"] == made.status_code
    assert logged["client"] == "curl 8.5"
    assert logged["idempotency_key"] == "one"
    assert logged["request_id"] == made.headers["request-id"]
    assert logged["api_version"] == made.headers["stripe-version"]
    assert logged["answer"] == made.json()
    assert logged["params"]["expand"] == ["tax"]
    assert logged["params"]["metadata"] == {"a": "1"}
    assert 0 < logged["seconds"] < 10
    assert logged["at"] == pytest.approx(server.clock.time())


def test_the_same_key_again_is_a_replay_and_a_twin(shared_server: SandboxServer) -> None:
    server = shared_server
    for _ in range(2):
        server.post("/v1/customers", {"name": "Twice"}, **{"Idempotency-Key": "twice"})
    second, first = _list(server, "about=twice")
    assert (first["replayed"], second["replayed"]) == (False, True)
    twins = server.control("GET", f"requests/{second['id']}")["twins"]
    assert [one["id"] for one in twins] == [first["id"]]


def test_an_update_shows_what_changed_and_its_events(shared_server: SandboxServer) -> None:
    server = shared_server
    customer = server.stripe.v1.customers.create({"name": "Before", "phone": "1"})
    server.stripe.v1.customers.update(customer.id, {"name": "After"})
    logged = _last(server)
    assert logged["changes"] == [
        {
            "object": "customer",
            "id": customer.id,
            "change": "updated",
            "before": {"name": "Before"},
            "after": {"name": "After"},
        }
    ]
    [event] = logged["events"]
    assert event["type"] == "customer.updated"
    assert server.get(f"/v1/events/{event['id']}")["request"]["id"] == logged["request_id"]
    assert {customer.id, event["id"]} <= set(logged["object_ids"])
    server.stripe.v1.customers.delete(customer.id)
    assert [one["change"] for one in _last(server)["changes"]] == ["deleted"]


def test_what_was_undone_is_no_change(shared_server: SandboxServer) -> None:
    """A preview of an invoice writes and takes all of it back."""
    server = shared_server
    customer = server.stripe.v1.customers.create({})
    params: Any = {
        "customer": customer.id,
        "subscription_details": {"items": [{"price": server.pro}]},
    }
    server.stripe.v1.invoices.create_preview(params)
    logged = _last(server)
    assert logged["path"] == "/v1/invoices/create_preview"
    assert logged["changes"] == logged["events"] == []


def test_paying_on_the_page_is_a_line_without_the_card(shared_server: SandboxServer) -> None:
    server = shared_server
    session = server.create()
    fields = {
        "email": "ann@example.com", "number": "4242 4242 4242 4242", "expiry": "12/34",
        "cvc": "123", "name": "Ann", "country": "US",
    }  # fmt: skip
    paid = requests.post(f"{server.url}/c/pay/{session.id}/pay", json=fields, timeout=10)
    assert paid.json()["status"] == "paid"
    logged = _last(server, f"about={session.id}")
    assert logged["path"] == f"/c/pay/{session.id}/pay"
    assert logged["params"]["number"] == logged["params"]["cvc"] == "[redacted]"
    assert logged["params"]["email"] == "ann@example.com"
    kinds = {one["object"]: one["change"] for one in logged["changes"]}
    assert kinds["checkout.session"] == "updated"
    assert kinds["payment_intent"] == kinds["charge"] == "created"
    assert "checkout.session.completed" in [one["type"] for one in logged["events"]]


def test_errors_are_logged_and_grouped_by_cause(server: SandboxServer) -> None:
    """Those that a fault injects as well as those of the request."""
    server.control("PUT", "faults", {"api": {"status": 500, "requests": 1}})
    with suppress(stripe.StripeError):
        server.stripe.v1.customers.list()
    for name in ("cus_QwErTy12345678", "cus_QwErTy87654321"):
        with suppress(stripe.StripeError):
            server.stripe.v1.customers.retrieve(name)
    requests.get(f"{server.url}/v1/customers", timeout=10)
    causes = server.control("GET", "requests/causes")["data"]
    assert [(one["cause"], one["count"]) for one in causes] == [
        ("GET /v1/customers: 401 invalid_request_error", 1),
        ("GET /v1/customers/{id}: 404 resource_missing", 2),
        ("GET /v1/customers: 500 api_error", 1),
    ]
    now = server.clock.time()
    assert causes[1]["first_at"] == causes[1]["last_at"] == pytest.approx(now)
    assert {one["status"] for one in _list(server, "errors=true")} == {401, 404, 500}
    assert [one["status"] for one in _list(server, "status=5xx")] == [500]
    assert _list(server, "status=404")[0]["error"]["message"].startswith("No such customer")
    [one] = _list(server, "about=cus_QwErTy87654321")
    assert one["path"] == "/v1/customers/cus_QwErTy87654321"
    assert _list(server, "status=none") == []


def test_an_answer_for_which_nobody_waited_is_no_answer(server: SandboxServer) -> None:
    """The work is done, and the log has the answer that was lost."""
    server.control("PUT", "faults", {"api": {"delay_seconds": 0.3}})
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{server.url}/v1/products", {"name": "Tea"}, auth=(KEY, ""), timeout=(10, 0.1)
        )
    wait_for(lambda: _list(server))
    lost = _last(server)
    assert lost["status"] is None
    assert lost["answer"]["name"] == "Tea"
    assert [one["change"] for one in lost["changes"]] == ["created"]
    [cause] = server.control("GET", "requests/causes")["data"]
    assert cause["cause"] == "POST /v1/products: no answer"
    assert [one["id"] for one in _list(server, "status=none")] == [lost["id"]]
    assert server.get("/v1/products")["data"]
    assert _last(server)["status"] == 200  # slow, and waited for


def test_a_list_of_requests_has_filters_and_pages(server: SandboxServer) -> None:
    ids = [server.stripe.v1.customers.create({}).id for _ in range(3)]
    server.post("/v1/products", {"name": "Tea"}, **{"User-Agent": "shop/1.0"})
    first = server.control("GET", "requests?limit=2")
    second = server.control("GET", f"requests?limit=2&below={first['older']}")
    assert second["older"] is None
    paths = [one["path"] for one in first["data"] + second["data"]]
    assert paths == ["/v1/products", *["/v1/customers"] * 3]
    assert len(_list(server, "path=/v1/cust")) == 3
    assert [one["path"] for one in _list(server, "client=shop%201.0")] == ["/v1/products"]
    assert "shop 1.0" in server.control("GET", "requests/clients")["data"]
    touching = server.control("GET", f"requests/touching/{ids[2]},{ids[0]}")["data"]
    assert [one["id"] for one in touching] == [1, 3]
    for query in ("nonsense=1", "limit=0", "below=x", "status=bad"):
        server.control("GET", f"requests?{query}", status=400)
    server.control("GET", "requests/999", status=404)


def test_long_lists_are_logged_by_their_first_items(shared_server: SandboxServer) -> None:
    server = shared_server
    for number in range(20):
        server.stripe.v1.customers.create({"name": f"Customer {number}"})
    answer = server.get("/v1/customers", limit=20)
    logged = _last(server)["answer"]
    *items, more = logged["data"]
    assert items == answer["data"][: len(items)]
    assert more == f"[{20 - len(items)} more]"
    assert logged["has_more"] == answer["has_more"]


def test_a_request_is_sent_again_with_another_key(shared_server: SandboxServer) -> None:
    server = shared_server
    server.post(
        "/v1/customers",
        {"name": "Again", "metadata[a]": "é & =", "preferred_locales[]": ["en", "de"]},
        **{"Idempotency-Key": "again", "Stripe-Version": "2024-06-20"},
    )
    first = _last(server)
    sent = server.control("POST", f"requests/{first['id']}/send_again")
    second = server.control("GET", f"requests/{sent['id']}")
    assert sent["status"] == second["status"] == 200
    assert second["request_id"] == sent["request_id"] != first["request_id"]
    assert second["answer"]["id"] != first["answer"]["id"]
    assert second["params"] == first["params"]
    assert second["answer"]["metadata"] == {"a": "é & ="}
    assert second["api_version"] == "2024-06-20"
    assert second["idempotency_key"] not in (None, "again")


def test_a_request_is_sent_again_while_answers_are_slow(server: SandboxServer) -> None:
    server.stripe.v1.products.create({"name": "Tea"})
    server.control("PUT", "faults", {"api": {"delay_seconds": 0.15}})
    assert server.control("POST", "requests/1/send_again")["status"] == 200
    assert [one["status"] for one in _list(server)] == [200, 200]


def test_what_held_a_secret_or_came_from_a_payer_is_not_sent_again(
    shared_server: SandboxServer,
) -> None:
    server = shared_server
    card = {"card[number]": "4242424242424242", "card[exp_month]": "1", "card[exp_year]": "2050"}
    server.post("/v1/payment_methods", {"type": "card", **card})
    requests.post(f"{server.url}/c/pay/cs_test_none/pay", json={}, timeout=10)
    page, method = _list(server, "limit=2")
    for one, reason in ((page, "A payer's page"), (method, "held a secret")):
        refused = server.control("POST", f"requests/{one['id']}/send_again", status=400)
        assert reason in refused["error"]["message"]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[SandboxServer, Path]]:
    """A sandbox whose log has room for three, and its file."""
    path = tmp_path / "sandbox.sqlite3"
    with sandbox_server(path, request_log_size=3) as server:
        yield server, path


def test_the_latest_stay_until_they_are_too_old_or_all_is_reset(
    file: tuple[SandboxServer, Path],
) -> None:
    server, _ = file
    for number in range(5):
        server.stripe.v1.customers.create({"name": str(number)})
    assert [one["id"] for one in _list(server)] == [5, 4, 3]
    server.clock.advance(RETENTION_SECONDS - 10)
    server.stripe.v1.customers.create({"name": "late"})
    server.clock.advance(20)
    wait_for(lambda: [one["id"] for one in _list(server)] == [6])
    server.control("POST", "reset", {})
    assert _list(server) == []


def test_erasing_a_customer_removes_the_requests_about_them(
    file: tuple[SandboxServer, Path],
) -> None:
    server, _ = file
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"})
    server.stripe.v1.customers.create({"email": "bob@example.com"})
    server.control("POST", f"erase/{customer.id}")
    assert [one["id"] for one in _list(server)] == [2]


def test_without_a_log_nothing_is_logged() -> None:
    with sandbox_server(None, request_log_size=0) as server:
        server.stripe.v1.customers.create({})
        assert _list(server) == []


def test_a_file_holds_no_number_of_a_card_or_account_and_no_key(tmp_path: Path) -> None:
    """Whatever paid and by whatever way: searched for in all bytes of the database."""
    path = tmp_path / "sandbox.sqlite3"
    with sandbox_server(path) as server:
        for card in TEST_CARDS:
            server.control("POST", f"sessions/{server.create().id}/pay", {"card": card.number})
            server.post(
                "/v1/payment_methods",
                {"type": "card", "card[number]": card.number, "card[exp_month]": "12",
                 "card[exp_year]": "2034", "card[cvc]": "987654"[: card.cvc_length]},
                **{"Idempotency-Key": f"card-{card.number[-6:]}"},
            )  # fmt: skip
            fields = {"number": card.number, "expiry": "12 / 34", "cvc": "123", "country": "US"}
            page = f"{server.url}/c/pay/{server.create().id}/pay"
            requests.post(page, json={**fields, "email": "a@example.com"}, timeout=10)
        for account in TEST_BANK_ACCOUNTS:
            bank = {"account_number": account.number, "routing_number": "110000000"}
            server.post("/v1/customers", {"name": "x", **bank}, **{"Idempotency-Key": "bank"})
        server.get("/v1/customers", email="4242424242424242")
        logged = json.dumps([_last(server)["params"], len(_list(server, "limit=1000"))])
        assert "[redacted]" in logged
    stored = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"POST /v1/payment_methods: 402" in stored
    numbers = [card.number for card in TEST_CARDS]
    numbers += [account.number for account in TEST_BANK_ACCOUNTS]
    for secret in (*numbers, KEY, "9876", "110000000"):
        assert secret.encode() not in stored, secret


def test_whoever_shows_the_log_hears_of_what_is_written_and_of_nothing_else(
    shared_server: SandboxServer,
) -> None:
    server, heard = shared_server, []
    server.sandbox.on_requests(lambda: heard.append(1))
    server.post("/v1/customers")
    wait_for(lambda: heard)
    for path in ("requests", "requests/causes", "requests/clients"):
        server.control("GET", path)
    assert len(heard) == 1


def test_of_those_about_an_object_those_of_one_client_can_be_left_out(
    shared_server: SandboxServer,
) -> None:
    server = shared_server
    customer = server.post("/v1/customers", **{"User-Agent": "shop/2.1"}).json()["id"]
    for client in ("PingPoint/1.0", "curl/8.5.0"):
        server.post(f"/v1/customers/{customer}", **{"User-Agent": client})
    found = server.control("GET", f"requests/touching/{customer}?without_client=PingPoint+1.0")
    assert [one["client"] for one in found["data"]] == ["shop 2.1", "curl 8.5"]
