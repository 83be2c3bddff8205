"""The verdicts that a broken product gets: each says in words what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from billing.domain.ledger import credits as ledger_credits
from billing.domain.ledger.line import Cause, Due
from billing.domain.ledger.pro import ProState
from billing.domain.sessions.checkout_session import Kind
from billing.ledger import fulfillment
from billing.selling.buyers import Buyers
from billing.store.ledger import lines
from pages.scenarios.steps.checkout import create_session, pay
from pages.scenarios.verdict import Expected
from tests.pages.scenarios.players import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest
    from sqlalchemy import Connection

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.sessions.details import SessionReading
    from billing.ledger.records import CreditsSale, ProSale
    from pages.scenarios.runs.run import ScenarioResult
    from tests.support.servers.shop import ConnectedShop

    Ran = Callable[..., ScenarioResult]


def test_credits_granted_twice_over_fail_the_verdict(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        write(connection, [replace(line, quantity=2 * line.quantity) for line in due])

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(BY_NAME["credits-paid"]).verdict
    assert not verdict.passed
    assert verdict.title.startswith("Granted ")
    assert verdict.title.endswith(" extra credits for 3 extra credits")
    assert "in Stripe" in verdict.reason


def test_a_second_grant_for_one_payment_fails_the_verdict(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        again = [replace(line, subject=f"{line.subject}again") for line in due]
        write(connection, [*due, *again])

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(BY_NAME["credits-paid"]).verdict
    assert (verdict.passed, verdict.title) == (False, "Granted twice")
    assert verdict.reason == "One payment for 3 extra credits, and 2 grants."


def test_a_payment_without_its_grant_is_found_out(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfillment, "sale_of", lambda *_: None)
    paid = replace(
        BY_NAME["credits-paid"], steps=(create_session(Kind.CREDITS, 3), pay("4242424242424242"))
    )
    verdict = ran(paid).verdict
    assert (verdict.passed, verdict.title) == (False, "Paid, but not granted")


def test_a_grant_without_a_payment_is_found_out(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    sale_of = fulfillment.sale_of

    def generous(found: SessionReading, origin: str, at: float) -> CreditsSale | ProSale | None:
        paid = replace(found.session, kind=Kind.CREDITS, status="complete", payment_status="paid")
        return sale_of(replace(found, session=paid, bought=1), origin, at)

    monkeypatch.setattr(fulfillment, "sale_of", generous)
    abandoned = BY_NAME["abandoned-expired"]
    verdict = ran(replace(abandoned, steps=abandoned.steps[:3])).verdict
    assert (verdict.passed, verdict.title) == (False, "Granted without a payment")


def test_a_refund_that_takes_nothing_is_found_out(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_credits, "credits_due", lambda bought, *_, **__: bought)
    verdict = ran(BY_NAME["part-refund"]).verdict
    assert (verdict.passed, verdict.title) == (
        False,
        "The ledger says 10 credits, Stripe 7 credits",
    )
    assert verdict.reason == "Lines: purchase +10."


def test_a_refund_that_is_counted_in_two_lines_is_found_out(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        for line in due:
            halves = [line]
            if line.cause is Cause.REFUND:
                first = replace(line, quantity=-1)
                second = replace(line, quantity=line.quantity + 1, sequence=line.sequence + 1)
                halves = [first, second]
            write(connection, halves)

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(BY_NAME["part-refund"]).verdict
    assert (verdict.passed, verdict.title) == (False, "Refund: twice in the ledger")
    assert verdict.reason == (
        "Lines: purchase +10, refund -1, refund -2; expected: purchase, refund."
    )


def test_pro_that_outlives_its_cancellation_is_found_out(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = property(lambda state: Due(1, state.subscription.until))
    monkeypatch.setattr(ProState, "due", always)
    verdict = ran(BY_NAME["cancel-now"]).verdict
    assert not verdict.passed
    assert re.fullmatch(r"The ledger says Pro until .* UTC, Stripe no Pro", verdict.title)


def test_a_second_sale_to_who_has_pro_is_found_out_and_left_closed(
    shop: ConnectedShop, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sell_to_anybody(*_: object) -> None:
        pass

    monkeypatch.setattr(Buyers, "check_first_pro", sell_to_anybody)
    verdict = ran(BY_NAME["second-avoided"]).verdict
    assert verdict.title == "Stopped at “The same customer wants to buy Pro again”"
    newest = shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]
    assert newest.status == "expired"


def test_what_the_scenario_expects_and_stripe_does_not_say_is_found_out(
    ran: Ran,
) -> None:
    wrong = replace(BY_NAME["part-refund"], expected=Expected(6, (Cause.PURCHASE, Cause.REFUND)))
    verdict = ran(wrong).verdict
    assert (verdict.passed, verdict.title) == (
        False,
        "Stripe says 7 credits, the scenario 6 credits",
    )
