"""Sends mutated signed events to the webhook and says what came of them.

``python -m benchmarks.webhooks.fuzz 100000 --engine postgresql --seed 7``

Fails when one is answered with a 5xx that is not JSON with a reason, or not at all; when what was
stored cannot be read; and when a sound event is not handled afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import func, select

from benchmarks.stripe.process import fake_stripe
from benchmarks.support.event_loop import run
from benchmarks.support.processes import ask, first_line, running
from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql, sqlite_file
from benchmarks.webhooks.events import PATH, SECRET
from benchmarks.webhooks.mutated_events import SESSIONS, Delivery, good_event, mutated, signed
from billing.domain.events.event import EventState
from billing.json_codec import dumps, loads
from billing.store import Store, events, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

ENGINES = {"sqlite": sqlite_file, "postgresql": postgresql}
CONNECTIONS = 32
ANSWERS_WITHIN = 60.0
HANDLED_WITHIN = 300.0
PAID_AT = 5  # the last of each five sessions is paid


@dataclass
class Answers:
    """What was answered: how often each status, the slowest in seconds, and what must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, delivery: Delivery, status: int, body: bytes, seconds: float) -> None:
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        is_honest = isinstance(said, dict) and (
            said.get("received") is True
            if status == 200
            else isinstance(said.get("error"), str)
            and (status < 500 or (status == 503 and "reason" in said))
        )
        if not is_honest:
            self.wrong.append(f"{status} {body[:200]!r} to {delivery.body[:200]!r}")


async def send(url: str, deliveries: Iterator[Delivery]) -> Answers:
    """All of them sent, over ``CONNECTIONS`` connections."""
    answers = Answers()
    parts = urlsplit(url)

    async def deliver() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for delivery in deliveries:
            started = time.perf_counter()
            try:
                async with asyncio.timeout(ANSWERS_WITHIN):
                    status, body, goes_on = await _exchange(reader, writer, delivery)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                answers.wrong.append(f"{error!r} to {delivery.body[:200]!r}")
                goes_on = False
            else:
                answers.add(delivery, status, body, time.perf_counter() - started)
            if not goes_on:
                writer.close()
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.close()

    await asyncio.gather(*(deliver() for _ in range(CONNECTIONS)))
    return answers


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delivery: Delivery
) -> tuple[int, bytes, bool]:
    """Status and body of the answer, and whether the connection goes on."""
    lines = [b"Stripe-Signature: " + one for one in delivery.signatures]
    head = (f"POST {PATH} HTTP/1.1", "Host: localhost", f"Content-Length: {len(delivery.body)}")
    writer.write(b"\r\n".join([*(line.encode() for line in head), *lines, b"", delivery.body]))
    answered = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in answered[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(answered[0].split()[1]), body, headers.get("connection") != "close"


async def handled(database: str, event_id: str) -> tuple[int, dict[str, int]]:
    """Wait until the event is handled, and read all that is stored: how many events, and how many
    are in each state."""
    store = Store(SecretStr(database))
    deadline = time.monotonic() + HANDLED_WITHIN
    try:
        while True:
            event = await store.read(lambda connection: events.get(connection, event_id))
            assert event, "the sound event was not stored"
            if event.state is EventState.HANDLED:
                break
            assert time.monotonic() < deadline, f"the sound event is {event.state}: {event.error}"
            await asyncio.sleep(0.5)
        return await store.read(_readable), await store.read(_states)
    finally:
        store.close()


def _readable(connection: Connection) -> int:
    rows = connection.execute(select(tables.events.c.payload)).scalars().all()
    for payload in rows:
        assert dumps(loads(payload)) == payload, payload[:200]
    return len(rows)


def _states(connection: Connection) -> dict[str, int]:
    state = tables.events.c.state
    rows = connection.execute(select(state, func.count()).group_by(state))
    return {row[0]: row[1] for row in rows}


def fuzz(engine: str, count: int, seed: int) -> list[str]:
    """A row of the table; raises ``AssertionError`` when something was wrong."""
    with fake_stripe() as stripe_process, ENGINES[engine]() as database:
        stripe_process.set_history(SESSIONS)
        command = ("-m", "benchmarks.webhooks.server", "unlimited", database, stripe_process.url)
        with running(*command) as server:
            url = first_line(server)
            answers = run(send(url, mutated(count, SECRET, seed)))
            assert not answers.wrong, "\n".join(answers.wrong[:20])
            sound = good_event(count - count % PAID_AT + PAID_AT - 1, int(time.time()))
            delivery = signed(json.dumps(sound, indent=2).encode(), SECRET)
            last = run(send(url, iter([delivery])))
            assert last.statuses[200] == 1, last.wrong
            stored, states = run(handled(database, sound["id"]))
            status, body = ask("GET", f"{url}/api/billing/health")
            assert status == 200, body
    counts = answers.statuses
    return [
        engine,
        *(number(counts[status]) for status in (200, 400, 503)),
        number(sum(counts.values()) - counts[200] - counts[400] - counts[503]),
        number(answers.slowest * 1000),
        number(stored),
        ", ".join(f"{many:,} {state}" for state, many in states.items() if many),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("count", type=int, help="how many deliveries")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print_table(
        f"{asked.count:,} mutated signed deliveries, seed {asked.seed}",
        ["", "200", "400", "503", "other", "slowest ms", "events stored", "of which"],
        [fuzz(engine, asked.count, asked.seed) for engine in asked.engine or ENGINES],
    )
