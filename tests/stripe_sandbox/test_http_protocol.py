"""Answers go out in one piece, and none waits for what does not come."""

from __future__ import annotations

import socket
from contextlib import closing

from tests.support.stripe.sandbox_server import KEY, SandboxServer

_KEY = b"Authorization: Bearer " + KEY.encode()


def _sent(server: SandboxServer, *parts: bytes) -> list[bytes]:
    """What one look at the connection finds after each of these parts of a request."""
    found = []
    port = int(server.url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        for part in parts:
            connection.sendall(part)
            found.append(connection.recv(1 << 16))
    return found


def test_the_head_of_an_answer_comes_together_with_its_body(shared_server: SandboxServer) -> None:
    """On a connection that is used again, too."""
    request = b"GET /v1/balance HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % _KEY
    for answer in _sent(shared_server, request, request):
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\n}")


def test_an_answer_without_a_body_comes_too(shared_server: SandboxServer) -> None:
    """To HEAD there is none."""
    request = b"HEAD /_control/clock HTTP/1.1\r\nHost: x\r\n\r\n"
    for answer in _sent(shared_server, request, request):
        assert answer.startswith(b"HTTP/1.1 ")
        assert answer.endswith(b"\r\n\r\n")


def test_a_client_that_asks_whether_to_send_its_body_is_told_at_once(
    shared_server: SandboxServer,
) -> None:
    """By 100 Continue, which no body follows."""
    head = (
        b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 8\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n%b\r\n\r\n"
    )
    go_on, answer = _sent(shared_server, head % _KEY, b"name=Ann")
    assert go_on == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\n}")
