"""Whose word is taken on who is signed in."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import streamlit as st
from streamlit.runtime.context import StreamlitHeaders

from billing.settings.model import Settings
from pages.components.current_user import current_user
from pages.services import hand_over

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from billing.services import Services

SENT = [
    ("X-Forwarded-Email", "mallory@example.com"),
    ("X-Forwarded-User", "mallory"),
    ("Cf-Access-Authenticated-User-Email", "mallory@example.com"),
    ("Tailscale-User-Login", "mallory@example.com"),
]


def seen(
    monkeypatch: pytest.MonkeyPatch, user_header: str | None, sent: list[tuple[str, str]]
) -> str:
    settings = replace(Settings(), user_header=user_header)
    services = cast("Services", SimpleNamespace(settings=settings))
    hand_over(services, cast("BlockingPortal", None))
    monkeypatch.setattr(st, "context", SimpleNamespace(headers=StreamlitHeaders(sent)))
    return current_user()


def test_what_anybody_can_send_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch, None, SENT) == "page"


def test_the_one_header_that_is_named_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [*SENT, ("x-auth-email", "alice@example.com")]
    assert seen(monkeypatch, "X-Auth-Email", sent) == "alice@example.com"
    assert seen(monkeypatch, "X-Auth-Email", SENT) == "page"


@pytest.mark.parametrize("values", [["", ""], [" "], ["alice", "mallory"]])
def test_a_header_that_is_empty_or_came_twice_names_nobody(
    monkeypatch: pytest.MonkeyPatch, values: list[str]
) -> None:
    assert seen(monkeypatch, "X-Auth-Email", [("X-Auth-Email", v) for v in values]) == "page"
