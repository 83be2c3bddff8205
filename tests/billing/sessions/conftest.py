"""Sessions of a shop where nothing happens but what the test does."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest
import requests

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.details import SessionDetails
from billing.store import events
from tests.support.servers.shop import Shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator
    from pathlib import Path

    from billing.sessions.service import Sessions


T = TypeVar("T")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Its copy is in step, and the next step of the sync, which would grant too, is far away."""
    with open_shop(tmp_path, sync_step_seconds=3_600.0) as opened:
        wait_for(lambda: call(opened, opened.services.mirror.state).as_of, "the first step")
        yield opened


def call(shop: Shop, function: Callable[[], Awaitable[T]]) -> T:
    return shop.server.portal.call(function)


def sessions_of(shop: Shop) -> Sessions:
    return shop.server.services.sessions


def create_session(shop: Shop, kind: Kind = Kind.CREDITS, quantity: int = 1, key: str = "a") -> str:
    checkout = shop.server.services.checkout
    session = call(
        shop,
        lambda: checkout.create(
            kind, quantity, idempotency_key=f"press-{key}", made_by="tester@example.com"
        ),
    )
    return session.id


def receive_events(shop: Shop, types: Collection[str] = ()) -> None:
    """The sandbox's events arrive, as by webhook: all, or those of these types."""
    listed = requests.get(
        f"{shop.server.services.settings.api_base}/v1/events?limit=100",
        headers={"Authorization": "Bearer sk_test_of_the_tests"},
        timeout=5,
    ).json()["data"]
    for event in reversed(listed):
        if types and event["type"] not in types:
            continue
        record = partial(
            events.record,
            arrivals=[
                events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.IGNORED, time.time())
            ],
        )
        call(shop, partial(shop.server.services.store.write, record))


def details_of(shop: Shop, session_id: str) -> SessionDetails:
    sessions = sessions_of(shop)
    asked = call(shop, lambda: sessions.look_up(session_id))
    return call(shop, lambda: sessions.details(session_id, asked))
