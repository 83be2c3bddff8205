"""A page without a browser: the WebSocket that Streamlit's pages talk over, and the one by which
they hear of changes."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from websockets.sync.client import ClientConnection

ANSWERS_WITHIN = 60.0
PAGE_PATH = "/app/_stcore/stream"


@contextmanager
def page_socket(
    url: str, headers: Mapping[str, str] | None = None, path: str = PAGE_PATH
) -> Iterator[ClientConnection]:
    """The connection to the dashboard at ``url``, with ``headers`` in its handshake instead of
    the Origin of its own pages; with ``CHANGES_PATH`` the one by which it hears of changes.

    Raises ``websockets.exceptions.InvalidStatus`` when the server does not take it.
    """
    sent = {"Origin": url} if headers is None else dict(headers)
    server = urlsplit(url)
    host = sent.pop("Host", server.netloc)
    with connect(
        f"ws://{host}{path}",
        address=(server.hostname, server.port),
        subprotocols=["streamlit"] if path == PAGE_PATH else None,  # type: ignore[list-item] # a str by another name
        additional_headers=sent,
        max_size=None,
        open_timeout=ANSWERS_WITHIN,
    ) as socket:
        yield socket


def run_page(socket: ClientConnection, page: str) -> list[ForwardMsg]:
    """Have the page run once, and wait until it is done; all that it was sent."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    socket.send(asked.SerializeToString())
    messages = [ForwardMsg()]
    while messages[-1].WhichOneof("type") != "script_finished":
        answer = socket.recv(timeout=ANSWERS_WITHIN)
        assert isinstance(answer, bytes)
        messages.append(ForwardMsg.FromString(answer))
    return messages


def change_numbers(socket: ClientConnection) -> dict[str, int]:
    """The numbers that come next by a socket of ``CHANGES_PATH``."""
    message = json.loads(socket.recv(timeout=ANSWERS_WITHIN))
    assert set(message) == {"feed", "numbers"}
    return dict(message["numbers"])
