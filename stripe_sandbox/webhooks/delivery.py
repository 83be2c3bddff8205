"""Webhook delivery (https://docs.stripe.com/webhooks): signed, retried, resumed after a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from stripe_sandbox.backend import Backend
from stripe_sandbox.destinations import Destinations
from stripe_sandbox.event_log import is_thin_only
from stripe_sandbox.faults import FaultSwitch
from stripe_sandbox.resources.core.thin_events import notification
from stripe_sandbox.resources.signing_secrets import valid_secrets
from stripe_sandbox.storage.delivery_queue import DeliveryState
from stripe_sandbox.storage.json_text import dump
from stripe_sandbox.storage.lease import Lease
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.webhooks.attempts import Answer, Attempts
from stripe_sandbox.webhooks.first_response import POLL_INTERVAL, FirstResponses

if TYPE_CHECKING:
    from stripe_sandbox.webhooks.sender import Sender

logger = logging.getLogger(__name__)

RETRY_SCHEDULES = {
    "quick": (5.0, 30.0, 300.0, 1_800.0, 7_200.0, 21_600.0),
    "stripe": (300.0, 3_600.0, 7_200.0),
}
"""Seconds before each further try: growing from a few on, so that nobody waits long; or three times
over some hours, as in Stripe's sandboxes (https://docs.stripe.com/webhooks#automatic-retries)."""

LONGEST_NAP = 3_600.0


def signature(payload: bytes, secrets: Iterable[str], timestamp: int) -> str:
    """The `Stripe-Signature` header of a payload, with one v1 for each active secret."""
    signed = b"%d." % timestamp + payload
    signatures = [
        "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets
    ]
    return ",".join([f"t={timestamp}", *signatures])


def encode_payload(event: Object) -> bytes:
    """An event as Stripe posts it: indented JSON."""
    return dump(event).encode()


class Deliveries:
    """Sends recorded events to the webhook endpoints that subscribe to them.

    Of several processes with one database, the one that holds the lease sends.
    """

    def __init__(
        self,
        backend: Backend,
        faults: FaultSwitch,
        destinations: Destinations,
        *,
        retry_delays: tuple[float, ...] = RETRY_SCHEDULES["quick"],
        timeout: float = 10.0,
        concurrency: int = 16,
    ) -> None:
        self._backend = backend
        self._faults = faults
        self._destinations = destinations
        self._lease = Lease(backend.database, backend.clock, "deliveries")
        self._retry_delays = retry_delays
        self._timeout = timeout
        self._concurrency = concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sender: Sender | None = None
        self._wake = asyncio.Event()
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._responses = FirstResponses(backend.database)
        self._attempts = Attempts(backend.database)
        self._on_attempt: list[Callable[[str], None]] = []
        backend.events.queue.on_add(self.wake)
        backend.clock.on_move(self.wake)

    def wake(self) -> None:
        """Look for due deliveries now; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def on_attempt(self, call: Callable[[str], None]) -> None:
        """Call it after each attempt, with `succeeded` or `failed`."""
        self._on_attempt.append(call)

    async def run(self) -> None:
        """Deliver until cancelled; what is cut off is tried again by the next run."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                holds = self._lease.hold()
                if holds:
                    self._start_due()
                try:
                    async with asyncio.timeout(self._nap() if holds else POLL_INTERVAL):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._loop = None
            tasks = list(self._in_flight.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._sender is not None:
                await self._sender.close()
                self._sender = None
            self._lease.release()
            self._responses.release_all()

    def _start_due(self) -> None:
        free = self._concurrency - len(self._in_flight)
        if free <= 0:
            return
        rows = self._backend.database.rows(
            "SELECT seq, event, endpoint, attempts FROM deliveries "
            "WHERE state = 'pending' AND due <= ? ORDER BY due, seq LIMIT ?",
            (self._backend.clock.time(), self._concurrency + len(self._in_flight)),
        )
        for seq, event, endpoint, attempts in rows:
            if seq not in self._in_flight and len(self._in_flight) < self._concurrency:
                task = asyncio.create_task(self._deliver(seq, event, endpoint, attempts))
                self._in_flight[seq] = task
                task.add_done_callback(partial(self._finished, seq, event, endpoint, attempts))

    def _finished(
        self, seq: int, event: str, endpoint: str, attempts: int, task: asyncio.Task[None]
    ) -> None:
        del self._in_flight[seq]
        if not task.cancelled() and task.exception() is not None:
            logger.error("Delivering %s failed", event, exc_info=task.exception())
            problem = Answer(error="An internal error occurred in the local sandbox. See its log.")
            self._record(seq, event, endpoint, attempts + 1, self._backend.clock.time(), [problem])
        self._wake.set()

    def _nap(self) -> float:
        """Seconds until the next delivery is due that is not in flight."""
        longest = POLL_INTERVAL if self._backend.database.shared else LONGEST_NAP
        if len(self._in_flight) >= self._concurrency:
            return longest
        rows = self._backend.database.rows(
            "SELECT seq, due FROM deliveries WHERE state = 'pending' ORDER BY due LIMIT ?",
            (len(self._in_flight) + 1,),
        )
        due = next((due for seq, due in rows if seq not in self._in_flight), None)
        if due is None:
            return longest
        return float(min(max(due - self._backend.clock.time(), 0.0), longest))

    async def _deliver(self, seq: int, event_id: str, endpoint_id: str, attempts: int) -> None:
        objects = self._backend.objects
        endpoint = objects.get("webhook_endpoint", endpoint_id)
        endpoint = endpoint or objects.get("v2.core.event_destination", endpoint_id)
        event = endpoint and self._backend.events.get(event_id, endpoint.get("api_version"))
        if endpoint is None or event is None or endpoint["status"] != "enabled":
            self._record_end(seq, event_id, attempts, _obstacle(endpoint, event))
            return
        at = self._backend.clock.time()
        faults = self._faults.current().webhooks
        if faults.drop and attempts == 0:
            dropped = Answer(error="Not delivered: fault injection is on.")
            self._record(seq, event_id, endpoint_id, 1, at, [dropped])
            return
        if endpoint.get("event_payload") == "thin" or is_thin_only(event["type"]):
            event = notification(event)
        payload = encode_payload(event)
        hidden = objects.hidden(endpoint["object"], endpoint_id)
        secrets = valid_secrets(hidden, self._backend.clock.account_time())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": "no-cache",
            "Stripe-Signature": signature(payload, secrets, int(self._backend.clock.wall())),
        }
        post = self._connected_sender().post
        answers = await asyncio.gather(
            *(post(endpoint["url"], payload, headers) for _ in range(1 + faults.duplicates))
        )
        self._record(seq, event_id, endpoint_id, attempts + 1, at, answers)

    def _connected_sender(self) -> Sender:
        if self._sender is None:
            # Its HTTP client takes a fifth of a start, and many sandboxes deliver nothing.
            from stripe_sandbox.webhooks.sender import Sender

            self._sender = Sender(self._destinations, self._timeout)
        return self._sender

    def _record(
        self,
        seq: int,
        event_id: str,
        endpoint_id: str,
        attempts: int,
        at: float,
        answers: Sequence[Answer],
    ) -> None:
        """What came of an attempt: the first answer counts."""
        answer = answers[0]
        for call in self._on_attempt:
            call("succeeded" if answer.succeeded else "failed")
        due: float | None = None
        if answer.succeeded:
            state = DeliveryState.SUCCEEDED
        elif attempts > len(self._retry_delays):
            state = DeliveryState.FAILED
        else:
            state = DeliveryState.PENDING
            due = self._backend.clock.time() + self._retry_delays[attempts - 1]
        with self._backend.database.transaction():
            is_there = self._backend.database.write(
                "UPDATE deliveries SET attempts = ?, due = ?, state = ?, status = ?, error = ? "
                "WHERE seq = ? AND event = ?",
                (attempts, due, state, answer.status, answer.error, seq, event_id),
            )
            if is_there:
                self._attempts.add(seq, endpoint_id, attempts, at, answers)
            if answer.succeeded:
                self._backend.events.queue.mark_delivered(event_id)
        self._release_if_complete(event_id)

    def _record_end(self, seq: int, event_id: str, attempts: int, error: str) -> None:
        """No attempt can be made."""
        for call in self._on_attempt:
            call("failed")
        self._backend.database.write(
            "UPDATE deliveries SET attempts = ?, due = NULL, state = 'failed', error = ? "
            "WHERE seq = ? AND event = ?",
            (attempts, error, seq, event_id),
        )
        self._release_if_complete(event_id)

    def _release_if_complete(self, event_id: str) -> None:
        if self._responses.is_complete(event_id):
            self._responses.release(event_id)

    async def wait_for_responses(self, event_ids: Iterable[str], timeout: float) -> None:  # noqa: ASYNC109  # it is the wait that is bounded, not a cancellation
        """Return when every endpoint gave its first response to each event, or after `timeout`
        seconds; at once when nothing delivers."""
        if self._loop is not None:
            await self._responses.wait(event_ids, timeout)


def _obstacle(endpoint: Object | None, event: Object | None) -> str:
    if endpoint is None:
        return "The endpoint has been deleted."
    return "The event is too old." if event is None else "The endpoint is disabled."
