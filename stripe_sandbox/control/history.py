"""Fills the sandbox with a simulated history of visits, payments and what follows them.

The sandbox's own code does every step, under a clock that is frozen at the step's moment, so that
the objects and events are the same as those of real requests.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from stripe_sandbox.api.endpoint import NO_REQUEST, Call
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.history_after_sale import AfterSale
from stripe_sandbox.control.history_plan import (
    HistoryPlan,
    Offer,
    payers,
    pick_pause,
    pick_quantity,
    visit_times,
)
from stripe_sandbox.ids import random_text
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payments.checkout import AuthenticationRequired, Card, Payer, Payments
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.scheduling.scheduler import Scheduler
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.storage.objects import Object

_GOOD_CARDS = {
    "4242424242424242": 60, "5555555555554444": 22, "378282246310005": 8, "4000056655665556": 10,
}  # fmt: skip
"""Numbers and weights."""
_CARD_WITH_AUTHENTICATION, _CARD_THAT_FAILS_LATER = "4000002500003155", "4000000000000341"
_DECLINED_CARDS = (
    "4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127",
)  # fmt: skip
_GOOD_ACCOUNT, _RETURNING_ACCOUNT = "000123456789", "000222222227"


class _Course(StrEnum):
    """How a visit goes on once a session is created."""

    PAID = "paid"
    AUTHENTICATED = "authenticated"
    RETRIED = "declined, then paid"
    DECLINED = "declined"
    DEBITED = "debited"
    ABANDONED = "abandoned"


_WEIGHTS = {
    _Course.PAID: 70, _Course.AUTHENTICATED: 8, _Course.RETRIED: 7, _Course.DECLINED: 3,
    _Course.DEBITED: 5, _Course.ABANDONED: 12,
}  # fmt: skip
_PAYERS_ASKED = 100
_ONE_IN_RETURNED = 5
_ONE_IN_FAILS_LATER = 12

# Median and maximum.
_UNTIL_PAYMENT = (timedelta(seconds=75), timedelta(hours=3))
_UNTIL_RETRY = (timedelta(seconds=40), timedelta(minutes=20))
_UNTIL_SETTLED = (timedelta(days=3.5), timedelta(days=6))


class History:
    """Simulates plans of a history."""

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        scheduler: Scheduler,
        sessions: CheckoutSessions,
        payments: Payments,
        after_sale: AfterSale,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._scheduler = scheduler
        self._sessions = sessions
        self._payments = payments
        self._after_sale = after_sale

    def fill(self, plan: HistoryPlan, base_url: str) -> dict[str, int]:
        """Simulate the whole plan, from `plan.days` ago to now, in one transaction.

        The events are recorded and delivered to no webhook endpoint. Links of sessions begin with
        `base_url`. Returns how many `sessions` were created and how many of them were `paid`.
        StripeError: an offer that cannot be sold; nothing was changed then.
        """
        while not self._scheduler.run_due():  # what is due already is no part of the history
            pass
        with self._backend.database.transaction(), self._backend.events.muted():
            created = _Simulation(self, plan, base_url).run()
            sessions = [
                self._backend.require("checkout.session", one, "session") for one in created
            ]
        paid = sum(session["payment_status"] == "paid" for session in sessions)
        return {"sessions": len(sessions), "paid": paid}

    def now(self) -> int:
        """The end of the history, in Unix seconds."""
        return self._clock.now()

    def run_until(self, moment: float) -> None:
        """Run the jobs that are due at that moment, each at its time."""
        self._scheduler.run_until(moment)

    def do_at(self, moment: float, step: Callable[[], None]) -> None:
        """Do a step as happening at that moment, after the jobs that are due before it."""
        self._scheduler.run_until(moment)
        with self._clock.frozen_at(moment):
            step()

    def create_session(
        self, offer: Offer, quantity: int, plan: HistoryPlan, base_url: str
    ) -> Object:
        """A new session that sells the offer."""
        reference = random_text(24)

        def filled(template: dict[str, str]) -> dict[str, str]:
            return {
                name: value.replace("{quantity}", str(quantity)).replace("{reference}", reference)
                for name, value in template.items()
            }

        params: dict[str, Any] = {
            "client_reference_id": reference,
            "mode": offer.mode,
            "line_items": [{"price": offer.price, "quantity": quantity}],
            "success_url": plan.success_url,
            "cancel_url": plan.cancel_url,
            "metadata": filled(offer.metadata),
        }
        if offer.payment_metadata:
            params["payment_intent_data"] = {"metadata": filled(offer.payment_metadata)}
        return self._sessions.create(Call(params, (), NO_REQUEST, base_url))

    def pay(self, session: str, number: str, payer: Payer) -> None:
        """Try a card; 3-D Secure, where its bank asks for it, succeeds."""
        year, month = self._clock.year_and_month()
        card = cards.find(number)
        cvc = "1" * (card.cvc_length if card else 3)
        outcome = self._payments.pay(
            session, Card(number, month, year + 3, cvc), payer, first_charge_passes=True
        )
        if isinstance(outcome, AuthenticationRequired):
            self._payments.authenticate(session, outcome.payment_intent, succeed=True)

    def debit(self, session: str, account: str, payer: Payer, settles_in: float) -> None:
        """Pay from a bank account; the bank answers after `settles_in` seconds."""
        self._payments.debit(session, account, payer, settles_in)

    def is_paid(self, session: str) -> bool:
        """Whether the session of that id is paid."""
        found = self._backend.require("checkout.session", session, "session")
        return bool(found["payment_status"] == "paid")

    def steps_after_sale(
        self, session: str, mode: str, rng: random.Random
    ) -> Iterator[tuple[float, Callable[[], None]]]:
        """What follows the sale: each step with the seconds until then."""
        return self._after_sale.steps(session, mode, rng)


class _Simulation:
    """One run of a plan: its random choices, and the steps that are still to come."""

    def __init__(self, history: History, plan: HistoryPlan, base_url: str) -> None:
        self._history = history
        self._plan = plan
        self._base_url = base_url
        # No security: the same seed is to give the same history.
        self._random = random.Random(plan.seed)  # noqa: S311
        # Of its own, so that what follows a sale changes no visit.
        self._random_after_sale = random.Random(f"{plan.seed} after the sale")  # noqa: S311
        self._payers = payers(plan, self._random)
        self._subscribers: set[str] = set()
        self._order = itertools.count()
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._created: list[str] = []
        self._moment = 0.0

    def run(self) -> list[str]:
        """Do every step of the time up to now; returns the ids of the sessions created."""
        now = self._history.now()
        for moment in visit_times(self._plan, now, self._random):
            self._add_step(moment, self._visit)
        while self._steps and self._steps[0][0] < now:
            self._moment, _, step = heapq.heappop(self._steps)
            self._history.do_at(self._moment, step)
        self._history.run_until(now)
        return self._created

    def _add_step(self, moment: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._steps, (moment, next(self._order), step))

    def _visit(self) -> None:
        rng, offers = self._random, self._plan.offers
        [offer] = rng.choices(offers, [one.weight for one in offers])
        quantity = pick_quantity(offer, rng)
        session = self._history.create_session(offer, quantity, self._plan, self._base_url)
        self._created.append(session["id"])
        [course] = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        if course is _Course.DEBITED and "us_bank_account" not in session["payment_method_types"]:
            course = _Course.PAID
        if len(self._created) == self._plan.sessions:
            course = _Course.ABANDONED  # the newest, so that one is open
        payer = self._find_payer(offer)
        if course is not _Course.ABANDONED and payer is not None:
            self._add_step(
                self._moment + pick_pause(rng, *_UNTIL_PAYMENT),
                lambda: self._pay(session["id"], offer.mode, course, payer),
            )

    def _find_payer(self, offer: Offer) -> Payer | None:
        """Somebody who buys it; nobody subscribes twice. None: all have subscribed already."""
        for email, name in itertools.islice(self._payers, _PAYERS_ASKED):
            if offer.mode != "subscription" or email not in self._subscribers:
                if offer.mode == "subscription":
                    self._subscribers.add(email)
                return Payer(email, name)
        return None

    def _pay(self, session: str, mode: str, course: _Course, payer: Payer) -> None:
        rng = self._random
        if course is _Course.DEBITED:
            returned = rng.randrange(_ONE_IN_RETURNED) == 0
            account = _RETURNING_ACCOUNT if returned else _GOOD_ACCOUNT
            self._history.debit(session, account, payer, pick_pause(rng, *_UNTIL_SETTLED))
        elif course in (_Course.DECLINED, _Course.RETRIED):
            self._history.pay(session, rng.choice(_DECLINED_CARDS), payer)
            if course is _Course.RETRIED:
                self._add_step(
                    self._moment + pick_pause(rng, *_UNTIL_RETRY),
                    lambda: self._pay(session, mode, _Course.PAID, payer),
                )
        else:
            [card] = rng.choices(list(_GOOD_CARDS), list(_GOOD_CARDS.values()))
            if course is _Course.AUTHENTICATED:
                card = _CARD_WITH_AUTHENTICATION
            elif mode == "subscription" and rng.randrange(_ONE_IN_FAILS_LATER) == 0:
                card = _CARD_THAT_FAILS_LATER
            self._history.pay(session, card, payer)
            self._follow(session, mode)

    def _follow(self, session: str, mode: str) -> None:
        """Add the steps that follow the sale, if it was one."""
        if self._history.is_paid(session):
            rng = self._random_after_sale
            for pause, step in self._history.steps_after_sale(session, mode, rng):
                self._add_step(self._moment + pause, step)
