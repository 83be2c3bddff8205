"""What the log of requests costs: CPU of this process a call to Stripe, and bytes of a row."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from benchmarks.stripe.process import fake_stripe
from benchmarks.support.tables import number, print_table
from billing.request_log.recorder import RequestRecorder
from billing.settings.model import Settings
from billing.store import Store
from billing.stripe_api.gateway import StripeGateway
from billing.timings import Timings

CALLS, QUICK_CALLS = 10_000, 2_000
ROUNDS = 2  # each with and without, of which the cheapest counts
TOGETHER = 32


def measure(*, quick: bool) -> None:
    """Print the table."""
    calls = QUICK_CALLS if quick else CALLS
    gc.collect()
    gc.freeze()  # as the server does with what it has loaded
    with fake_stripe() as stripe, tempfile.TemporaryDirectory() as folder:
        settings = Settings(secret_key=SecretStr("sk_test_bench"), api_base=stripe.url)
        seconds: dict[int, list[float]] = {0: [], calls: []}
        size = 0
        for _ in range(ROUNDS):
            for log_size, measured in seconds.items():
                file = Path(folder) / f"{len(measured)}-{log_size}.sqlite3"
                with_log = replace(settings, request_log_size=log_size)
                measured.append(asyncio.run(_cpu_seconds(with_log, file, calls)))
                size = file.stat().st_size
    without, with_log_on = (min(measured) / calls * 1e3 for measured in seconds.values())
    print_table(
        f"{calls:,} calls that create a session, {TOGETHER} at a time",
        ["", "CPU a call, ms", "database, MB"],
        [
            ["without the log of requests", number(without, 3), "-"],
            ["with it", number(with_log_on, 3), number(size / 1e6, 1)],
            ["the log", number(with_log_on - without, 3), ""],
        ],
    )


async def _cpu_seconds(settings: Settings, file: Path, calls: int) -> float:
    """Of this process, until everything is written; without the start."""
    store = Store(SecretStr(f"sqlite:///{file}"))
    await store.ping()
    recorder = RequestRecorder(settings, store)
    gateway = StripeGateway(settings, Timings(), record=recorder.record)
    left = iter(range(calls))

    async def create() -> None:
        for _ in left:
            await gateway.create_checkout_session(
                {
                    "mode": "payment",
                    "line_items": [{"price": "price_bench", "quantity": 3}],
                    "success_url": "http://localhost:8501/app/billing?success=1",
                    "customer_email": "buyer@example.com",
                }
            )

    await gateway.create_checkout_session({"mode": "payment"})  # what is done once is done
    began = time.process_time()
    await asyncio.gather(*(create() for _ in range(TOGETHER)))
    await recorder.write()
    spent = time.process_time() - began
    await gateway.aclose()
    await recorder.aclose()
    store.close()
    return spent
