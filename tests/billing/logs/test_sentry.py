"""Errors reach Sentry when its DSN is set: without secrets and emails, with their request."""

from __future__ import annotations

import gzip
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from billing.logs.records import SafeRecord
from billing.logs.request_id import begin_request
from billing.logs.sentry import sentry
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

log = logging.getLogger("billing.test")

# Put together, so that the lines of code which Sentry shows do not hold it.
EMAIL, SECRET = "@".join(("somebody", "example.com")), "_".join(("sk", "test", "hunter2"))


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The DSN of a project, and the events that it was sent."""
    events: list[dict[str, Any]] = []

    async def take(request: Request) -> JSONResponse:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        _, *items = body.splitlines()
        events.extend(json.loads(one) for one in items if b'"exception"' in one)
        return JSONResponse({})

    with serving(Starlette(routes=[Route("/api/1/envelope/", take, methods=["POST"])])) as url:
        yield url.replace("://", "://key@") + "/1", events


def fail() -> None:
    name = SECRET
    raise ValueError(f"{EMAIL} cannot use {name}")


def test_an_error_is_sent_without_secrets_emails_or_variables(
    received: tuple[str, list[dict[str, Any]]],
) -> None:
    dsn, events = received
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(SafeRecord)
    try:
        with sentry(dsn):
            begin_request("abc-1")
            log.warning("No error")
            try:
                fail()
            except ValueError:
                log.exception("%s failed with %s", EMAIL, SECRET)
    finally:
        logging.setLogRecordFactory(before)
    (event,) = events
    assert event["tags"] == {"request_id": "abc-1"}
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "[email] cannot use [secret]")
    assert event["logentry"]["params"] == ["[email]", "[secret]"]
    assert [frame["function"] for frame in error["stacktrace"]["frames"]][-1] == "fail"
    for hidden in (EMAIL, SECRET, '"vars"'):
        assert hidden not in json.dumps(event)
    assert not {"user", "request", "modules"} & event.keys()
    assert event["breadcrumbs"] == {"values": []}
    assert event["extra"] == {"request_id": "abc-1"}


def test_without_a_dsn_the_sdk_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with sentry(None):
        log.error("Nobody is told")


def test_without_the_sdk_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with sentry("http://key@127.0.0.1:1/1"):
        log.error("Nobody is told")
    assert "pip install -r requirements-team.txt" in caplog.text


def test_what_is_no_dsn_is_said_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with sentry("hunter2"):
        log.error("Nobody is told")
    assert "SENTRY_DSN is not a DSN" in caplog.text
    assert "hunter2" not in caplog.text
