"""The pages' documents have their first styles in them, and nothing else has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from billing.http.page_style import PageStyle
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

CSS = "p { color: red }"
PRELOAD = '<link\n rel="preload"\n href="./a.woff2"\n as="font"\n crossorigin\n/>\n'
SCRIPT = '<link rel="modulepreload" crossorigin href="./a.js">'
REST = f"<title>Page</title>{SCRIPT}</head><body>é</body></html>"
DOCUMENT = f"<html><head>{PRELOAD}{REST}"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-encoding": "gzip"}


async def answer(request: Request) -> Response:
    if "if-none-match" in request.headers:
        return Response(status_code=304)
    if "data" in request.url.path:
        return Response(DOCUMENT, media_type="application/json")
    return HTMLResponse(DOCUMENT, 404 if "missing" in request.url.path else 200, {"etag": '"1"'})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(
        routes=[Route("/{path:path}", answer)],
        middleware=[
            Middleware(PageStyle, below="/app", css=CSS),
            Middleware(GZipMiddleware, minimum_size=1),  # as Streamlit's own
        ],
    )
    with serving(app) as served:
        yield served


def test_a_page_has_the_style_at_the_end_of_its_head_and_preloads_no_font(url: str) -> None:
    answer = requests.get(f"{url}/app/billing", headers=BROWSER, timeout=10)
    assert answer.text == "<html><head>" + REST.replace("</head>", f"<style>{CSS}</style></head>")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_browser_never_goes_on_with_a_page_of_other_styles(url: str) -> None:
    stored = BROWSER | {"if-none-match": '"1"'}
    answer = requests.get(f"{url}/app/billing", headers=stored, timeout=10)
    assert answer.status_code == 200
    assert CSS in answer.text
    assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/app/data", "/app/missing", "/api/billing/health"])
def test_whatever_is_no_page_stays_as_it_is(url: str, path: str) -> None:
    answer = requests.get(url + path, headers=BROWSER, timeout=10)
    assert answer.text == DOCUMENT


def test_a_program_that_asks_for_no_html_gets_the_answer_as_it_is(url: str) -> None:
    answer = requests.get(f"{url}/app/billing", headers={"accept": "*/*"}, timeout=10)
    assert answer.text == DOCUMENT
    assert answer.headers["etag"] == '"1"'
