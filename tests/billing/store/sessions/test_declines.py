"""A declined payment makes its session declined, whichever of the two is stored first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.store import events, sessions
from tests.billing.store.sessions.history import found
from tests.support.database.stored import copies
from tests.support.stripe_account import declined_payment, event_object, session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.store import Store

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000
OPEN = {"status": "open"}
EXPIRED = {"status": "expired"}
PAID = {"status": "complete", "payment_status": "paid"}
NO_FUNDS = ("insufficient_funds", "Your card was declined (card_declined, insufficient_funds).")
LOST_CARD = ("lost_card", "Your card was declined (card_declined, lost_card).")


@dataclass(frozen=True)
class Sale:
    """A session of its own, and what arrives of it."""

    store: Store
    number: int

    async def arrive(self, state: dict[str, str] | None) -> None:
        """A copy in that state, or the decline."""
        await (self.decline() if state is None else self.copy(state))

    async def copy(self, state: dict[str, str] = OPEN) -> None:
        reference = {"client_reference_id": f"Order-{self.number}"}
        session = session_object(self.number, "credits", 5, NOW) | reference | state
        await self.store.write(
            lambda connection: sessions.upsert_sessions(connection, [copies([session])])
        )

    async def decline(
        self, code: str | None = "insufficient_funds", at: int = NOW, prefix: str = "evt_"
    ) -> None:
        payment = declined_payment(f"pi_{self.number}", f"Order-{self.number}", code)
        kind = "payment_intent.payment_failed"
        event = event_object(f"{prefix}{self.number}_{code}", kind, payment) | {"created": at}

        def arrive(connection: Connection) -> None:
            arrival = events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.PENDING, NOW)
            events.record(connection, [arrival])
            sessions.record_declined_payments(connection, [payment["id"]])

        await self.store.write(arrive)

    async def known(self) -> CheckoutSession:
        name = session_object(self.number, "credits", 5)["id"]
        known = await self.store.read(partial(sessions.get, session_id=name))
        assert known is not None
        wanted = SessionFilter(outcomes=frozenset({known.outcome}))
        assert known.id in await found(self.store, wanted)
        return known


async def test_a_test_event_declines_nothing(store: Store) -> None:
    sale = Sale(store, 1)
    await sale.copy()
    await sale.decline(prefix="evt_00000000")
    assert (await sale.known()).outcome is Outcome.OPEN


async def test_many_declined_sessions_are_stored_at_once(store: Store) -> None:
    sales = [Sale(store, number) for number in range(3)]
    for sale in sales:
        await sale.decline()
    rows = [
        session_object(sale.number, "credits", 5, NOW)
        | {"client_reference_id": f"Order-{sale.number}"}
        | OPEN
        for sale in sales
    ]
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies(rows)]))
    declined = await store.read(
        lambda connection: sessions.get_many(connection, [row["id"] for row in rows])
    )
    assert [one.outcome for one in declined] == [Outcome.DECLINED] * 3


async def test_a_decline_is_known_whichever_comes_first(store: Store) -> None:
    beside = Sale(store, 9)
    await beside.copy()
    for number, order in enumerate(permutations((OPEN, None, OPEN))):
        sale = Sale(store, number)
        for state in order:
            await sale.arrive(state)
        known = await sale.known()
        assert known.outcome is Outcome.DECLINED
        assert (known.failure_code, known.failure) == NO_FUNDS
        assert (known.status, known.payment_status) == ("open", "unpaid")
    assert (await beside.known()).outcome is Outcome.OPEN


async def test_the_last_decline_counts_whenever_it_arrives(store: Store) -> None:
    sale = Sale(store, 1)
    await sale.copy()
    await sale.decline("lost_card", NOW + 20)
    await sale.decline()
    known = await sale.known()
    assert (known.failure_code, known.failure) == LOST_CARD


@pytest.mark.parametrize(
    ("end", "outcome", "failure"),
    [(PAID, Outcome.PAID, (None, None)), (EXPIRED, Outcome.EXPIRED, NO_FUNDS)],
)
async def test_what_is_paid_or_expired_since_is_that_in_any_order(
    store: Store,
    end: dict[str, str],
    outcome: Outcome,
    failure: tuple[str | None, str | None],
) -> None:
    for number, order in enumerate(permutations((OPEN, None, end))):
        sale = Sale(store, number)
        for state in order:
            await sale.arrive(state)
        known = await sale.known()
        assert known.outcome is outcome
        assert (known.failure_code, known.failure) == failure


async def test_a_decline_without_a_reason_is_one(store: Store) -> None:
    sale = Sale(store, 1)
    await sale.decline(None)
    await sale.copy()
    known = await sale.known()
    assert known.outcome is Outcome.DECLINED
    assert (known.failure_code, known.failure) == ("unknown", "The payment was declined.")
