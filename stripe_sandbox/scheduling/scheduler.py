"""Time passing: what falls due happens, in order, whether time runs or is moved forward."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.checkout_sessions import CheckoutSessions
from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock

DONE_AT_ONCE = 50
"""How many things that are due happen before others get their turn."""


class Timeline:
    """The expiry of sessions, and whatever stands in the jobs."""

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        sessions: CheckoutSessions,
        jobs: ScheduledJobs,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._sessions = sessions
        self._jobs = jobs
        jobs.on_add(self._changed)
        clock.on_move(self._changed)
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` when something may be due earlier than it was."""
        self._listeners.append(listener)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    def next_due(self) -> float | None:
        """When the next thing falls due, in Unix seconds."""
        known = [due for due in (self._sessions.next_expiry(), self._jobs.next_due()) if due]
        return min(known, default=None)

    def catch_up(self) -> bool:
        """Do what is due by now, as happening now. False: more is left for the next call."""
        self._sessions.expire_due()
        done = 0
        while done < DONE_AT_ONCE and self._jobs.do_next(self._clock.time()):
            done += 1
        return done < DONE_AT_ONCE

    def reach(self, moment: float) -> None:
        """Do what is due by then, each thing at its own time; the clock itself does not move."""
        while (due := self.next_due()) is not None and due <= moment:
            self._happen(due)

    async def advance(self, seconds: float) -> None:
        """Move the clock forward; what falls due on the way happens when the clock gets there."""
        goal = self._clock.ahead() + seconds
        while (due := self.next_due()) is not None and due <= self._clock.wall() + goal:
            with self._backend.database.transaction():
                self._clock.move_ahead(min(due - self._clock.wall(), goal))
                self._happen(max(due, self._clock.time()))
            await asyncio.sleep(0)  # others get their turn between two moments
        self._clock.move_ahead(goal)

    def _happen(self, moment: float) -> None:
        """All that is due by that moment happens at it."""
        with self._clock.at(moment):
            self._sessions.expire_due()
            while self._jobs.do_next(moment):
                pass


def happened(counts: Mapping[tuple[str, str | None], int]) -> dict[str, Any]:
    """What fell due on the way, of the counts of its events: how many renewals, and how many of
    them were paid and failed (the rest waits for a bank); sessions that expired; bank debits of
    sessions that succeeded and failed; disputes that were opened."""

    def count(name: str, reason: str | None = None) -> int:
        return counts.get((name, reason), 0)

    return {
        "renewals": {
            "due": count("invoice.created", "subscription_cycle"),
            "paid": count("invoice.paid", "subscription_cycle"),
            "failed": count("invoice.payment_failed", "subscription_cycle"),
        },
        "sessions_expired": count("checkout.session.expired"),
        "debits": {
            "succeeded": count("checkout.session.async_payment_succeeded"),
            "failed": count("checkout.session.async_payment_failed"),
        },
        "disputes_opened": count("charge.dispute.created"),
    }
