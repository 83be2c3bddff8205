"""Reading a history of 10,000 sessions from a Stripe that takes 100 ms to answer.

Beside each other: the SDK's own ways, which only read, and the mirror's first fill, which also
stores every session, its search terms and its grant.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import stripe
from pydantic import SecretStr

from benchmarks.stripe.answers import PRICE_PRO
from benchmarks.stripe.history import SECONDS_APART
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.event_loop import run
from benchmarks.support.tables import number, print_table
from billing.catalog import Catalog
from billing.ledger.account import AccountReader
from billing.ledger.after_sale import AfterSale
from billing.ledger.fulfillment import Fulfillment
from billing.session_reader import SessionReader
from billing.settings.model import Settings
from billing.store import Store
from billing.stripe_api.calls import STRIPE_SANDBOX_RATE
from billing.stripe_api.gateway import StripeGateway
from billing.sync.mirror import Mirror
from billing.sync.worker import SyncWorker
from billing.timings import Timings
from billing.webhooks.own_account import OwnAccount
from billing.webhooks.processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.stripe.process import FakeStripeProcess

DELAY_MS = 100
WINDOWS = 16
PAGE = 100


def windows(sessions: int) -> list[dict[str, int]]:
    """Equal stretches of time, as somebody would cut who knows how far the history goes back."""
    newest = int(time.time()) + 1
    span = sessions * SECONDS_APART // WINDOWS + 1
    return [
        {"gte": newest - span * (place + 1) + 1, "lte": newest - span * place}
        for place in range(WINDOWS)
    ]


def client(url: str, http: stripe.HTTPClient | None = None) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_bench", base_addresses={"api": url}, http_client=http)


def sdk_auto_paging(url: str, _sessions: int) -> int:
    listed = client(url).v1.checkout.sessions.list({"limit": PAGE})
    return sum(1 for _ in listed.auto_paging_iter())


def sdk_windows(url: str, sessions: int) -> int:
    def read(created: Any) -> int:
        listed = client(url).v1.checkout.sessions.list({"limit": PAGE, "created": created})
        return sum(1 for _ in listed.auto_paging_iter())

    with ThreadPoolExecutor(WINDOWS) as pool:
        return sum(pool.map(read, windows(sessions)))


def sdk_raw_windows(url: str, sessions: int) -> int:
    async def read(asked: stripe.StripeClient, created: dict[str, int]) -> int:
        found = 0
        after: dict[str, str] = {}
        while True:
            answer = await asked.raw_request_async(
                "get", "/v1/checkout/sessions", limit=PAGE, created=created, **after
            )
            data: list[dict[str, Any]] = answer.data["data"]
            found += len(data)
            if not answer.data["has_more"]:
                return found
            after = {"starting_after": data[-1]["id"]}

    async def read_all() -> int:
        async with aiohttp.ClientSession() as session:
            asked = client(url, stripe.AIOHTTPClient(session=session))
            found = await asyncio.gather(*(read(asked, one) for one in windows(sessions)))
        return sum(found)

    return run(read_all())


def mirror_fill(requests_per_second: float | None) -> Callable[[str, int], int]:
    def fill(url: str, _sessions: int) -> int:
        async def until_complete(folder: Path) -> int:
            settings = Settings(
                secret_key=SecretStr("sk_test_bench"), api_base=url, price_pro_monthly=PRICE_PRO
            )
            timings = Timings(
                stripe_requests_per_second=requests_per_second, sync_step_seconds=60.0
            )
            gateway = StripeGateway(settings, timings)
            store = Store(SecretStr(f"sqlite:///{folder}/billing.sqlite3"))
            await store.ping()
            catalog = Catalog(settings, gateway, store)
            reader = SessionReader(gateway, catalog, store)
            fulfillment = Fulfillment(gateway, reader, store)
            own_account = OwnAccount(gateway)
            after_sale = AfterSale(gateway, catalog, store, fulfillment)
            event_processor = EventProcessor(store, fulfillment, after_sale, own_account)
            mirror = Mirror(store)
            sync_worker = SyncWorker(
                gateway,
                store,
                fulfillment,
                AccountReader(gateway, catalog, store),
                after_sale,
                event_processor,
                own_account,
                timings=timings,
            )
            following = asyncio.create_task(sync_worker.run())
            while not (state := (await mirror.recent(1)).state).complete:
                assert state.failure is None, state.failure
                await asyncio.sleep(0.02)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await gateway.aclose()
            store.close()
            return state.read

        with tempfile.TemporaryDirectory() as folder:
            return run(until_complete(Path(folder)))

    return fill


def timed(
    stripe_process: FakeStripeProcess, way: Callable[[str, int], int], sessions: int
) -> tuple[float, int]:
    """Seconds and requests that the way took to read every session, once it has warmed up."""
    stripe_process.set_history(PAGE)
    way(stripe_process.url, PAGE)
    stripe_process.set_history(sessions)
    started = time.perf_counter()
    found = way(stripe_process.url, sessions)
    took = time.perf_counter() - started
    assert found == sessions, f"{found} of {sessions} sessions were read"
    return took, sum(stripe_process.calls().values())


def measure(*, quick: bool) -> None:
    """Print the table."""
    sessions = 2_000 if quick else 10_000
    ways: dict[str, tuple[Callable[[str, int], int], float]] = {
        "SDK, auto_paging_iter": (sdk_auto_paging, 0),
        f"SDK, {WINDOWS} windows on threads": (sdk_windows, 0),
        f"SDK, {WINDOWS} windows, raw_request": (sdk_raw_windows, 0),
        "the mirror, stored and searchable": (mirror_fill(None), 0),
        "the mirror at 25 requests a second": (
            mirror_fill(STRIPE_SANDBOX_RATE),
            sessions / PAGE / STRIPE_SANDBOX_RATE,
        ),
    }
    rows = []
    plain = 0.0
    with fake_stripe() as stripe_process:
        stripe_process.set_delay(DELAY_MS)
        for name, (way, floor) in ways.items():
            took, requests = timed(stripe_process, way, sessions)
            plain = plain or took
            rows.append(
                [
                    name,
                    number(took, 2),
                    number(requests),
                    number(plain / took, 1),
                    number(took / floor, 2) if floor else "",
                ]
            )
    print_table(
        f"Reading {sessions:,} sessions, Stripe answers after {DELAY_MS} ms",
        ["", "seconds", "requests", "x auto_paging", "x rate floor"],
        rows,
    )
