"""What follows the sales of a simulated history: refunds, disputes and cancellations."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from functools import partial

from stripe_sandbox.backend import Backend
from stripe_sandbox.control.history_plan import pick_pause
from stripe_sandbox.payment_methods.cards import DisputeKind
from stripe_sandbox.payments.subscriptions.endings import SubscriptionEndings
from stripe_sandbox.resources.billing.subscriptions import ENDED
from stripe_sandbox.resources.payments.disputes import CLOSED, WINNING, Disputes
from stripe_sandbox.resources.payments.refunds import Refunds
from stripe_sandbox.storage.objects import Object, Window

Step = Callable[[], None]


class _Course(StrEnum):
    """How it goes on after a sale."""

    NOTHING = "nothing"
    REFUND = "refund"
    PART_REFUND = "part refund"
    PART_REFUNDS = "part refund, then the rest"
    DISPUTE_LOST = "dispute, lost"
    DISPUTE_WON = "dispute, won"
    INQUIRY = "inquiry"
    CANCEL_LATER = "cancel at the end of the period"
    CANCEL_AND_KEEP = "cancel at the end of the period, then keep"
    CANCEL_NOW = "cancel now, with a refund"


_PAYMENTS = {
    _Course.NOTHING: 86, _Course.REFUND: 4, _Course.PART_REFUND: 4, _Course.PART_REFUNDS: 1,
    _Course.DISPUTE_LOST: 2, _Course.DISPUTE_WON: 1.5, _Course.INQUIRY: 1.5,
}  # fmt: skip
_SUBSCRIPTIONS = {
    _Course.NOTHING: 77, _Course.CANCEL_LATER: 12, _Course.CANCEL_AND_KEEP: 3,
    _Course.CANCEL_NOW: 4, _Course.REFUND: 1, _Course.DISPUTE_LOST: 2, _Course.DISPUTE_WON: 1,
}  # fmt: skip
"""Weights."""

# Median and maximum.
_UNTIL_REFUND = (timedelta(hours=20), timedelta(days=9))
_UNTIL_REST = (timedelta(days=2), timedelta(days=6))
_UNTIL_DISPUTE = (timedelta(days=4), timedelta(days=12))
_UNTIL_ANSWER = (timedelta(days=1.5), timedelta(days=6))
_UNTIL_CANCELLATION = (timedelta(days=9), timedelta(days=40))


class AfterSale:
    """Refunds, disputes and cancels what the sessions of a history have sold."""

    def __init__(
        self,
        backend: Backend,
        refunds: Refunds,
        disputes: Disputes,
        endings: SubscriptionEndings,
    ) -> None:
        self._backend = backend
        self._refunds = refunds
        self._disputes = disputes
        self._endings = endings

    def steps(self, session: str, mode: str, rng: random.Random) -> Iterator[tuple[float, Step]]:
        """What happens after the payment of the session of that id: each step with the seconds
        until then, in their order."""
        weights = _SUBSCRIPTIONS if mode == "subscription" else _PAYMENTS
        [course] = rng.choices(list(weights), list(weights.values()))
        match course:
            case _Course.REFUND:
                yield pick_pause(rng, *_UNTIL_REFUND), partial(self._refund, session)
            case _Course.PART_REFUND | _Course.PART_REFUNDS:
                pause, share = pick_pause(rng, *_UNTIL_REFUND), rng.choice((0.2, 0.3, 0.5))
                yield pause, partial(self._refund, session, share)
                if course is _Course.PART_REFUNDS:
                    yield (
                        pause + pick_pause(rng, *_UNTIL_REST),
                        partial(self._refund, session),
                    )
            case _Course.DISPUTE_LOST | _Course.DISPUTE_WON | _Course.INQUIRY:
                yield from self._dispute_steps(session, course, rng)
            case _Course.CANCEL_LATER | _Course.CANCEL_AND_KEEP:
                pause = pick_pause(rng, *_UNTIL_CANCELLATION)
                yield pause, partial(self._cancel, session, at_period_end=True)
                if course is _Course.CANCEL_AND_KEEP:
                    yield pause + pick_pause(rng, *_UNTIL_ANSWER), partial(self._keep, session)
            case _Course.CANCEL_NOW:
                pause = pick_pause(rng, *_UNTIL_REFUND)
                yield pause, partial(self._cancel, session, at_period_end=False)
                yield pause + rng.uniform(20, 90), partial(self._refund, session)

    def _dispute_steps(
        self, session: str, course: _Course, rng: random.Random
    ) -> Iterator[tuple[float, Step]]:
        kind = rng.choice((DisputeKind.FRAUDULENT, DisputeKind.NOT_RECEIVED))
        if course is _Course.INQUIRY:
            kind = DisputeKind.INQUIRY
        pause = pick_pause(rng, *_UNTIL_DISPUTE)
        yield pause, partial(self._dispute, session, kind)
        answer = self._win if course is _Course.DISPUTE_WON else self._accept
        yield pause + pick_pause(rng, *_UNTIL_ANSWER), partial(answer, session)

    def _refund(self, session: str, share: float = 1) -> None:
        """Refund that share of the session's payment, 1 for all that is left."""
        charge = self._charge(session)
        amount = {"amount": max(int(charge["amount"] * share), 1)} if share < 1 else {}
        if charge["refunded"] or self._disputes.prevents_refund(charge):
            return
        params = {"charge": charge["id"], "reason": "requested_by_customer", **amount}
        self._refunds.create(params)

    def _dispute(self, session: str, kind: DisputeKind) -> None:
        charge = self._charge(session)
        if not charge["disputed"]:
            self._disputes.open(charge, kind)

    def _win(self, session: str) -> None:
        for dispute in self._open_disputes(session):
            self._disputes.answer(dispute, {"evidence": {"uncategorized_text": WINNING}})

    def _accept(self, session: str) -> None:
        for dispute in self._open_disputes(session):
            self._disputes.accept(dispute)

    def _open_disputes(self, session: str) -> list[Object]:
        filters = {"charge": self._charge(session)["id"]}
        found = self._backend.page("dispute", "", filters, Window(10)).to_object()["data"]
        return [dispute for dispute in found if dispute["status"] not in CLOSED]

    def _cancel(self, session: str, *, at_period_end: bool) -> None:
        subscription = self._subscription(session)
        if subscription["status"] in ENDED:
            return
        if at_period_end:
            end = subscription["items"]["data"][0]["current_period_end"]
            self._endings.end_later(subscription, end, {})
        else:
            self._endings.end_now(subscription, {})

    def _keep(self, session: str) -> None:
        subscription = self._subscription(session)
        if subscription["status"] not in ENDED and subscription["cancel_at"]:
            self._endings.keep(subscription)

    def _subscription(self, session: str) -> Object:
        sold = self._backend.require("checkout.session", session, "session")
        return self._backend.require("subscription", sold["subscription"], "subscription")

    def _charge(self, session: str) -> Object:
        """The charge that paid the session, or the first invoice of its subscription."""
        sold = self._backend.require("checkout.session", session, "session")
        intent = sold["payment_intent"]
        if sold["invoice"]:
            filters = {"invoice": sold["invoice"]}
            [payment] = self._backend.page("invoice_payment", "", filters, Window(1)).to_object()[
                "data"
            ]
            intent = payment["payment"]["payment_intent"]
        paid = self._backend.require("payment_intent", intent, "payment_intent")
        return self._backend.require("charge", paid["latest_charge"], "charge")
