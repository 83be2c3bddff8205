"""Every request has an id: in its answer, and in each of its lines in the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from billing.http.request_ids import RequestIds
from billing.logs.records import SafeRecord
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

log = logging.getLogger("billing.test")


async def answer(request: Request) -> PlainTextResponse:
    log.warning("asked for %s", request.url.query)
    await asyncio.sleep(0)
    await asyncio.create_task(later(request.url.query))
    return PlainTextResponse("")


async def later(query: str) -> None:
    log.warning("done with %s", query)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(routes=[Route("/", answer)], middleware=[Middleware(RequestIds)])
    with serving(app) as served:
        yield served


@pytest.fixture
def _safe_records() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(SafeRecord)
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.usefixtures("_safe_records")
def test_the_lines_of_each_request_have_its_id_and_so_has_the_answer(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ids: dict[str, Any] = {}
    for number, given in enumerate(("given-by-a-proxy", None, None)):
        headers = {"X-Request-Id": given} if given else {}
        answered = requests.get(f"{url}/?{number}", headers=headers, timeout=10)
        ids[str(number)] = answered.headers["x-request-id"]
    assert ids["0"] == "given-by-a-proxy"
    assert len(set(ids.values())) == 3
    lines = [one for one in caplog.records if one.name == "billing.test"]
    assert len(lines) == 6
    for line in lines:
        assert getattr(line, "request_id", "") == ids[line.getMessage()[-1]]
