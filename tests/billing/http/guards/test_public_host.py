"""Pages under another name than that of the public URL, where people sign in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from billing.http.guards.public_host import PublicHost

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

PUBLIC = "https://billing.example.com"
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def sent_to(
    path: str,
    *,
    host: str = "dashboard:8501",
    accept: str = HTML,
    public_url: str | None = PUBLIC,
    query: str = "",
    method: str = "GET",
) -> str | None:
    """Where a request is sent on to; None when the app answers it."""
    answers: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        pass

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", host.encode()), (b"accept", accept.encode())],
    }
    guard = PublicHost(app, lambda: public_url)

    async def ask() -> None:
        await guard(scope, receive, send)

    asyncio.run(ask())
    if not answers:
        return None
    assert answers[0]["status"] == 307
    return str(dict(answers[0]["headers"])[b"location"].decode())


def test_a_page_is_sent_on_with_its_path_and_query() -> None:
    query = "success=1&session_id=cs_test_%7Bx%7D"
    assert sent_to("/app/billing", query=query) == f"{PUBLIC}/app/billing?{query}"
    assert sent_to("/") == f"{PUBLIC}/"


@pytest.mark.parametrize(
    "host", ["billing.example.com", "BILLING.example.com.", "billing.example.com:8501"]
)
def test_at_the_public_name_it_is_served_whatever_port_a_proxy_asks_for(host: str) -> None:
    assert sent_to("/app/billing", host=host) is None


def test_a_name_in_other_letters_is_that_which_browsers_make_of_it() -> None:
    public_url = "https://büro.example"
    assert sent_to("/app/billing", host="xn--bro-hoa.example", public_url=public_url) is None


def test_nothing_but_pages_is_sent_on_and_nothing_where_nobody_signs_in() -> None:
    assert sent_to("/app/_stcore/health", accept="*/*") is None
    assert sent_to("/api/billing/checkout") is None
    assert sent_to("/app/billing", method="POST") is None
    assert sent_to("/app/billing", public_url=None) is None
