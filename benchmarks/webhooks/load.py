"""Sends every delivery once, over 32 connections, and prints what it came to as JSON.

``python -m benchmarks.webhooks.load http://127.0.0.1:8501 --unique 7000``
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import replace
from urllib.parse import urlsplit

from benchmarks.support.event_loop import run
from benchmarks.support.load import Connection
from benchmarks.support.tally import Load, Tally
from benchmarks.webhooks.events import DUPLICATES, PATH, deliveries

CONNECTIONS = 32
LONGEST_SECONDS = 300.0
AGAIN = DUPLICATES / (1 - DUPLICATES)  # of the events


async def send(url: str, unique: int, again: int, path: str) -> Load:
    """Everything sent and answered with 200; ``errors`` counts other answers."""
    parts = urlsplit(url)
    waiting = iter(deliveries(unique, again, parts.netloc, path, int(time.time())))
    tally = Tally(0.0, LONGEST_SECONDS)
    started = time.perf_counter()
    is_over = False

    def next_request() -> bytes | None:
        nonlocal is_over
        request = next(waiting, None)
        is_over = request is None
        return request

    async def connection() -> None:
        while not is_over:  # a server may close a connection after an answer
            _, sending = await asyncio.get_running_loop().create_connection(
                lambda: Connection(next_request, 200, tally),
                parts.hostname or "",
                parts.port or 80,
            )
            await sending.closed

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return replace(tally.load(), seconds=time.perf_counter() - started)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--unique", type=int, default=7_000)
    parser.add_argument("--again", type=int, help="deliveries of events that were sent before")
    parser.add_argument("--path", default=PATH)
    asked = parser.parse_args()
    again = round(asked.unique * AGAIN) if asked.again is None else asked.again
    print(run(send(asked.url, asked.unique, again, asked.path)).to_json())
