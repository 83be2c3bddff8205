"""Requests that no client sends in earnest are refused in Stripe's shape, never with a 500."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from starlette.types import Message

from stripe_sandbox.api import bodies
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.support.stripe.sandbox_server import KEY, SandboxServer

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that anybody can send fills the log with tracebacks."""
    yield
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def _control(server: SandboxServer, path: str, body: bytes) -> requests.Response:
    return requests.post(f"{server.url}/_control/{path}", data=body, auth=(KEY, ""), timeout=10)


def _refusal(answer: requests.Response, status: int = 400) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Request-Id"].startswith("req_")
    error: dict[str, str] = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"advance_seconds":' * 3_000,
        b"[" * 700 + b"]" * 700,
        b'{"advance_seconds": NaN}',
        b'{"advance_seconds": -Infinity}',
        b'{"advance_seconds": ' + b"9" * 5_000 + b"}",
        b'{"advance_seconds": 1e999}',
        b'{"\\udfff": 1}',
        b"\xfe\xff{}",
        b'{"advance_seconds"',
        b"null",
    ],
)
def test_a_control_refuses_a_body_that_it_cannot_read(
    shared_server: SandboxServer, body: bytes
) -> None:
    """Nested too deep, no number, half a character, no UTF-8, cut off: 400 that names it."""
    assert _refusal(_control(shared_server, "clock", body))["param"] in ("body", "advance_seconds")


def test_a_control_refuses_text_that_cannot_be_kept(shared_server: SandboxServer) -> None:
    """Half a character pair, a null character, metadata beyond Stripe's limits."""
    session = shared_server.create()
    for email in ("\ud83c@example.com", "ann\x00@example.com"):
        body = json.dumps({"card": "4242424242424242", "email": email}).encode()
        _refusal(_control(shared_server, f"sessions/{session.id}/pay", body))
    for sold in (
        {"metadata": {"note": "\udc00"}},
        {"metadata": {"note": "x" * 501}},
        {"quantity": [1, 10**400]},
    ):
        body = json.dumps({"sold": [{"price": shared_server.credit, **sold}]}).encode()
        _refusal(_control(shared_server, "fill", body))
    assert shared_server.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    "form",
    [
        b"[" * 50_000,
        b"metadata" + b"[a]" * 50_000 + b"=1",
        b"name=%ED%BF%BF",
        b"name=\xff\xfe",
        b"metadata[a]=%00",
        b"metadata[%00]=a",
        b"name=a%00b",
        b"&".join(b"metadata[%d]=1" % number for number in range(20_001)),
    ],
)
def test_the_api_refuses_a_form_that_it_cannot_read(
    shared_server: SandboxServer, form: bytes
) -> None:
    """Nested too deep, no UTF-8, a null character, too many fields."""
    message = _refusal(shared_server.post("/v1/customers", form, **{"Content-Type": FORM}))[
        "message"
    ]
    assert len(message) < 250


def test_a_decimal_that_would_fill_the_memory_is_refused(shared_server: SandboxServer) -> None:
    """A short exponent can stand for a billion digits."""
    for text in ("1e999999999", "1e-999999999", "1" * 40):
        error = _refusal(
            shared_server.post("/v1/prices", {"currency": "usd", "unit_amount_decimal": text})
        )
        assert error["message"] == f"Invalid decimal: {text}"


def test_bytes_beyond_ascii_in_headers_are_read_as_they_are(shared_server: SandboxServer) -> None:
    """A key of such bytes is no key; an idempotency key of them is one."""
    assert _raw(shared_server, b"GET", b"/v1/products", b"Authorization: Basic \xe9\xff") == 401
    assert _raw(shared_server, b"GET", b"/v1/products", b"Authorization: Bearer \xe9\xff") == 401
    key = b"Authorization: Bearer " + KEY.encode()
    assert _raw(shared_server, b"GET", b"/v1/products/%ff%00", key) == 404
    assert _raw(shared_server, b"GET", b"/v1/products", key, b"Stripe-Version: \xe9") == 400
    assert _raw(shared_server, b"POST", b"/v1/customers", key, b"Idempotency-Key: \xe9\xff") == 200


def test_what_is_served_nowhere_is_404_in_json(shared_server: SandboxServer) -> None:
    """Outside the API as well, whatever the method."""
    for method, path in (
        ("GET", "/"), ("GET", "/wat"), ("GET", "/v1"), ("PUT", "/c/pay/cs_test_x/pay"),
        ("DELETE", "/_control"), ("PATCH", "/v1/customers"),
    ):  # fmt: skip
        answer = requests.request(
            method, shared_server.url + path, auth=(KEY, ""), timeout=10, allow_redirects=False
        )
        message = _refusal(answer, 404)["message"]
        assert message.startswith(f"Unrecognized request URL ({method}: {path}).")


def test_a_body_beyond_the_bound_is_413(shared_server: SandboxServer) -> None:
    """A control takes 64 KiB, the API a MiB; no more is read."""
    _refusal(_control(shared_server, "faults", b" " * (80 << 10)), 413)
    _refusal(_control(shared_server, "nothing", b" " * (80 << 10)), 413)
    large = b"name=" + b"x" * (3 << 20)
    _refusal(shared_server.post("/v1/customers", large, **{"Content-Type": FORM}), 413)


def test_a_body_that_does_not_come_to_its_end_is_given_up(
    shared_server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After half a minute: 408, on the API and the controls alike."""
    monkeypatch.setattr(bodies, "BODY_TIMEOUT", 0.05)
    key = b"Authorization: Bearer " + KEY.encode()
    for path in (b"/v1/customers", b"/_control/clock"):
        assert _raw(shared_server, b"POST", path, key, b"Content-Length: 9", body=b"name") == 408


def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing() -> None:
    """Half a request is none: nothing is created, and nothing answered."""
    sandbox = Sandbox(SandboxConfig(database=None))
    headers = [
        (b"authorization", b"Bearer " + KEY.encode()),
        (b"content-type", FORM.encode()),
        (b"content-length", b"99"),
    ]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    for path in ("/v1/customers", "/_control/reset"):
        messages: list[Message] = [
            {"type": "http.request", "body": b"name=Ann", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive(messages: list[Message] = messages) -> Message:
            return messages.pop(0)

        scope = {
            "type": "http", "method": "POST", "path": path, "root_path": "", "headers": headers,
            "query_string": b"", "scheme": "http", "server": ("127.0.0.1", 80),
        }  # fmt: skip
        asyncio.run(sandbox.asgi(scope, receive, send))
    assert not any(message.get("body") for message in sent)
    assert sandbox._database.rows("SELECT * FROM customers") == []
    sandbox.close()


def _connection(server: SandboxServer) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


def _raw(
    server: SandboxServer, method: bytes, path: bytes, *headers: bytes, body: bytes = b""
) -> int:
    """The status that these very bytes are answered with."""
    with _connection(server) as connection:
        head = b"\r\n".join((b"%b %b HTTP/1.1" % (method, path), b"Host: x", *headers))
        connection.sendall(head + b"\r\n\r\n" + body)
        return int(connection.recv(1 << 16).split()[1])
