"""A demo's history is stored as if it had been lived through, and replaces what was there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventFilter
from billing.domain.sessions.checkout_session import WAS_PAID, Kind, Outcome
from billing.domain.sessions.details import SessionLookup
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.timeline import EntryKind
from pages.scenarios.demo_history import replace_with_demo
from tests.support.database.records import event_rows, ledger
from tests.support.servers.shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTH = 30 * 86_400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    """One whose session of before the fill was paid, and filled twice."""
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        checkout = running.services.checkout
        before = running.pages.call(lambda: checkout.create(Kind.CREDITS, 1, made_by="test"))
        running.controls.pay(before.id, email="before@example.com", card="4242424242424242")
        for _ in range(2):
            assert fill(running) == 300
        yield running


def fill(shop: ConnectedShop) -> int:
    return shop.pages.call(partial(replace_with_demo, shop.services, shop.controls, 300))


def sessions_of(shop: ConnectedShop, *outcomes: Outcome) -> list[Any]:
    wanted = SessionFilter(outcomes=frozenset(outcomes))
    find = partial(shop.services.sessions.find, wanted, 500)
    return list(shop.pages.call(find).page.sessions)


def test_a_second_fill_replaces_the_first_and_all_else(shop: ConnectedShop) -> None:
    found = sessions_of(shop)
    assert len(found) == 300
    assert "before@example.com" not in {session.customer_email for session in found}
    assert shop.controls.state().counts["checkout.session"] == 300


def test_every_payment_is_granted_by_its_event_at_its_own_time(shop: ConnectedShop) -> None:
    grants = shop.pages.call(partial(ledger, shop.services.store))
    events = shop.pages.call(partial(event_rows, shop.services.store))
    paid = sessions_of(shop, *WAS_PAID)
    assert len(paid) > 60
    assert set(grants) == {session.id for session in paid}
    for session in paid:
        grant = grants[session.id]
        event = events[grant.origin]
        assert event["type"] in (
            "checkout.session.completed",
            "checkout.session.async_payment_succeeded",
        )
        assert 0 < grant.at - event["created"] < 3
        assert event["state"] == "handled"


def test_its_events_arrived_when_they_happened_and_none_is_left_to_handle(
    shop: ConnectedShop,
) -> None:
    find = partial(shop.services.event_log.find, EventFilter(), None)
    overview = shop.pages.call(find)
    assert overview.page.events
    assert all(0 < event.delay < 3 for event in overview.page.events)
    rows = shop.pages.call(partial(event_rows, shop.services.store)).values()
    assert {row["state"] for row in rows} == {"handled", "ignored"}
    assert max(row["created"] for row in rows) - min(row["created"] for row in rows) > MONTH / 2


def test_a_declined_payment_is_known_by_its_reason(shop: ConnectedShop) -> None:
    unpaid = sessions_of(shop, Outcome.DECLINED, Outcome.EXPIRED)
    assert [session.failure for session in unpaid if session.failure]


def test_the_timeline_of_a_debit_that_failed_tells_it_in_order(shop: ConnectedShop) -> None:
    failed = sessions_of(shop, Outcome.FAILED)
    assert failed
    details = shop.pages.call(
        partial(shop.services.sessions.details, failed[0].id, SessionLookup())
    )
    kinds = [entry.kind for entry in details.entries]
    steps = (EntryKind.CREATED, EntryKind.COMPLETED, EntryKind.ASYNC_PAYMENT_FAILED)
    assert [kind for kind in kinds if kind in steps] == list(steps)
    times = [entry.at for entry in details.entries]
    assert times == sorted(times)
