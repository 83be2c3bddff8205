"""Our own routes answer before Streamlit's app, by the rules of a router."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from billing.http.own_routes import OwnRoutesFirst
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request


async def own(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.scope['route'].path} {request.path_params}")


async def streamlit(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("Streamlit's")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    routes = Router([Route("/api/sales", own, methods=["POST"]), Route("/api/{rest:path}", own)])
    app = Starlette(
        routes=[Route("/{rest:path}", streamlit)],
        middleware=[Middleware(OwnRoutesFirst, own=routes, paths=("/api/",))],
    )
    with serving(app) as url:
        yield url


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("POST", "/api/sales", "/api/sales {}"),
        ("GET", "/api/sales", "/api/{rest:path} {'rest': 'sales'}"),
        ("GET", "/api/other", "/api/{rest:path} {'rest': 'other'}"),
        ("GET", "/app", "Streamlit's"),
    ],
)
def test_a_request_is_answered_by_the_route_of_its_path_and_method(
    url: str, method: str, path: str, text: str
) -> None:
    assert requests.request(method, f"{url}{path}", timeout=10).text == text
