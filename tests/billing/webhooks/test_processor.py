"""Events in any order, late, twice, at once, or as two for one fact: the end is the same."""

from __future__ import annotations

import asyncio
import json
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from billing.domain.checkout_session import CheckoutSession
from billing.domain.event import EventSource, EventState
from billing.domain.grant import GrantCause
from billing.errors import NotConfigured, StripeFailure, WebhookRefused
from billing.store import events, tables
from billing.store.events import ProcessingResult
from billing.timings import Retries
from tests.support.records import event_rows, granted_totals, ledger, states
from tests.support.services import at_work, open_services
from tests.support.stripe_account import (
    ACCOUNT,
    DOWN,
    LIST_SESSIONS,
    NO_FAULTS,
    ONE_SESSION,
    StripeAccount,
    event_object,
    session_object,
)
from tests.support.timings import NO_RETRIES, RETRIES
from tests.support.waiting import until
from tests.support.webhooks import deliver, signature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from billing.services import Services

pytestmark = pytest.mark.anyio

ONE_RETRY = Retries(fresh=0.2, first=0.05, longest=0.05, give_up_after=0.05)
SLOW = Retries(fresh=0.2, first=3_600.0, longest=3_600.0, give_up_after=86_400.0)
NOW = 1_800_000_000


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, account: StripeAccount, database_url: str
) -> AsyncIterator[Services]:
    """Services that settle; parametrize indirectly with the waits."""
    retries: Retries = getattr(request, "param", RETRIES)
    async with (
        open_services(account.url, database_url, event_retries=retries) as opened,
        at_work(opened.event_processor.run),
    ):
        yield opened


async def settled(services: Services, **expected: int) -> None:
    """Return once the events are in these states and no other."""

    async def as_expected() -> bool:
        return await states(services.store) == expected

    try:
        await until(as_expected)
    except AssertionError:
        assert await states(services.store) == expected


async def test_a_paid_event_is_granted_and_handled(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    assert await deliver(services, account.say("completed", paid, event_id="evt_1")) == "evt_1"
    await settled(services, handled=1)
    (line,) = (await ledger(services.store)).values()
    assert (line.session_id, line.quantity, line.cause) == (paid["id"], 5, "evt_1")


async def test_a_delayed_payment_is_granted_when_the_money_comes(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5)
    waiting = account.become(sold, status="complete", payment_status="unpaid")
    await deliver(services, account.say("completed", waiting))
    await settled(services, handled=1)
    assert await ledger(services.store) == {}
    paid = account.pay(sold)
    await deliver(services, account.say("async_payment_succeeded", paid, event_id="evt_money"))
    await settled(services, handled=2)
    assert (await ledger(services.store))[sold["id"]].cause == "evt_money"


async def test_a_delayed_payment_that_fails_grants_nothing(
    services: Services, account: StripeAccount
) -> None:
    waiting = account.sell("credits", 5, status="complete", payment_status="unpaid")
    await deliver(services, account.say("completed", waiting))
    await deliver(services, account.say("async_payment_failed", waiting))
    await settled(services, handled=2)
    assert await ledger(services.store) == {}


async def test_an_expired_session_and_another_apps_are_handled_and_grant_nothing(
    services: Services, account: StripeAccount
) -> None:
    expired = account.sell("pro", status="expired", url=None)
    await deliver(services, account.say("expired", expired))
    foreign = account.pay(account.sell("pro", ours=False))
    await deliver(services, account.say("completed", foreign))
    await settled(services, handled=2)
    assert await ledger(services.store) == {}
    kept = await services.mirror.session(foreign["id"])
    assert kept is not None
    assert not kept.ours


async def test_a_stale_payload_is_not_believed(services: Services, account: StripeAccount) -> None:
    sold = account.sell("credits", 5)
    claims_paid = sold | {"status": "complete", "payment_status": "paid"}
    await deliver(services, account.say("completed", claims_paid))
    await settled(services, handled=1)
    assert await ledger(services.store) == {}


async def test_the_same_event_many_times_at_once_is_one(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    event = account.say("completed", paid, event_id="evt_1")
    answers = await asyncio.gather(*(deliver(services, event) for _ in range(25)))
    assert set(answers) == {"evt_1"}
    await settled(services, handled=1)
    assert (await event_rows(services.store))["evt_1"]["deliveries"] == 25
    assert await services.store.read(granted_totals) == {"credits": 5}


async def test_a_duplicate_of_a_handled_event_asks_stripe_nothing(
    services: Services, account: StripeAccount
) -> None:
    event = account.say("completed", account.pay(account.sell()), event_id="evt_1")
    await deliver(services, event)
    await settled(services, handled=1)
    asked = account.asked[ONE_SESSION]
    await deliver(services, event)
    await deliver(services, account.say("completed", account.pay(account.sell())))
    await settled(services, handled=2)
    assert account.asked[ONE_SESSION] == asked + 1


async def test_two_events_for_one_fact_grant_once(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("pro"))
    first, second = (account.say("completed", paid) for _ in range(2))
    await asyncio.gather(deliver(services, first), deliver(services, second))
    await settled(services, handled=2)
    assert await services.store.read(granted_totals) == {"pro": 1}


async def test_the_webhook_and_the_landing_page_at_once_grant_once(
    services: Services, account: StripeAccount
) -> None:
    paid = [account.pay(account.sell("credits", 5)) for _ in range(10)]
    await asyncio.gather(
        *(deliver(services, account.say("completed", one)) for one in paid),
        *(services.fulfillment.refresh_and_grant(one["id"], GrantCause.RETURN) for one in paid),
    )
    await settled(services, handled=10)
    assert await services.store.read(granted_totals) == {"credits": 50}


@pytest.mark.parametrize("seed", range(3))
async def test_in_any_order_and_with_duplicates_the_end_is_the_same(
    services: Services, account: StripeAccount, seed: int
) -> None:
    told, bought = [], {}
    for number in range(1, 31):
        sold = account.sell("credits", number)
        if number % 3:
            waiting = account.become(sold, status="complete", payment_status="unpaid")
            paid = account.pay(sold)
            told += [
                account.say("completed", waiting),
                account.say("async_payment_succeeded", paid),
            ]
            bought[sold["id"]] = number
        else:
            told.append(account.say("expired", account.become(sold, status="expired")))
    shuffle = random.Random(seed)  # noqa: S311 - an order is no secret
    arriving = told + shuffle.sample(told, len(told) // 3)
    shuffle.shuffle(arriving)
    await asyncio.gather(*(deliver(services, event) for event in arriving))
    await settled(services, handled=len(told))
    assert {name: line.quantity for name, line in (await ledger(services.store)).items()} == bought


async def test_a_failing_stripe_marks_the_event_failed_in_words_and_it_heals_by_itself(
    services: Services, account: StripeAccount
) -> None:
    account.faults = DOWN
    await deliver(
        services, account.say("completed", account.pay(account.sell("pro")), event_id="evt_1")
    )
    await settled(services, failed=1)
    row = (await event_rows(services.store))["evt_1"]
    assert "Stripe returned a server error (HTTP 500)" in row["error"]
    assert row["attempts"] >= 1
    account.faults = NO_FAULTS
    await settled(services, handled=1)
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
    await settled(services, handled=1, failed=1)
    assert await services.store.read(granted_totals) == {"credits": 5}
    assert await services.event_processor.replay(None if all_of_them else ["evt_1", "evt_2"]) >= 1
    await settled(services, handled=2)
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
    await settled(services, handled=1)
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
    await settled(services, handled=2)


@pytest.mark.parametrize("services", [NO_RETRIES], indirect=True)
async def test_what_arrives_is_handled_at_once_without_a_sweep(
    services: Services, account: StripeAccount
) -> None:
    await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
    await settled(services, handled=1)


@pytest.mark.parametrize("kind", ["invoice.paid", "plan.deleted", "checkout.session.something_new"])
async def test_types_that_nobody_handles_are_kept_as_ignored(
    services: Services, account: StripeAccount, kind: str
) -> None:
    await deliver(services, event_object("evt_1", kind, session_object(1, "pro", 1)))
    await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
    await settled(services, ignored=1, handled=1)
    assert account.asked[ONE_SESSION] == 1
    assert await services.event_processor.replay(["evt_1"]) == 0


async def test_an_event_of_live_mode_is_kept_as_ignored(
    services: Services, account: StripeAccount
) -> None:
    live = session_object(1, "pro", 1) | {"id": "cs_live_1", "livemode": True}
    await deliver(services, event_object("evt_1", "completed", live) | {"livemode": True})
    await settled(services, ignored=1)
    assert account.asked[ONE_SESSION] == 0


async def test_an_event_of_a_session_that_stripe_does_not_know_fails_in_words(
    services: Services,
) -> None:
    await deliver(services, event_object("evt_1", "completed", session_object(1, "pro", 1)))
    await settled(services, failed=1)
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
    await settled(services, failed=number)
    rows = (await event_rows(services.store)).values()
    assert all(row["retry_at"] > row["settled_at"] + 3_000 for row in rows)
    async with at_work(services.sync_worker.run):
        await until(partial(is_away, services), "the mirror knows that Stripe is away")
        account.faults = NO_FAULTS
        await settled(services, handled=number)
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
    await settled(services, failed=1)
    (row,) = (await event_rows(services.store)).values()
    assert row["retry_at"] == row["settled_at"] + NO_RETRIES.first


async def test_events_of_other_accounts_are_ignored_and_those_of_ours_are_not(
    services: Services, account: StripeAccount
) -> None:
    ours, way_to_ours = "acct_of_the_tests", "org_1/acct_of_the_tests"
    foreign: list[dict[str, Any]] = [
        *({"account": "acct_2"}, {"context": "acct_2"}, {"context": "org_1/acct_2"}),
        *({"account": ours, "context": "acct_2"}, {"account": 7}, {"context": ["x"]}),
    ]
    own: list[dict[str, Any]] = [
        *({"account": ours}, {"context": way_to_ours}, {"account": None, "context": ""}),
        {"account": ours, "context": way_to_ours},
    ]
    for names in foreign:
        event = account.say("completed", account.pay(account.sell())) | names
        await deliver(services, event)
        assert (await event_rows(services.store))[event["id"]]["state"] == "ignored"
    assert account.asked[ONE_SESSION] == 0
    for names in own:
        await deliver(services, account.say("completed", account.pay(account.sell())) | names)
    await settled(services, ignored=len(foreign), handled=len(own))
    assert account.asked[ACCOUNT] == 1
    assert await services.event_processor.replay() == 0


@pytest.mark.parametrize("number", [1, 5])
async def test_whose_an_event_is_is_found_out_later_where_stripe_does_not_say_at_once(
    services: Services, account: StripeAccount, number: int
) -> None:
    account.faults = DOWN
    for _ in range(number):
        for owner in ("acct_2", "acct_of_the_tests"):
            event = account.say("completed", account.pay(account.sell()))
            await deliver(services, event | {"account": owner})
    await settled(services, failed=2 * number)
    account.faults = NO_FAULTS
    await settled(services, handled=number, ignored=number)


async def test_a_key_that_may_not_ask_for_its_account_ignores_whatever_names_one(
    services: Services, account: StripeAccount
) -> None:
    account.forbidden = {f"GET {ACCOUNT}": "Account Read"}
    for owner in ("acct_2", "acct_of_the_tests"):
        event = account.say("completed", account.pay(account.sell()))
        await deliver(services, event | {"account": owner})
    await settled(services, ignored=2)


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
    await settled(services, handled=len(well), failed=1)
    assert "AttributeError" in (await event_rows(services.store))[f"evt_{odd['id']}"]["error"]
    assert "Traceback" in caplog.text
    assert await services.store.read(granted_totals) == {"credits": 100}


@pytest.mark.parametrize("between", [0, 3, 300])
async def test_a_burst_is_settled_by_lists_with_few_requests(
    account: StripeAccount, database_url: str, between: int
) -> None:
    burst = []
    for second in range(60):
        burst.append(account.pay(account.sell("credits", 5, created=NOW + second)))
        for _ in range(between):
            account.sell("credits", 1, created=NOW + second)
    expired = account.sell("pro", status="expired", url=None, created=NOW + 60)
    async with open_services(account.url, database_url, event_retries=NO_RETRIES) as services:
        for paid in burst:
            await deliver(services, account.say("completed", paid, event_id=f"evt_{paid['id']}"))
        await deliver(services, account.say("expired", expired))
        async with at_work(services.event_processor.run):
            await settled(services, handled=61)
        lines = await ledger(services.store)
        known = await services.mirror.session(expired["id"])
    assert {(line.session_id, line.quantity, line.cause) for line in lines.values()} == {
        (paid["id"], 5, f"evt_{paid['id']}") for paid in burst
    }
    assert known is not None
    assert known.status == "expired"
    if between < 300:  # so many others lie between that a list is not worth it
        assert account.asked[ONE_SESSION] == 0
        assert account.asked[LIST_SESSIONS] == 1 + 61 * (1 + between) // 100
    else:
        assert account.asked[LIST_SESSIONS] == 1


async def test_a_burst_that_stripe_does_not_answer_fails_in_words_without_asking_for_each(
    account: StripeAccount, database_url: str
) -> None:
    account.faults = DOWN
    async with open_services(account.url, database_url, event_retries=NO_RETRIES) as services:
        for _ in range(30):
            await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
        async with at_work(services.event_processor.run):
            await settled(services, failed=30)
            assert account.asked[ONE_SESSION] == 0
            account.faults = NO_FAULTS
            assert await services.event_processor.replay() == 30
            await settled(services, handled=30)
        assert len(await ledger(services.store)) == 30


async def test_a_secret_that_an_api_repeats_does_not_reach_the_database(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell())
    account.forbidden[f"GET /v1/checkout/sessions/{paid['id']}"] = (
        "sk_test_of_the_tests \x00 \ud83d"
    )
    await deliver(services, account.say("completed", paid, event_id="evt_1"))
    await settled(services, failed=1)
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
    await settled(services, handled=1)
    assert await services.store.read(granted_totals) == {"credits": 5}


async def is_logged(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return words in caplog.text


async def rejections(services: Services) -> list[dict[str, Any]]:
    await services.refused.write()
    rows = await services.store.read(
        lambda connection: connection.execute(select(tables.rejected_deliveries)).mappings().all()
    )
    return [dict(row) for row in rows]


async def test_a_rejected_delivery_is_kept_with_its_reason_and_without_its_contents(
    services: Services,
) -> None:
    body = json.dumps(event_object("evt_1", "completed", session_object(77, "pro", 1))).encode()
    deliveries = {
        "does not match": (body, signature(body, "whsec_of_another")),
        "malformed": (body, "nonsense"),
        "missing": (body, None),
        "not an event": (b"{}", signature(b"{}")),
        "minutes old": (body, signature(body, at=1_000)),
    }
    for said, (sent, header) in deliveries.items():
        with pytest.raises(WebhookRefused) as refused:
            await services.webhooks.receive(sent, header)
        assert said in refused.value.message + refused.value.next_step
    kept = await rejections(services)
    assert len(kept) == len(deliveries)
    for said, (sent, _) in deliveries.items():
        (row,) = [row for row in kept if said in row["reason"] + row["next_step"]]
        assert (row["size"], row["count"]) == (len(sent), 1)
        assert "evt_1" not in str(row)
        assert "buyer77" not in str(row)
    assert await states(services.store) == {}
