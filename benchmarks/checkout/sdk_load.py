"""The same closed loop through Stripe's Python SDK alone: what is possible without the product.

``python -m benchmarks.checkout.sdk_load aiohttp-raw http://127.0.0.1:12111`` prints a ``Load`` as
JSON.
The SDK is used as it comes, with its own defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import stripe

from benchmarks.stripe.answers import PRICE_PRO
from benchmarks.support.event_loop import run
from benchmarks.support.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stripe.params.checkout import SessionCreateParams

PAGE = "http://localhost:8501/app/billing"
METADATA = {"app": "billing-dashboard", "kind": "pro", "quantity": "1"}
# What the product sends.
PARAMS: SessionCreateParams = {
    "mode": "subscription",
    "line_items": [{"price": PRICE_PRO, "quantity": 1}],
    "success_url": f"{PAGE}?success=1&session_id={{CHECKOUT_SESSION_ID}}",
    "cancel_url": f"{PAGE}?canceled=1",
    "metadata": METADATA,
    "subscription_data": {"metadata": METADATA},
}


def sdk(base: str, http: stripe.HTTPClient) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_bench", base_addresses={"api": base}, http_client=http)


def idempotency_key() -> str:
    return str(uuid.uuid4())


def typed(client: stripe.StripeClient) -> Callable[[], Awaitable[str | None]]:
    """Creates through the SDK's typed objects."""

    async def create() -> str | None:
        session = await client.v1.checkout.sessions.create_async(
            PARAMS, {"idempotency_key": idempotency_key()}
        )
        return session.url

    return create


def raw(client: stripe.StripeClient) -> Callable[[], Awaitable[str | None]]:
    """Creates through ``raw_request_async``, which answers with plain JSON."""

    async def create() -> str | None:
        response: Any = await client.raw_request_async(
            "post", "/v1/checkout/sessions", **PARAMS, idempotency_key=idempotency_key()
        )
        return str(response.data["url"])

    return create


async def on_event_loop(
    http: stripe.HTTPClient,
    how: Callable[[stripe.StripeClient], Callable[[], Awaitable[str | None]]],
    base: str,
    tally: Tally,
    at_once: int,
) -> None:
    """Keep ``at_once`` tasks busy on one event loop."""
    create = how(sdk(base, http))

    async def keep_one_busy() -> None:
        while not tally.is_over:
            started = time.perf_counter()
            try:
                tally.add(started, failed=not await create())
            except stripe.StripeError:
                tally.add(started, failed=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(keep_one_busy())
    await http.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


def on_threads(base: str, tally: Tally, at_once: int) -> None:
    """The synchronous SDK on ``requests``, one thread for each request at once."""
    client = sdk(base, stripe.RequestsClient())

    def keep_one_busy() -> None:
        while not tally.is_over:
            started = time.perf_counter()
            try:
                session = client.v1.checkout.sessions.create(
                    PARAMS, {"idempotency_key": idempotency_key()}
                )
            except stripe.StripeError:
                tally.add(started, failed=True)
            else:
                tally.add(started, failed=not session.url)

    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(keep_one_busy) for _ in range(at_once)]:
            done.result()


def load(way: str, base: str, tally: Tally, at_once: int) -> None:
    """One of ``WAYS`` through the SDK, with ``at_once`` requests at once."""
    match way:
        case "aiohttp-raw":
            run(on_event_loop(stripe.AIOHTTPClient(), raw, base, tally, at_once))
        case "aiohttp-typed":
            run(on_event_loop(stripe.AIOHTTPClient(), typed, base, tally, at_once))
        case "httpx-typed":
            run(on_event_loop(stripe.HTTPXClient(), typed, base, tally, at_once))
        case "threads":
            on_threads(base, tally, at_once)


WAYS = ("aiohttp-raw", "aiohttp-typed", "httpx-typed", "threads")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Load Stripe through its SDK alone")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("base", help="base URL of the (fake) Stripe")
    parser.add_argument("--connections", type=int, default=64, help="requests at once")
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    measured = Tally(asked.warm_up, asked.seconds)
    load(asked.way, asked.base, measured, asked.connections)
    print(measured.load().to_json())
