"""What somebody gets who does not come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from starlette.responses import PlainTextResponse

from billing.http.guards.gate import Gate, Refusal, Step, page
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSAL = Refusal("Not <yet>", "Nobody & nothing.", (Step("Wait", "A while:", ("A=1",)),), "Later.")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(Gate(PlainTextResponse("in"), lambda _: REFUSAL, ("/open", "/folder/"))) as url:
        yield url


@pytest.mark.parametrize("path", ["/open", "/folder/", "/folder/a/b"])
def test_open_paths_answer_everybody(url: str, path: str) -> None:
    assert requests.get(f"{url}{path}", timeout=10).text == "in"


@pytest.mark.parametrize("path", ["/", "/openly", "/open/", "/folder", "/x/folder/", "//folder/"])
def test_no_other_path_does(url: str, path: str) -> None:
    answer = requests.get(f"{url}{path}", timeout=10)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/x", "/sandbox/v1/prices"])
def test_programs_get_json(url: str, path: str) -> None:
    answer = requests.get(f"{url}{path}", timeout=10)
    assert (answer.status_code, answer.headers["cache-control"]) == (403, "no-store")
    assert answer.json() == {"error": "Nobody & nothing. 1. Wait. A while: A=1 Later."}


def test_the_page_shows_words_as_they_are() -> None:
    text = page(REFUSAL)
    assert "Not &lt;yet&gt;" in text
    assert "Nobody &amp; nothing." in text
    assert "<code>A=1</code>" in text
