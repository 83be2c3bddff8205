"""Events arrive while the server is killed again and again: what is left at the end?

``kill_while_events_arrive`` is for tests and benchmarks alike.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from pydantic import SecretStr

from billing.store import Store
from tests.support.database.records import event_rows, ledger, states
from tests.support.servers.processes.billing_process import Processes
from tests.support.servers.webhooks import signature
from tests.support.stripe_account import (
    EXPIRED,
    NO_FAULTS,
    PAID,
    Faults,
    StripeAccount,
    event_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from billing.domain.ledger.line import LedgerLine

JSON = dict[str, Any]
WEBHOOK = "/api/billing/stripe/webhook"
SETTLES_WITHIN = 60.0  # the next event
SETTLED = {"handled", "ignored"}
ANSWERS_WITHIN = 30.0
UNAVAILABLE = {502, 503}  # of a proxy and of the server: the delivery is repeated
LOOK_AGAIN = 0.1
TROUBLE = Faults(rate_limited=0.1, failing=0.1, dropped=0.02, delayed=0.2, delay_seconds=0.05)
ON_ITS_WAY: JSON = {"status": "complete", "payment_status": "unpaid", "url": None}


@dataclass
class Story:
    """What happened at Stripe: the events to deliver, and what is to be granted for them."""

    account: StripeAccount
    events: list[JSON] = field(default_factory=list)
    bought: dict[str, JSON] = field(default_factory=dict)

    def fill(self, unique: int, chance: random.Random) -> None:
        """Until there are ``unique`` events, of every kind that there is."""
        tellings = (
            [self._paid] * 9
            + [self._paid_later] * 3
            + [self._told_twice, self._failed_later, self._expired, self._foreign, self._of_no_use]
        )
        while len(self.events) < unique:
            kind = chance.choice(("pro", "credits"))
            quantity = 1 if kind == "pro" else chance.randint(1, 50)
            chance.choice(tellings)(kind, quantity)

    def deliveries(self, duplicates: float, chance: random.Random) -> list[JSON]:
        """The events and a share of duplicates, shuffled."""
        found = self.events + chance.sample(self.events, int(len(self.events) * duplicates))
        chance.shuffle(found)
        return found

    def _paid(self, kind: str, quantity: int) -> None:
        self._say("completed", self._buy(kind, quantity))

    def _told_twice(self, kind: str, quantity: int) -> None:
        sold = self._buy(kind, quantity)
        self._say("completed", sold)
        self._say("completed", sold)

    def _paid_later(self, kind: str, quantity: int) -> None:
        sold = self._buy(kind, quantity)
        self._say("completed", sold | ON_ITS_WAY)
        self._say("async_payment_succeeded", sold)

    def _failed_later(self, kind: str, quantity: int) -> None:
        sold = self.account.sell(kind, quantity, **ON_ITS_WAY)
        self._say("completed", sold)
        self._say("async_payment_failed", sold)

    def _expired(self, kind: str, quantity: int) -> None:
        self._say("expired", self.account.sell(kind, quantity, **EXPIRED))

    def _foreign(self, kind: str, quantity: int) -> None:
        self._say("completed", self.account.sell(kind, quantity, ours=False, **PAID))

    def _of_no_use(self, kind: str, quantity: int) -> None:
        self._say("invoice.paid", self.account.sell(kind, quantity))

    def _buy(self, kind: str, quantity: int) -> JSON:
        sold = self.account.sell(kind, quantity, **PAID)
        self.bought[sold["id"]] = {
            "kind": kind,
            "quantity": quantity,
            "customer": sold["customer"],
        }
        return sold

    def _say(self, kind: str, session: JSON) -> None:
        self.events.append(event_object(f"evt_{len(self.events)}", kind, session))


class Servers(Protocol):
    """Servers behind one address, of which one can be ended and another started."""

    @property
    def url(self) -> str: ...
    @property
    def database_url(self) -> str: ...
    def check(self) -> None: ...
    def kill_one(self) -> None: ...
    def start(self) -> None: ...


@dataclass
class Outcome:
    """What came of it. ``lost``, ``unasked`` and ``wrong`` name sessions: paid without a grant,
    granted without a payment, granted as something else; ``forgotten`` events that had been
    acknowledged; ``unsettled`` those that are neither handled nor ignored."""

    events: int
    paid: int
    granted: int
    deliveries: int = 0
    redeliveries: int = 0
    kills: int = 0
    arrived_seconds: float = 0.0
    settled_seconds: float = 0.0
    lost: set[str] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    unsettled: dict[str, str] = field(default_factory=dict)


def kill_while_events_arrive(
    database_url: str,
    folder: Path,
    *,
    unique: int,
    kill_every: int,
    duplicates: float = 0.3,
    connections: int = 32,
    processes: int = 1,
    faults: Faults = NO_FAULTS,
    seed: int = 1,
) -> Outcome:
    """Deliver ``unique`` events and a share of duplicates, shuffled, over so many connections.

    A server is killed after each ``kill_every`` acknowledgements; what was not acknowledged is
    delivered again. In the end all of them start once more and have time to settle.
    """
    chance = random.Random(seed)  # noqa: S311 - an order is no secret
    account = StripeAccount()
    account.lists_nothing_new = True
    story = Story(account)
    story.fill(unique, chance)
    arriving = story.deliveries(duplicates, chance)
    account.faults = faults
    with account.serve() as stripe_url:
        servers = (stripe_url, database_url, folder / "server.log", processes)
        with Processes(*servers) as first:
            delivery = Delivery(first, deque(arriving), repeat(kill_every))
            started = time.monotonic()
            asyncio.run(delivery.run(connections))
            arrived = time.monotonic()
            for _ in range(processes):
                first.kill_one()
        with Processes(*servers) as last:
            outcome = asyncio.run(settled(last, story, delivery.acknowledged))
    outcome.deliveries = len(arriving)
    outcome.redeliveries = delivery.repeated
    outcome.kills = delivery.kills + processes
    outcome.arrived_seconds = arrived - started
    outcome.settled_seconds = time.monotonic() - arrived
    return outcome


class Delivery:
    """Stripe's side: sends each event until it is acknowledged. After as many acknowledgements as
    ``kills`` says next, a server is killed."""

    def __init__(self, servers: Servers, waiting: deque[JSON], kills: Iterator[int]) -> None:
        self.acknowledged: set[str] = set()
        self.repeated = 0
        self.kills = 0
        self._servers = servers
        self._waiting = waiting
        self._unanswered = len(waiting)
        self._intervals = kills
        self._until_kill = next(kills)
        self._is_kill_due = False
        self._changed = asyncio.Event()  # a kill is due, or all are delivered

    async def run(self, connections: int) -> None:
        connector = aiohttp.TCPConnector(limit=connections)
        timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            killing = asyncio.create_task(self._keep_killing())
            await asyncio.gather(self._watch(), *(self._send(http) for _ in range(connections)))
            self._changed.set()
            await killing

    async def _send(self, http: aiohttp.ClientSession) -> None:
        while self._unanswered:
            if not self._waiting:  # the last ones are under way elsewhere, and may come back
                await asyncio.sleep(0.01)
                continue
            event = self._waiting.popleft()
            if await self._accepted(http, event):
                self.acknowledged.add(event["id"])
                self._unanswered -= 1
                self._until_kill -= 1
                if not self._until_kill:
                    self._until_kill = next(self._intervals)
                    self._is_kill_due = True
                    self._changed.set()
            else:
                self.repeated += 1
                self._waiting.append(event)

    async def _accepted(self, http: aiohttp.ClientSession, event: JSON) -> bool:
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": signature(body)}
        try:
            async with http.post(
                f"{self._servers.url}{WEBHOOK}", data=body, headers=headers
            ) as answer:
                assert answer.status in UNAVAILABLE | {200}, await answer.text()
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _watch(self) -> None:
        while self._unanswered:
            self._servers.check()
            await asyncio.sleep(LOOK_AGAIN)

    async def _keep_killing(self) -> None:
        while self._unanswered or self._is_kill_due:
            await self._changed.wait()
            self._changed.clear()
            if self._is_kill_due:
                self._is_kill_due = False
                await asyncio.to_thread(self._servers.kill_one)
                await asyncio.to_thread(self._servers.start)
                self.kills += 1


async def all_processed(servers: Servers, store: Store) -> None:
    """Wait until every event is processed, or none has been for long."""
    left, deadline = math.inf, 0.0
    while left:
        counts = await states(store)
        now_left = sum(counts[state] for state in counts.keys() - SETTLED)
        if now_left < left:
            left, deadline = now_left, time.monotonic() + SETTLES_WITHIN
        elif time.monotonic() > deadline:
            return
        servers.check()
        await asyncio.sleep(LOOK_AGAIN)


async def settled(servers: Servers, story: Story, acknowledged: set[str]) -> Outcome:
    """What the database says once every event is settled, or when none has been for long."""
    store = Store(SecretStr(servers.database_url))
    try:
        await all_processed(servers, store)
        known = await event_rows(store)
        granted = await ledger(store)
    finally:
        store.close()
    right = {name: line for name, line in granted.items() if name in story.bought}
    return Outcome(
        events=len(known),
        paid=len(story.bought),
        granted=len(granted),
        lost=story.bought.keys() - granted.keys(),
        unasked=granted.keys() - story.bought.keys(),
        wrong={name for name, line in right.items() if _differs(line, story.bought[name])},
        forgotten=acknowledged - known.keys(),
        unsettled={
            name: row["error"] or row["state"]
            for name, row in known.items()
            if row["state"] not in SETTLED
        },
    )


def _differs(line: LedgerLine, bought: JSON) -> bool:
    return any(getattr(line, name) != value for name, value in bought.items())
