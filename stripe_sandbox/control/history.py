"""Fills the sandbox with a history: what people would have done in the last weeks, done by the
engine itself at those times, so that every object and event is one of its own."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import timedelta

from stripe_sandbox import cards
from stripe_sandbox.api.endpoint import NO_REQUEST, Call
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.history_plan import (
    HistoryPlan,
    Offer,
    emails,
    pause,
    quantity_of,
    visits,
)
from stripe_sandbox.payments.checkout import AuthenticationRequired, Card, Payer, Payments
from stripe_sandbox.resources.checkout_sessions import CheckoutSessions
from stripe_sandbox.scheduling.scheduler import Scheduler
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.storage.objects import Object

_GOOD = ("4242424242424242", "5555555555554444", "378282246310005", "4000056655665556")
_GOOD_WEIGHTS = (60, 22, 8, 10)
_ASKING, _FAILS_LATER = "4000002500003155", "4000000000000341"
_DECLINED = (
    "4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127",
)  # fmt: skip
_DEBITED, _RETURNED = "000123456789", "000222222227"

_WAYS = {
    "paid": 70, "3-D Secure": 8, "declined, then paid": 7, "declined": 3, "debited": 5,
    "abandoned": 12,
}  # fmt: skip
_ONE_IN_RETURNED = 5
_ONE_IN_FAILS_LATER = 12

_TO_PAY = (timedelta(seconds=75), timedelta(hours=3))
_TO_TRY_AGAIN = (timedelta(seconds=40), timedelta(minutes=20))
_TO_SETTLE = (timedelta(days=3.5), timedelta(days=6))


class History:
    """Lives through a plan, from its first day to now."""

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        scheduler: Scheduler,
        sessions: CheckoutSessions,
        payments: Payments,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._scheduler = scheduler
        self._sessions = sessions
        self._payments = payments

    def fill(self, plan: HistoryPlan, base_url: str) -> dict[str, int]:
        """Make the history, all of it or nothing, and tell no endpoint; returns how many
        `sessions` there are of it and how many of them were `paid`. StripeError: something that
        cannot be sold."""
        while not self._scheduler.run_due():  # what is due already is no part of the history
            pass
        with self._backend.database.transaction(), self._backend.events.muted():
            made = _Simulation(self, plan, base_url).live()
            sessions = [self._backend.require("checkout.session", one, "session") for one in made]
            paid = sum(session["payment_status"] == "paid" for session in sessions)
        return {"sessions": len(made), "paid": paid}

    def now(self) -> int:
        """The end of the history."""
        return self._clock.now()

    def at(self, moment: float, step: Callable[[], None]) -> None:
        """Do a step at its time, after all that fell due before it."""
        self._scheduler.run_until(moment)
        with self._clock.frozen_at(moment):
            step()

    def reach(self, moment: float) -> None:
        """Let fall due what is due by then."""
        self._scheduler.run_until(moment)

    def offer(self, sold: Offer, quantity: int, plan: HistoryPlan, base_url: str) -> Object:
        """A new session."""
        metadata = {
            name: value.replace("{quantity}", str(quantity))
            for name, value in sold.metadata.items()
        }
        params = {
            "mode": sold.mode,
            "line_items": [{"price": sold.price, "quantity": quantity}],
            "success_url": plan.success_url,
            "cancel_url": plan.cancel_url,
            "metadata": metadata,
        }
        return self._sessions.create(Call(params, (), NO_REQUEST, base_url))

    def pay(self, session: str, number: str, payer: Payer) -> None:
        """Try a card; where its bank asks, the payer answers rightly."""
        year, month = self._clock.year_and_month()
        card = cards.find(number)
        cvc = "1" * (card.cvc_length if card else 3)
        outcome = self._payments.pay(
            session, Card(number, month, year + 3, cvc), payer, first_charge_passes=True
        )
        if isinstance(outcome, AuthenticationRequired):
            self._payments.authenticate(session, outcome.payment_intent, succeed=True)

    def debit(self, session: str, account: str, payer: Payer, settles_in: float) -> None:
        """Pay from a bank account."""
        self._payments.debit(session, account, payer, settles_in)


class _Simulation:
    """One filling: its chances, and the steps that are still to come."""

    def __init__(self, history: History, plan: HistoryPlan, base_url: str) -> None:
        self._history = history
        self._plan = plan
        self._base_url = base_url
        # Chance, not security: the same seed is to give the same history.
        self._chance = random.Random(plan.seed)  # noqa: S311
        self._people = emails(plan, self._chance)
        self._order = itertools.count()
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._made: list[str] = []
        self._moment = 0.0

    def live(self) -> list[str]:
        """The ids of the sessions, once it is now again."""
        now = self._history.now()
        for moment in visits(self._plan, now, self._chance):
            self._plan_step(moment, self._visit)
        while self._steps and self._steps[0][0] < now:
            self._moment, _, step = heapq.heappop(self._steps)
            self._history.at(self._moment, step)
        self._history.reach(now)
        return self._made

    def _plan_step(self, moment: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._steps, (moment, next(self._order), step))

    def _visit(self) -> None:
        chance = self._chance
        [sold] = chance.choices(self._plan.sold, [one.weight for one in self._plan.sold])
        session = self._history.offer(sold, quantity_of(sold, chance), self._plan, self._base_url)
        self._made.append(session["id"])
        [way] = chance.choices(list(_WAYS), list(_WAYS.values()))
        if way == "debited" and "us_bank_account" not in session["payment_method_types"]:
            way = "paid"
        if way != "abandoned":
            payer = Payer(*next(self._people))
            self._plan_step(
                self._moment + pause(chance, *_TO_PAY),
                lambda: self._try(session["id"], sold.mode, way, payer),
            )

    def _try(self, session: str, mode: str, way: str, payer: Payer) -> None:
        chance = self._chance
        if way == "debited":
            returned = chance.randrange(_ONE_IN_RETURNED) == 0
            account = _RETURNED if returned else _DEBITED
            self._history.debit(session, account, payer, pause(chance, *_TO_SETTLE))
        elif way.startswith("declined"):
            self._history.pay(session, chance.choice(_DECLINED), payer)
            if way == "declined, then paid":
                self._plan_step(
                    self._moment + pause(chance, *_TO_TRY_AGAIN),
                    lambda: self._try(session, mode, "paid", payer),
                )
        else:
            [card] = chance.choices(_GOOD, _GOOD_WEIGHTS)
            if way == "3-D Secure":
                card = _ASKING
            elif mode == "subscription" and chance.randrange(_ONE_IN_FAILS_LATER) == 0:
                card = _FAILS_LATER
            self._history.pay(session, card, payer)
