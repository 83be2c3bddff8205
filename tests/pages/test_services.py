"""Whose word is taken on who has a page open."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextvars import Context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import streamlit as st
from pydantic import SecretStr
from streamlit.runtime.context import StreamlitHeaders

from billing.access.caller import current_identity
from billing.access.service import Access
from billing.domain.access import Identity, Permission, Role
from billing.logs.request_id import current_request_id
from billing.settings.loading import load_settings
from billing.store import Store
from pages import services as pages_services
from pages.components.current_user import current_user
from pages.services import hand_over, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from anyio.from_thread import BlockingPortal

    from billing.services import Services

SENT = [
    ("X-Forwarded-Email", "mallory@example.com"),
    ("X-Forwarded-User", "mallory"),
    ("Cf-Access-Authenticated-User-Email", "mallory@example.com"),
    ("Tailscale-User-Login", "mallory@example.com"),
]
HEADER = {"BILLING_USER_HEADER": "X-Auth-Email", "BILLING_VIEWERS": "alice@example.com"}


def done(function: Callable[[], Coroutine[Any, Any, object]]) -> Future[object]:
    """What a portal returns for what has ended."""
    ended: Future[object] = Future()
    ended.set_result(asyncio.run(function()))
    return ended


def open_page(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], sent: list[tuple[str, str]]
) -> Identity | None:
    """Who has a page open whose connection sent these headers."""
    access = Access(load_settings(environment), Store(SecretStr("sqlite://")))
    services = cast("Services", SimpleNamespace(access=access))
    portal = SimpleNamespace(start_task_soon=done)
    hand_over(services, cast("BlockingPortal", portal))
    context = SimpleNamespace(headers=StreamlitHeaders(sent), ip_address="192.0.2.1")
    monkeypatch.setattr(st, "context", context)
    monkeypatch.setattr(pages_services, "CALLER_SECONDS", -1.0)
    pages_services.page_services()
    return current_identity()


def test_where_nobody_signs_in_no_header_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = open_page(monkeypatch, {}, SENT)
    assert somebody is not None
    assert (somebody.name, somebody.role, somebody.address) == ("local", Role.ADMIN, "192.0.2.1")
    assert current_user() == "page"


def test_the_one_header_that_is_named_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [*SENT, ("x-auth-email", "alice@example.com")]
    somebody = open_page(monkeypatch, HEADER, sent)
    assert somebody is not None
    assert (somebody.name, somebody.role) == ("alice@example.com", Role.VIEWER)
    assert current_user() == "alice@example.com"
    assert refusal(Permission.VIEW) is None
    assert refusal(Permission.SELL) == (
        "The role tester is needed to create Checkout Sessions; alice@example.com is a viewer."
    )


@pytest.mark.parametrize("values", [[], ["", ""], [" "], ["alice@example.com", "mallory"]])
def test_a_header_that_is_missing_or_empty_or_came_twice_names_nobody(
    monkeypatch: pytest.MonkeyPatch, values: list[str]
) -> None:
    assert open_page(monkeypatch, HEADER, [("X-Auth-Email", v) for v in values]) is None
    assert refusal(Permission.VIEW) == "You are not signed in."


def test_the_lines_of_the_log_that_a_run_of_a_page_leads_to_have_one_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run() -> str:
        open_page(monkeypatch, {}, [])
        first = current_request_id()
        open_page(monkeypatch, {}, [])  # whatever else on the page asks
        assert current_request_id() == first
        return first

    ids = {Context().run(run) for _ in range(2)}  # each has a thread of its own
    assert len(ids) == 2
    assert all(len(one) == 16 for one in ids)
