"""The WebSocket by which pages hear of changes: who may listen, for how long, and to what."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from billing.access.caller import Caller
from billing.changes.topics import Topic
from billing.routes import changes
from billing.urls import CHANGES_PATH
from tests.support.browsers.page_socket import ANSWERS_WITHIN, change_numbers, page_socket
from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import working_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.billing_server import BillingServer

USER = "X-Email"
VIEWER = {USER: "eve@example.com"}


@contextmanager
def serving(folder: Path) -> Iterator[BillingServer]:
    """With nothing of Stripe at work behind it."""
    settings = working_settings(
        folder, "http://127.0.0.1:1", user_header=USER, viewers=("eve@example.com",)
    )
    with billing_server(replace(settings, secret_key=None), websockets=True) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BillingServer]:
    with serving(tmp_path_factory.mktemp("changes")) as running:
        yield running


@pytest.mark.parametrize("headers", [{}, {USER: "mallory@example.com"}], ids=["nobody", "no role"])
def test_whoever_may_not_look_at_pages_may_not_listen(
    server: BillingServer, headers: dict[str, str]
) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        page_socket(server.url, headers, CHANGES_PATH),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_topics_and_numbers_are_all_that_is_said_and_many_changes_are_one_message(
    server: BillingServer,
) -> None:
    with page_socket(server.url, VIEWER, CHANGES_PATH) as socket:
        before = change_numbers(socket)
        assert set(before) == set(Topic)
        for _ in range(100):
            server.services.changes.changed([Topic.EVENTS])
        messages = 0
        while change_numbers(socket)["events"] < before["events"] + 100:
            messages += 1
        assert messages < 10


def test_it_ends_for_whoever_may_no_longer_look(
    server: BillingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(*_: object) -> Caller:
        return Caller(None)

    with page_socket(server.url, VIEWER, CHANGES_PATH) as socket:
        change_numbers(socket)
        monkeypatch.setattr(changes, "ALLOWED_FOR", 0.0)
        monkeypatch.setattr(server.services.access, "caller", nobody)
        server.services.changes.changed([Topic.ACCESS])
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=ANSWERS_WITHIN)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == changes.NOT_ALLOWED


def test_there_is_an_end_to_how_many_listen(
    server: BillingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_SOCKETS", 1)
    with page_socket(server.url, VIEWER, CHANGES_PATH) as socket:
        change_numbers(socket)
        with pytest.raises(InvalidStatus), page_socket(server.url, VIEWER, CHANGES_PATH):
            pass


def test_nothing_is_taken_from_whoever_listens(server: BillingServer) -> None:
    with page_socket(server.url, VIEWER, CHANGES_PATH) as socket:
        change_numbers(socket)
        socket.send("something")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=ANSWERS_WITHIN)


def test_it_ends_with_the_server(tmp_path: Path) -> None:
    with ExitStack() as open_ones:
        with serving(tmp_path) as stopping:
            socket = open_ones.enter_context(page_socket(stopping.url, VIEWER, CHANGES_PATH))
            change_numbers(socket)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=ANSWERS_WITHIN)
