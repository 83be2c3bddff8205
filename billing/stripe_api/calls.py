"""Sending requests to Stripe's API: at its pace, with the answers checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stamina
from aiolimiter import AsyncLimiter

from billing.domain.stripe_json import JSON
from billing.errors import StripeFailure
from billing.metrics.registry import Metrics
from billing.stripe_api.requests import Page, StripeRequests
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from billing.domain.stripe_objects import Shape
    from billing.settings.model import Settings
    from billing.stripe_api.sent_request import RecordRequest
    from billing.timings import Timings

PAGE_SIZE = 100  # objects in a page of a list, https://docs.stripe.com/api/pagination
STRIPE_SANDBOX_RATE = 25.0  # requests a second, https://docs.stripe.com/rate-limits

stamina.instrumentation.set_on_retry_hooks(())  # why a call is repeated is logged here


class StripeCalls:
    """What every operation of the gateway is sent by. ``record`` takes note of each request."""

    def __init__(
        self,
        settings: Settings,
        timings: Timings = DEFAULT_TIMINGS,
        metrics: Metrics | None = None,
        record: RecordRequest | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._requests = StripeRequests(settings, timings, self._metrics, record)
        self._rate_limit_attempts = timings.stripe_rate_limit_attempts
        self._rate_limit_seconds = timings.stripe_rate_limit_seconds
        # A Stripe-compatible API has a limit of its own, which it says by answering 429.
        default = None if settings.api_base else STRIPE_SANDBOX_RATE
        rate = timings.stripe_requests_per_second or default
        self._rate = AsyncLimiter(rate / 5, 1 / 5) if rate else None

    @property
    def api_base(self) -> str:
        """The base URL that requests go to."""
        return self._requests.api_base

    async def acquire(self) -> None:
        """Wait until the rate limit allows one more request; for background work."""
        if self._rate is not None:
            await self._rate.acquire()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._requests.aclose()

    async def _listed(self, shape: Shape, path: str, filters: Mapping[str, Any]) -> Page:
        async for attempt in stamina.retry_context(
            on=_rate_limited,
            attempts=self._rate_limit_attempts,
            timeout=None,
            wait_initial=self._rate_limit_seconds,
            wait_jitter=2 * self._rate_limit_seconds,
        ):
            if attempt.num > 1:
                self._metrics.stripe_retries.inc()
            with attempt:
                await self.acquire()
                page = await self._requests.page(shape, path, filters)
        return page

    async def _all(self, shape: Shape, path: str, filters: Mapping[str, Any]) -> list[JSON]:
        """The objects of all pages, the newest first."""
        return [one async for page in self._pages(shape, path, filters) for one in page.data]

    async def _pages(
        self, shape: Shape, path: str, filters: Mapping[str, Any]
    ) -> AsyncIterator[Page]:
        after: JSON = {}
        while True:
            page = await self._listed(shape, path, {"limit": PAGE_SIZE, **filters, **after})
            yield page
            if not (page.has_more and page.data):
                return
            after = {"starting_after": page.data[-1]["id"]}

    async def _call(
        self,
        shape: Shape,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> JSON:
        answer = await self._requests.send(
            shape, method, path, params, idempotency_key=idempotency_key
        )
        return answer.document


def _rate_limited(error: Exception) -> bool:
    return isinstance(error, StripeFailure) and error.status == 429
