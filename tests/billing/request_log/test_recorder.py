"""Every call to Stripe is in the log, with each of its tries and without a secret."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from billing.domain.logged_request import LoggedRequest, RequestFilter
from billing.errors import StripeFailure
from billing.json_codec import loads
from billing.request_log.own_log import OwnRequestLog
from billing.request_log.recorder import RequestRecorder
from billing.store import Store
from billing.stripe_api.gateway import StripeGateway
from billing.timings import Timings
from tests.support.servers.settings import settings_for
from tests.support.servers.stand_ins.scripted_stripe import Answer, scripted_stripe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

SESSION = {
    "id": "cs_test_a1",
    "object": "checkout.session",
    "created": 1,
    "expires_at": 2,
    "customer": "cus_A1",
    "payment_status": "paid",
    "mode": "payment",
}
REPLAYED = {"Idempotent-Replayed": "true", "Request-Id": "req_1"}
SERVER_ERROR = Answer(500, {"error": {"type": "api_error", "message": "Try again."}})
LOST = Answer(None)
CARD = "4000002500003155"
SECRETS = {
    "an API key": "sk_test_51Hq0000000000000000abcd",
    "a restricted key": "rk_test_51Hq1111111111111111abcd",
    "a signing secret": "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
    "a client secret": "pi_3MtwBwLk_secret_YrKJUKribcBjcG8HVhfZluoGH",
    "a card number": CARD,
    "a card number in groups": "4000 0025 0000 3155",
    "a security code": "9871",
    "an account number": "000123456789",
    "a routing number": "110000000",
    "an IBAN": "DE89370400440532013000",
    "a password in an address": "hunter2pass",
}


@asynccontextmanager
async def logging_calls(
    store: Store, *answers: Answer, **settings: Any
) -> AsyncIterator[tuple[StripeGateway, OwnRequestLog, RequestRecorder]]:
    async with scripted_stripe(*answers) as url:
        given = settings_for(url, "sqlite://", **settings)
        recorder = RequestRecorder(given, store)
        gateway = StripeGateway(given, Timings(), record=recorder.record)
        try:
            yield gateway, OwnRequestLog(store, recorder), recorder
        finally:
            await gateway.aclose()
            await recorder.aclose()


async def only(log: OwnRequestLog) -> LoggedRequest:
    (found,) = (await log.page(RequestFilter())).requests
    details = await log.get(found.id)
    assert details is not None
    return details.request


async def test_a_call_is_logged_with_what_was_asked_and_answered(store: Store) -> None:
    answer = Answer(200, SESSION, {"Request-Id": "req_1"})
    async with logging_calls(store, answer) as (gateway, log, _):
        await gateway.create_checkout_session({"customer": "cus_A1", "mode": "payment"}, "key-1")
        found = await only(log)
    assert (found.method, found.path, found.status) == ("POST", "/v1/checkout/sessions", 200)
    assert (found.request_id, found.idempotency_key) == ("req_1", "key-1")
    assert found.params == '{"customer":"cus_A1","mode":"payment"}'
    assert loads(found.answer) == SESSION
    assert found.object_ids == ("cus_A1", "cs_test_a1")
    assert (found.outcome, found.is_unusual, found.client) == ("200", False, "PingPoint")
    assert found.api_version


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([SERVER_ERROR, Answer(200, SESSION)], "2 tries: 500, then 200"),
        (
            [LOST, Answer(200, SESSION, REPLAYED)],
            "2 tries: the first answer was lost, then 200",
        ),
        (
            [LOST, SERVER_ERROR, Answer(200, SESSION)],
            "3 tries: no answer (connection dropped), then 500, then 200",
        ),
    ],
    ids=["a server error", "a lost answer", "both"],
)
async def test_each_try_of_a_call_is_seen(
    sqlite_url: str, answers: list[Answer], outcome: str
) -> None:
    store = Store(SecretStr(sqlite_url))
    async with logging_calls(store, *answers) as (gateway, log, _):
        await gateway.expire_checkout_session("cs_test_a1")
        found = await only(log)
        (cause,) = await log.causes()
    assert (found.outcome, found.status) == (outcome, 200)
    assert all(one.seconds > 0 for one in found.tries)
    assert cause.cause == f"POST /v1/checkout/sessions/{{id}}/expire: {outcome}"
    store.close()


async def test_a_call_that_failed_is_logged_and_so_is_one_without_an_answer(
    sqlite_url: str,
) -> None:
    store = Store(SecretStr(sqlite_url))
    declined = {"error": {"type": "card_error", "code": "card_declined", "message": "No."}}
    async with logging_calls(store, Answer(402, declined), LOST) as (gateway, log, _):
        for _ in range(2):
            with pytest.raises(StripeFailure):
                await gateway.retrieve_payment_intent("pi_1")
        lost, refused = (await log.page(RequestFilter(errors=True))).requests
    assert refused.outcome == "402 card_declined"
    assert lost.status is None
    assert [one.failure for one in lost.tries] == ["connection dropped"] * 3
    store.close()


async def test_requests_with_one_idempotency_key_are_twins(sqlite_url: str) -> None:
    store = Store(SecretStr(sqlite_url))
    async with logging_calls(store, Answer(200, SESSION)) as (gateway, log, _):
        for _ in range(2):
            await gateway.create_checkout_session({"mode": "payment"}, "key-1")
        second, first = (await log.page(RequestFilter(object_id="key-1"))).requests
        details = await log.get(first.id)
    assert details is not None
    assert details.twins == (second,)
    store.close()


async def test_no_secret_of_any_kind_is_in_any_row(sqlite_url: str) -> None:
    store = Store(SecretStr(sqlite_url))
    texts = [f"It was {secret}." for secret in SECRETS.values()]
    holding: dict[str, Any] = {
        "client_secret": SECRETS["a client secret"],
        "secret": SECRETS["a signing secret"],
        "card": {"number": CARD, "cvc": SECRETS["a security code"], "exp_month": 12},
        "bank": {
            "account_number": SECRETS["an account number"],
            "routing_number": SECRETS["a routing number"],
            "iban": SECRETS["an IBAN"],
        },
        "url": f"https://shop:{SECRETS['a password in an address']}@example.com/hook",
        "metadata": {"note": texts[:6]},
    }
    answers = [
        Answer(200, {**SESSION, **holding}),
        Answer(402, {"error": {"type": "card_error", "message": " ".join(texts[:6])}}),
        Answer(200, f"<html>{' '.join(texts[:6])}</html>".encode()),
        Answer(200, {"object": "list", "has_more": False, "data": [{"id": "we_1", **holding}]}),
        Answer(200, {**SESSION, "padding": ["x" * 1000] * 20, **holding}),
    ]
    key = SecretStr(SECRETS["an API key"])
    async with logging_calls(store, *answers, secret_key=key) as (gateway, _, recorder):
        for _ in answers:
            try:
                await gateway.create_checkout_session(holding, "key-1")
            except StripeFailure:
                continue
        await recorder.write()
    store.close()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT * FROM requests").fetchall()
        batches = connection.execute("SELECT contents FROM request_batches").fetchall()
    stored = [*map(str, rows), *(zlib.decompress(one).decode() for (one,) in batches)]
    assert len(rows) == len(answers)
    assert "[secret]" in stored[-1]
    found = {name for name, secret in SECRETS.items() for text in stored if secret in text}
    assert not found


async def test_of_a_long_list_the_names_of_its_objects_are_logged(sqlite_url: str) -> None:
    store = Store(SecretStr(sqlite_url))
    objects = [{"id": f"re_{one}", "object": "refund", "text": "x" * 300} for one in range(100)]
    answer = Answer(200, {"object": "list", "has_more": True, "data": objects})
    async with logging_calls(store, answer) as (gateway, log, _):
        with pytest.raises(StripeFailure):  # they are no events
            await gateway.list_events()
        found = await only(log)
    assert '{"id":"re_99","object":"refund"}' in found.answer
    assert "xxx" not in found.answer
    store.close()


async def test_with_size_0_nothing_is_logged(sqlite_url: str) -> None:
    store = Store(SecretStr(sqlite_url))
    async with logging_calls(store, Answer(200, SESSION), request_log_size=0) as (gateway, log, _):
        await gateway.expire_checkout_session("cs_test_a1")
        assert (await log.page(RequestFilter())).requests == ()
    store.close()


async def test_the_log_holds_as_many_as_its_size_says(sqlite_url: str) -> None:
    store = Store(SecretStr(sqlite_url))
    async with logging_calls(store, Answer(200, SESSION), request_log_size=2) as logging:
        gateway, log, recorder = logging
        for number in range(4):
            await gateway.expire_checkout_session(f"cs_test_{number}")
            await recorder.write()
        found = (await log.page(RequestFilter())).requests
    assert [one.path[-8:] for one in found] == ["3/expire", "2/expire"]
    store.close()
