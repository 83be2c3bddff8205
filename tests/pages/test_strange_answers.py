"""Pages in front of an API that answers with nothing of Stripe's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browsers.pages import open_page, press
from tests.support.servers.billing_server import billing_server
from tests.support.servers.server import serving
from tests.support.servers.settings import working_settings

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk_test_of_the_tests"


def answering(status: int, body: bytes) -> Callable[..., Any]:
    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"stripe-should-retry", b"false"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"[]", "not in the format of Stripe's API"),
        (200, b'{"object": "list"}', "not in the format of Stripe's API"),
        (401, b'{"error": "Unauthorized"}', "Unauthorized"),
        (500, b'{"error": null}', "a server error"),
        (400, f'{{"error": {{"message": "Bad key {KEY}"}}}}'.encode(), "Bad key [secret]"),
    ],
)
def test_every_page_works_and_a_press_says_what_came(
    tmp_path: Path, status: int, body: bytes, words: str
) -> None:
    with (
        serving(answering(status, body)) as stripe_url,
        billing_server(working_settings(tmp_path, stripe_url)) as server,
    ):
        page = press(open_page(server, success="1", session_id="cs_test_x"), "pay_pro")
        said = " ".join(alert.value for alert in page.error)
        assert words.replace("[secret]", "") in said.replace(r"\[secret\]", "")
        assert KEY not in said
        others = ("sessions", "customers", "events", "endpoints", "test_kit", "setup")
        for name in (f"{other}.py" for other in others):
            page.switch_page(name).run()
            assert not page.exception, name
            assert KEY not in " ".join(alert.value for alert in (*page.error, *page.warning))
