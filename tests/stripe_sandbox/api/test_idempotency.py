"""Idempotency keys: the first answer is the answer (https://docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server

PATH = "/v1/customers"


def _post(server: SandboxServer, key: str, path: str = PATH, **fields: Any) -> requests.Response:
    return server.post(path, fields, **{"Idempotency-Key": key})


def test_the_first_answer_is_replayed(shared_server: SandboxServer) -> None:
    """The same key and parameters give the same object again, marked as replayed."""
    first = _post(shared_server, "twice", name="One")
    second = _post(shared_server, "twice", name="One")
    assert first.text == second.text
    assert "Idempotent-Replayed" not in first.headers
    assert {one.headers["Stripe-Should-Retry"] for one in (first, second)} == {"false"}
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert second.headers["Request-Id"] != first.headers["Request-Id"]
    assert second.headers["Idempotency-Key"] == "twice"


def test_the_order_and_encoding_of_parameters_do_not_matter(shared_server: SandboxServer) -> None:
    """The same parameters sent in another order, and encoded otherwise, are the same request."""
    headers = {
        "Authorization": "Bearer sk_test_x",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": "reordered",
    }
    first, second = (
        requests.post(f"{shared_server.url}{PATH}", body, headers=headers, timeout=9)
        for body in ("name=A+B&metadata[x]=1", "metadata%5Bx%5D=1&name=A%20B")
    )
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotent-Replayed"] == "true"


def test_other_parameters_under_the_key_are_refused(shared_server: SandboxServer) -> None:
    """A key belongs to one request: other parameters or another endpoint are 400."""
    _post(shared_server, "mine", name="One")
    for answer in (
        _post(shared_server, "mine", name="Two"),
        _post(shared_server, "mine", "/v1/products", name="One"),
    ):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["type"] == "idempotency_error"
        assert error["message"].startswith("Keys for idempotent requests can only be used")


def test_what_fails_validation_is_not_saved(shared_server: SandboxServer) -> None:
    """After a parameter was refused, the key is free for the right request."""
    assert _post(shared_server, "careless", nome="x").status_code == 400
    both = {"payment_method": "pm_card_visa", "payment_method_data[type]": "card"}
    assert _post(shared_server, "two", "/v1/setup_intents", **both).status_code == 400
    assert _post(shared_server, "two", "/v1/setup_intents").status_code == 200
    answer = _post(shared_server, "careless", name="x")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_what_is_not_simulated_is_not_saved(shared_server: SandboxServer) -> None:
    """Nor is a value that the sandbox does not simulate, though the endpoint found it."""
    path = "/v1/checkout/sessions"
    form = {
        "mode": "payment",
        "line_items[0][price]": shared_server.credit,
        "line_items[0][quantity]": "1",
        "success_url": "http://shop.example/",
    }
    assert _post(shared_server, "form", path, ui_mode="form", **form).status_code == 400
    assert _post(shared_server, "form", path, **form).status_code == 200


def test_what_the_endpoint_refuses_is_saved(shared_server: SandboxServer) -> None:
    """An error of the endpoint itself is replayed like a success."""
    first = _post(shared_server, "refused", email="no address")
    second = _post(shared_server, "refused", email="no address")
    assert (first.status_code, second.status_code) == (400, 400)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_key_has_at_most_255_characters(shared_server: SandboxServer) -> None:
    """255 are taken, 256 are not."""
    assert _post(shared_server, "k" * 255, name="x").status_code == 200
    assert _post(shared_server, "k" * 256, name="x").status_code == 400


def test_a_get_has_no_key(shared_server: SandboxServer) -> None:
    """Reading is idempotent by itself: a key on a GET means nothing."""
    for name in ("a", "b"):
        answer = requests.get(
            f"{shared_server.url}/v1/customers",
            params={"email": name},
            headers={"Authorization": "Bearer sk_test_x", "Idempotency-Key": "reading"},
            timeout=10,
        )
        assert answer.status_code == 200


def test_a_key_is_free_again_after_a_day(server: SandboxServer) -> None:
    """Saved answers are replayed for 24 hours."""
    first = _post(server, "daily", name="One").json()
    server.clock.advance(24 * 3600 - 1)
    assert _post(server, "daily", name="One").json() == first
    server.clock.advance(2)
    assert _post(server, "daily", name="Two").json()["id"] != first["id"]


def test_a_key_in_flight_is_409() -> None:
    """While the first request is being answered, a second one with its key is refused, and only
    one object is made."""
    with sandbox_server(None, delay=2.0) as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _post(server, "busy", name="One"), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
        conflict = next(answer for answer in answers if answer.status_code == 409).json()["error"]
        assert conflict["type"] == "idempotency_error"
        assert conflict["code"] == "idempotency_key_in_use"
        assert len(server.get("/v1/customers")["data"]) == 1
        assert _post(server, "busy", name="One").headers["Idempotent-Replayed"] == "true"
