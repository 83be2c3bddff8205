"""The log of requests in the database: found by each filter, bounded, on both engines."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.logged_request import ErrorCause, LoggedRequest, RequestFilter, Try, cause_of
from billing.store import erased_ids, requests
from tests.support.logged_request import REQUEST, batch_of

if TYPE_CHECKING:
    from billing.store import Store

pytestmark = pytest.mark.anyio

LIST = replace(
    REQUEST,
    id=REQUEST.id + 1_000_000,
    at=REQUEST.at + 1,
    method="GET",
    path="/v1/refunds",
    status=200,
    tries=(Try(200, 0.75),),
    idempotency_key=None,
    request_id="req_2",
    error=None,
    params='{"payment_intent":"pi_1"}',
    answer='{"object":"list","data":[]}',
    object_ids=("pi_1",),
)
LOST = replace(
    LIST, id=LIST.id + 1_000_000, at=LIST.at + 1, path="/v1/events", status=None, request_id=None
)
LOST = replace(LOST, tries=(Try(None, 0.75, "timeout"),), params="", answer="", object_ids=())
DECLINED, UNANSWERED = (cause_of(one, one.path) for one in (REQUEST, LOST))
CONFIRM = "/v1/payment_intents/pi_1"


async def add(store: Store, *found: LoggedRequest) -> None:
    await store.write(partial(requests.add, batch=batch_of(*found)))


def listed(request: LoggedRequest) -> LoggedRequest:
    return replace(request, params="", answer="", object_ids=())


async def test_each_filter_finds_the_requests_that_match_the_newest_first(store: Store) -> None:
    await add(store, REQUEST, LIST, LOST)
    for wanted, expected in (
        (RequestFilter(), [LOST, LIST, REQUEST]),
        (RequestFilter(errors=True), [LOST, REQUEST]),
        (RequestFilter(status="402"), [REQUEST]),
        (RequestFilter(status="none"), [LOST]),
        (RequestFilter(status="200", errors=True), []),
        (RequestFilter(path=CONFIRM), [REQUEST]),
        (RequestFilter(path="/v1/", errors=True), [LOST, REQUEST]),
        (RequestFilter(object_id="pi_1"), [LIST, REQUEST]),
        (RequestFilter(object_id="req_2"), [LIST]),
        (RequestFilter(object_id="key-1", path="/v1/refunds"), []),
        (RequestFilter(cause=UNANSWERED), [LOST]),
    ):
        page = await store.read(partial(requests.page, wanted=wanted, limit=10))
        assert (list(page.requests), page.older) == ([listed(one) for one in expected], None)


async def test_pages_follow_one_another_and_one_request_is_read_whole(store: Store) -> None:
    await add(store, REQUEST, LIST, LOST)
    first = await store.read(partial(requests.page, wanted=RequestFilter(), limit=2))
    query = partial(requests.page, wanted=RequestFilter(), limit=2, below=first.older)
    second = await store.read(query)
    assert [one.id for one in first.requests + second.requests] == [LOST.id, LIST.id, REQUEST.id]
    assert await store.read(partial(requests.get, request_id=REQUEST.id)) == REQUEST
    assert await store.read(partial(requests.get, request_id=1)) is None


async def test_the_requests_that_touched_any_of_some_objects_are_found_in_their_order(
    store: Store,
) -> None:
    await add(store, LIST, REQUEST, LOST)
    terms = ["pi_1", "pm_1", "another"]
    found = await store.read(partial(requests.touching, terms=terms, limit=10))
    assert [one.id for one in found] == [REQUEST.id, LIST.id]
    (newest,) = await store.read(partial(requests.touching, terms=terms, limit=1))
    assert newest.id == LIST.id


async def test_causes_say_how_often_and_since_when(store: Store) -> None:
    again = replace(REQUEST, id=LOST.id + 1_000_000)
    await add(store, REQUEST, LIST, LOST, again)
    assert await store.read(partial(requests.causes, limit=5)) == [
        ErrorCause(DECLINED, 2, REQUEST.at, REQUEST.at + 3),
        ErrorCause(UNANSWERED, 1, LOST.at, LOST.at),
    ]


async def stored(store: Store) -> tuple[list[int], list[int]]:
    """The ids of the requests, and of those that still have their parameters and answers."""
    page = await store.read(partial(requests.page, wanted=RequestFilter(), limit=10))
    texts = await store.read(lambda connection: list(requests.texts(connection, 0, LOST.id)))
    return [one.id for one in page.requests], sorted((one for one, *_ in texts), reverse=True)


async def test_only_the_newest_stay_and_those_that_are_old_enough_go(store: Store) -> None:
    for one in (REQUEST, LIST, LOST):
        await add(store, one)
    await store.write(partial(requests.trim, size=2))
    assert await stored(store) == ([LOST.id, LIST.id], [LOST.id, LIST.id])
    delete = partial(requests.delete_before, before=LOST.id, limit=10)
    assert [await store.write(delete), await store.write(delete)] == [1, 0]
    assert await stored(store) == ([LOST.id], [LOST.id])
    assert await store.read(partial(requests.touching, terms=["pi_1"], limit=10)) == []


async def test_what_was_written_together_goes_together(store: Store) -> None:
    await add(store, REQUEST, LOST)
    await add(store, LIST)  # by another process
    await store.write(partial(requests.trim, size=1))
    assert await stored(store) == ([LOST.id, REQUEST.id], [LOST.id, REQUEST.id])
    (found,) = await store.read(partial(requests.touching, terms=["pi_1"], limit=10))
    assert found.id == REQUEST.id
    too_new = partial(requests.delete_before, before=LOST.id, limit=1)
    due = partial(requests.delete_before, before=LOST.id + 1, limit=1)
    assert [await store.write(too_new), await store.write(due)] == [0, 2]
    assert await stored(store) == ([], [])


async def test_one_of_a_batch_is_deleted_without_the_others(store: Store) -> None:
    await add(store, REQUEST, LIST)
    await store.write(partial(requests.delete_each, ids=[LIST.id]))
    assert await stored(store) == ([REQUEST.id], [REQUEST.id])
    await store.write(partial(requests.delete_each, ids=[REQUEST.id]))
    assert await stored(store) == ([], [])


async def test_requests_of_one_microsecond_are_all_stored(store: Store) -> None:
    await add(store, LIST)
    await add(store, replace(REQUEST, id=LIST.id), replace(LOST, id=LIST.id))
    ids = [LIST.id + 2, LIST.id + 1, LIST.id]
    assert await stored(store) == (ids, ids)
    found = await store.read(partial(requests.get, request_id=LIST.id + 1))
    assert found is not None
    assert found.answer == REQUEST.answer


async def test_what_names_somebody_who_was_erased_is_stored_without_names(store: Store) -> None:
    await store.write(partial(erased_ids.add, ids={"pi_1": None}, at=1.0))
    answer = '{"object":"payment_intent","receipt_email":"jo@example.com","amount":99}'
    await add(store, replace(REQUEST, params='{"q":"to jo@example.com"}', answer=answer))
    found = await store.read(partial(requests.get, request_id=REQUEST.id))
    assert found is not None
    assert "jo@" not in found.params + found.answer
    assert '"amount":99' in found.answer
