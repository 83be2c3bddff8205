"""A database that accepts and never answers: the whole dashboard says so, and can be stopped."""

from __future__ import annotations

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.support.browsers.page_socket import page_socket
from tests.support.servers.dashboard import dashboard
from tests.support.servers.server import listening_socket
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS_WITHIN = 2.0
ENDS_WITHIN = 10.0
A_BUSY_MACHINE = 3.0  # seconds that a loaded machine may add to an answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_database_that_never_answers_is_reported_and_holds_up_no_end(
    tmp_path: Path, number: int
) -> None:
    with ExitStack() as open_ones:
        database = open_ones.enter_context(closing(listening_socket()))
        database.listen(100)
        port = database.getsockname()[1]
        settings = {
            "DATABASE_URL": f"postgresql+psycopg://sam:hunter2@127.0.0.1:{port}/shop",
            "STRIPE_SECRET_KEY": "sk_test_of_the_tests",
            "STRIPE_API_BASE": "http://127.0.0.1:9",
        }
        running = open_ones.enter_context(dashboard(tmp_path, settings))
        started = time.monotonic()
        with ThreadPoolExecutor() as both:
            health = f"{running.url}/api/billing/health", f"{running.url}/api/billing/ready"
            answers = list(both.map(partial(requests.get, timeout=60), health))
        assert time.monotonic() - started < ANSWERS_WITHIN + A_BUSY_MACHINE
        for answer in answers:
            assert answer.status_code == 503
            assert "The database did" in answer.text or "does not answer" in answer.text
        wait_for(lambda: "did not answer in time" in running.log, "a word in the log")
        assert "hunter2" not in running.log

        page = open_ones.enter_context(page_socket(running.url))
        asked = BackMsg()
        asked.rerun_script.page_name = "billing"
        page.send(asked.SerializeToString())
        page.recv(timeout=60)  # its script has begun, and asks the database
        server = urlsplit(running.url)
        address = (server.hostname, server.port or 80)
        half = open_ones.enter_context(socket.create_connection(address))
        half.sendall(b"POST /api/billing/extra-credits HTTP/1.1\r\nContent-Length: 9\r\n")
        threading.Thread(target=_ask, args=(f"{running.url}/api/billing/checkout",)).start()
        assert running.stop(number) < ENDS_WITHIN


def _ask(url: str) -> None:
    with suppress(requests.RequestException):
        requests.post(url, timeout=60)
