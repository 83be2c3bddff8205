"""What is written into the ledger by hand turns the verdict of each scenario red: it is read anew,
from Stripe and from the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from billing.domain.ledger.line import Cause
from billing.entitlements import EntitlementReader
from billing.json_codec import dumps, loads
from billing.store import tables
from billing.store.ledger import lines
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.runs.sale import open_context
from pages.scenarios.verdict import verify
from tests.pages.scenarios.players import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from billing.domain.stripe_json import JSON
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.runs.run import ScenarioRun
    from pages.scenarios.verdict import Verdict
    from tests.support.servers.shop import ConnectedShop

    Played = Callable[[Scenario], ScenarioRun]

PAID = [scenario for scenario in SCENARIOS if scenario.expected.is_paid]
UNPAID = [scenario for scenario in SCENARIOS if not scenario.expected.is_paid]
LINES = tables.ledger


def name(scenario: Scenario) -> str:
    return scenario.name


def of_sale(run: ScenarioRun) -> ColumnElement[bool]:
    """The lines of what the run has sold."""
    if run.session_id:
        return LINES.c.session_id == run.session_id
    return LINES.c.customer == run.customer


def verdict_now(shop: ConnectedShop, scenario: Scenario, run: ScenarioRun) -> Verdict:
    """The verdict on a run that has ended, by what Stripe and the ledger say now."""
    context = open_context(scenario, shop.pages, shop.controls, run)
    return verify(context.both_sides(), scenario.expected, grant_seconds=context.grant_seconds)


@contextmanager
def written_by_hand(
    shop: ConnectedShop, run: ScenarioRun, write: Callable[[Connection, list[JSON]], object]
) -> Iterator[None]:
    """Change the lines of a run's sale, which ``write`` gets, until the end of the block."""
    store = shop.services.store

    def read(connection: Connection) -> list[JSON]:
        rows = connection.execute(select(LINES).where(of_sale(run))).mappings()
        return [dict(row) for row in rows]

    def restore(connection: Connection) -> None:
        connection.execute(delete(LINES).where(of_sale(run)))
        if before:
            connection.execute(insert(LINES), before)

    before = shop.pages.call(lambda: store.read(read))
    shop.pages.call(lambda: store.write(lambda connection: write(connection, before)))
    yield
    shop.pages.call(lambda: store.write(restore))


def grant_of(found: list[JSON]) -> JSON:
    (grant,) = (line for line in found if line["cause"] == Cause.PURCHASE)
    return grant


@pytest.mark.parametrize("scenario", PAID, ids=name)
def test_a_second_grant_a_lost_one_and_a_late_one_each_fail_the_verdict_of_what_was_paid(
    shop: ConnectedShop, scenario: Scenario, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = played(scenario)

    def grant_again(connection: Connection, found: list[JSON]) -> None:
        line = grant_of(found)
        connection.execute(insert(LINES), [line | {"subject": f"{line['subject']}again"}])

    def lose(connection: Connection, _: list[JSON]) -> None:
        connection.execute(delete(LINES).where(of_sale(run)))

    def delay(connection: Connection, found: list[JSON]) -> None:
        late = update(LINES).where(LINES.c.subject == grant_of(found)["subject"])
        connection.execute(late.values(at=LINES.c.at + 600))

    with written_by_hand(shop, run, grant_again):
        verdict = verdict_now(shop, scenario, run)
        assert (verdict.passed, verdict.title) == (False, "Granted twice")
        assert verdict.reason.endswith(", and 2 grants.")
    with monkeypatch.context() as broken:
        broken.setattr(lines, "add", lambda *_: None)  # nothing grants it anew
        with written_by_hand(shop, run, lose):
            verdict = verdict_now(shop, scenario, run)
        assert (verdict.passed, verdict.title) == (False, "Paid, but not granted")
        assert "there is no grant." in verdict.reason
    with written_by_hand(shop, run, delay):
        verdict = verdict_now(shop, scenario, run)
        assert (verdict.passed, verdict.title) == (False, "Granted late")
        assert "after Stripe called it paid, 2 min at the most" in verdict.reason


@pytest.mark.parametrize("scenario", UNPAID, ids=name)
def test_a_grant_fails_the_verdict_of_what_was_not_paid(
    shop: ConnectedShop, scenario: Scenario, played: Played
) -> None:
    run, of_another = played(scenario), played(BY_NAME["credits-paid"]).session_id

    def grant(connection: Connection, _: list[JSON]) -> None:
        columns = [column for column in LINES.c if column.name != "subject"]
        given = select(*columns).where(LINES.c.session_id == of_another).limit(1)
        line = dict(connection.execute(given).mappings().one())
        own = {"session_id": run.session_id or None, "customer": run.customer or None}
        connection.execute(insert(LINES), [line | own | {"subject": run.id}])

    with written_by_hand(shop, run, grant):
        verdict = verdict_now(shop, scenario, run)
        assert (verdict.passed, verdict.title) == (False, "Granted without a payment")
        assert verdict.reason.endswith("and the ledger has purchase +3.")


@pytest.mark.parametrize(
    ("scenario", "title"),
    [
        ("credits-paid", "The entitlements say 4 credits, Stripe 3 credits"),
        ("first-renewal", "The entitlements say no Pro, Stripe Pro until "),
        ("3ds-failed", "The entitlements say 1 credit, Stripe 0 credits"),
    ],
)
def test_programs_that_get_something_else_than_stripe_says_fail_the_verdict(
    shop: ConnectedShop,
    scenario: str,
    title: str,
    played: Played,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = EntitlementReader.read

    async def another(reader: EntitlementReader, *of: Any) -> JSON:
        answer = await read(reader, *of)
        pro = {"active": False, "until": None, "status": None}
        return answer | {"credits": answer["credits"] + 1, "pro": pro}

    run = played(BY_NAME[scenario])
    monkeypatch.setattr(EntitlementReader, "read", another)
    verdict = verdict_now(shop, BY_NAME[scenario], run)
    assert not verdict.passed
    assert verdict.title.startswith(title)


def test_what_our_own_copy_of_stripe_says_changes_no_verdict(
    shop: ConnectedShop, played: Played
) -> None:
    """Both sides are read anew: here it has an unpaid session of another amount."""
    scenario = BY_NAME["part-refund"]
    run, store, mirrored = played(scenario), shop.services.store, tables.checkout_sessions
    is_own = mirrored.c.id == run.session_id
    right = verdict_now(shop, scenario, run)

    def say_otherwise(connection: Connection) -> str:
        data = str(connection.scalar(select(mirrored.c.data).where(is_own)))
        wrong = loads(data) | {"payment_status": "unpaid", "status": "open", "amount_total": 1}
        connection.execute(update(mirrored).where(is_own).values(data=dumps(wrong), amount_total=1))
        return data

    before = shop.pages.call(lambda: store.write(say_otherwise))
    assert verdict_now(shop, scenario, run) == right
    back = update(mirrored).where(is_own).values(data=before)
    shop.pages.call(lambda: store.write(lambda connection: connection.execute(back)))
