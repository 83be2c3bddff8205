"""Events that failed are tried again, swept up or replayed, and say why they failed."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.errors import NotConfigured, StripeFailure
from billing.store import events
from billing.store.events import ProcessingResult
from billing.timings import Retries
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import event_rows, granted_totals, ledger
from tests.support.servers.services import at_work, open_services
from tests.support.servers.timings import NO_RETRIES, RETRIES
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import (
    DOWN,
    NO_FAULTS,
    ONE_SESSION,
    StripeAccount,
    event_object,
    session_object,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.services import Services


pytestmark = pytest.mark.anyio


ONE_RETRY = Retries(fresh=0.2, first=0.05, longest=0.05, give_up_after=0.05)
SLOW = Retries(fresh=0.2, first=3_600.0, longest=3_600.0, give_up_after=86_400.0)


async def test_a_failing_stripe_marks_the_event_failed_in_words_and_it_heals_by_itself(
    services: Services, account: StripeAccount
) -> None:
    account.faults = DOWN
    await deliver(
        services, account.say("completed", account.pay(account.sell("pro")), event_id="evt_1")
    )
    await wait_for_states(services, failed=1)
    row = (await event_rows(services.store))["evt_1"]
    assert "Stripe returned a server error (HTTP 500)" in row["error"]
    assert row["attempts"] >= 1
    account.faults = NO_FAULTS
    await wait_for_states(services, handled=1)
    row = (await event_rows(services.store))["evt_1"]
    assert row["error"] is None
    assert row["attempts"] >= 2
    assert await services.store.read(granted_totals) == {"pro": 1}


@pytest.mark.parametrize("services", [ONE_RETRY], indirect=True)
@pytest.mark.parametrize("all_of_them", [True, False])
async def test_what_failed_for_good_is_replayed_by_hand(
    services: Services, account: StripeAccount, *, all_of_them: bool
) -> None:
    account.faults = DOWN
    for name in ("evt_1", "evt_2"):
        paid = account.pay(account.sell("credits", 5))
        await deliver(services, account.say("completed", paid, event_id=name))

    async def given_up() -> bool:
        rows = await event_rows(services.store)
        return all(row["attempts"] > 1 and row["retry_at"] is None for row in rows.values())

    await until(given_up)
    account.faults = NO_FAULTS
    assert await services.event_processor.replay(["evt_2"]) == 1
    await wait_for_states(services, handled=1, failed=1)
    assert await services.store.read(granted_totals) == {"credits": 5}
    assert await services.event_processor.replay(None if all_of_them else ["evt_1", "evt_2"]) >= 1
    await wait_for_states(services, handled=2)
    assert await services.store.read(granted_totals) == {"credits": 10}


async def test_what_a_process_left_behind_when_it_died_is_swept_up(
    services: Services, account: StripeAccount
) -> None:
    event = account.say("completed", account.pay(account.sell("credits", 5)))
    await services.store.write(
        lambda connection: events.record(
            connection, [events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.PENDING, 1.0)]
        )
    )
    await wait_for_states(services, handled=1)
    assert await services.store.read(granted_totals) == {"credits": 5}


async def test_what_was_recorded_before_the_clock_was_set_back_is_swept_up_all_the_same(
    services: Services, account: StripeAccount
) -> None:
    future = time.time() + 3_600
    pending, failed = (account.say("completed", account.pay(account.sell())) for _ in range(2))

    def record(connection: Connection) -> None:
        arrivals = [
            events.ReceivedEvent(one, EventSource.WEBHOOK, EventState.PENDING, future)
            for one in (pending, failed)
        ]
        events.record(connection, arrivals)
        events.mark_processed(
            connection,
            [ProcessingResult([failed["id"]], EventState.FAILED, future, "Away.", RETRIES)],
        )

    await services.store.write(record)
    await wait_for_states(services, handled=2)


async def test_an_event_of_a_session_that_stripe_does_not_know_fails_in_words(
    services: Services,
) -> None:
    await deliver(services, event_object("evt_1", "completed", session_object(1, "pro", 1)))
    await wait_for_states(services, failed=1)
    row = (await event_rows(services.store))["evt_1"]
    assert "No such object" in row["error"]
    assert row["retry_at"] is None


@pytest.mark.parametrize("services", [SLOW], indirect=True)
@pytest.mark.parametrize("number", [1, 5])
async def test_what_failed_for_a_cause_that_passes_is_handled_soon_after_it_has_passed(
    services: Services, account: StripeAccount, number: int
) -> None:
    account.faults = DOWN
    for _ in range(number):
        await deliver(services, account.say("completed", account.pay(account.sell())))
    await wait_for_states(services, failed=number)
    rows = (await event_rows(services.store)).values()
    assert all(row["retry_at"] > row["settled_at"] + 3_000 for row in rows)
    async with at_work(services.sync_worker.run):
        await until(partial(is_away, services), "the mirror knows that Stripe is away")
        account.faults = NO_FAULTS
        await wait_for_states(services, handled=number)
    rows = (await event_rows(services.store)).values()
    assert {(row["retry_at"], row["failing_since"], row["attempts"]) for row in rows} == {
        (None, None, 2)
    }


async def is_away(services: Services) -> bool:
    return (await services.mirror.state()).failure is not None


@pytest.mark.parametrize("fault", ["forbidden", "strange", "no price"])
@pytest.mark.parametrize("services", [NO_RETRIES], indirect=True)
async def test_what_somebody_has_to_mend_elsewhere_is_tried_again(
    services: Services, account: StripeAccount, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    failures = {
        "forbidden": StripeFailure("May not.", "", status=403),
        "strange": StripeFailure.unexpected(404, "<html>"),
        "no price": NotConfigured("STRIPE_PRICE_EXTRA_CREDIT", "It is not set.", "Set it."),
    }

    async def settle(*_: object, **__: object) -> None:
        raise failures[fault]

    monkeypatch.setattr(services.fulfillment, "refresh_and_grant", settle)
    await deliver(services, account.say("completed", account.pay(account.sell())))
    await wait_for_states(services, failed=1)
    (row,) = (await event_rows(services.store)).values()
    assert row["retry_at"] == row["settled_at"] + NO_RETRIES.first


async def test_an_event_that_nobody_foresaw_fails_alone(
    services: Services,
    account: StripeAccount,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = account.pay(account.sell("pro"))
    read = CheckoutSession.from_stripe

    def stumble(session: dict[str, Any], **known: Any) -> CheckoutSession:
        if session["id"] == odd["id"]:
            raise AttributeError
        return read(session, **known)

    monkeypatch.setattr(CheckoutSession, "from_stripe", stumble)
    well = [account.pay(account.sell("credits", 5)) for _ in range(20)]
    for session in (odd, *well):
        await deliver(services, account.say("completed", session, event_id=f"evt_{session['id']}"))
    await wait_for_states(services, handled=len(well), failed=1)
    assert "AttributeError" in (await event_rows(services.store))[f"evt_{odd['id']}"]["error"]
    assert "Traceback" in caplog.text
    assert await services.store.read(granted_totals) == {"credits": 100}


async def test_a_burst_that_stripe_does_not_answer_fails_in_words_without_asking_for_each(
    account: StripeAccount, database_url: str
) -> None:
    account.faults = DOWN
    async with open_services(account.url, database_url, event_retries=NO_RETRIES) as services:
        for _ in range(30):
            await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
        async with at_work(services.event_processor.run):
            await wait_for_states(services, failed=30)
            assert account.asked[ONE_SESSION] == 0
            account.faults = NO_FAULTS
            assert await services.event_processor.replay() == 30
            await wait_for_states(services, handled=30)
        assert len(await ledger(services.store)) == 30


async def test_a_secret_that_an_api_repeats_does_not_reach_the_database(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell())
    account.forbidden[f"GET /v1/checkout/sessions/{paid['id']}"] = (
        "sk_test_of_the_tests \x00 \ud83d"
    )
    await deliver(services, account.say("completed", paid, event_id="evt_1"))
    await wait_for_states(services, failed=1)
    error = (await event_rows(services.store))["evt_1"]["error"]
    assert "Enabling [secret] \ufffd \ufffd permissions" in error


@pytest.mark.parametrize("broken", ["due", "mark_processed"])
async def test_the_work_goes_on_after_what_nobody_foresaw_anywhere_in_it(
    services: Services,
    account: StripeAccount,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(events, broken, fail)
        await deliver(services, account.say("completed", account.pay(account.sell("credits", 5))))
        await until(partial(is_logged, caplog, "ZeroDivisionError"))
    await wait_for_states(services, handled=1)
    assert await services.store.read(granted_totals) == {"credits": 5}


async def is_logged(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return words in caplog.text
