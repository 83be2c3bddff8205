"""The only room that calls Stripe.

Every call goes through the SDK's ``raw_request_async`` on aiohttp: plain JSON objects come back
as dicts (no typed objects are built), and Stripe's exceptions are translated here and nowhere
else. https://docs.stripe.com/api
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import stamina
import stripe
from aiolimiter import AsyncLimiter

from billing.errors import StripeFailure, Unreachable
from billing.network import unreachable, where_to_look
from billing.outages import Outage
from billing.safe_text import redact
from billing.settings import API_BASE, SECRET_KEY, STRIPE_API_BASE, Settings
from billing.stripe_client import connected, document
from billing.stripe_json import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 30.0
RATE_LIMIT_ATTEMPTS = 8
LISTED = 100  # objects in a page of a list, https://docs.stripe.com/api/pagination
STRIPE_SANDBOX_RATE = 25.0  # requests a second, https://docs.stripe.com/rate-limits
NO_SESSION = "cs_test_permission_check"  # of which Stripe says that there is none

OBJECT_ID = re.compile("/[a-z]+_[^/]+")  # in a path
stamina.instrumentation.set_on_retry_hooks(())  # why a call is repeated is logged here


@dataclass(frozen=True)
class Page:
    """A page of a list. ``has_more`` says whether more lie behind it, in the direction asked."""

    data: list[JSON]
    has_more: bool


class StripeGateway:
    """Stripe's API as this product uses it. Lives on one event loop; close it with ``aclose``.

    ``deadline`` bounds one call with its retries, in seconds; ``turns_per_second`` how fast
    lists are read and events settled (Stripe's own limit when talking to Stripe).

    Every method answers with Stripe's own object as a dict and raises ``StripeFailure`` when
    Stripe refuses or cannot be reached, ``NotConfigured`` when there is no usable key.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        deadline: float = DEADLINE_SECONDS,
        turns_per_second: float | None = None,
    ) -> None:
        self._settings = settings
        self._deadline = deadline
        # Another address than Stripe's tells its own limit, by answering 429.
        rate = turns_per_second or (None if settings.api_base else STRIPE_SANDBOX_RATE)
        self.is_rate_limited = rate is not None
        self._rate = AsyncLimiter(rate / 5, 1 / 5) if rate else None
        self._outage = Outage(log, "Stripe")
        self._refusals = Outage(log, "Reading from Stripe")
        self._http: aiohttp.ClientSession | None = None
        self._client: stripe.StripeClient | None = None

    @property
    def api_base(self) -> str:
        """The base URL that requests go to."""
        return self._settings.api_base or STRIPE_API_BASE

    async def turn(self) -> None:
        """Wait for a turn under the rate limit: for work that nobody sits waiting for."""
        if self._rate is not None:
            await self._rate.acquire()

    async def create_checkout_session(
        self, params: Mapping[str, Any], idempotency_key: str | None = None
    ) -> tuple[JSON, str | None]:
        """The session, and the id of the request that made it.

        https://docs.stripe.com/api/checkout/sessions/create
        """
        response = await self._answer(
            "post", "/v1/checkout/sessions", params, idempotency_key=idempotency_key
        )
        return document(response), response.request_id

    async def retrieve_checkout_session(
        self, session_id: str, *, with_line_items: bool = False, with_payments: bool = False
    ) -> JSON:
        """``with_line_items`` adds the first of them, ``with_payments`` which PaymentIntents paid
        the invoice of a subscription.

        https://docs.stripe.com/api/checkout/sessions/retrieve
        """
        expand = ["line_items"] * with_line_items + ["invoice.payments"] * with_payments
        params = {"expand": expand} if expand else {}
        return await self._call("get", f"/v1/checkout/sessions/{session_id}", params)

    async def list_line_items(self, session_id: str, **filters: Any) -> Page:
        """https://docs.stripe.com/api/checkout/sessions/line_items"""
        return await self._listed(f"/v1/checkout/sessions/{session_id}/line_items", filters)

    async def retrieve_payment_intent(self, intent_id: str) -> JSON:
        """https://docs.stripe.com/api/payment_intents/retrieve"""
        return await self._call("get", f"/v1/payment_intents/{intent_id}")

    async def list_invoice_payments(self, invoice_id: str) -> Page:
        """What paid an invoice, with each PaymentIntent. https://docs.stripe.com/api/invoice-payment/list"""
        filters = {"invoice": invoice_id, "expand": ["data.payment.payment_intent"]}
        return await self._listed("/v1/invoice_payments", filters)

    async def expire_checkout_session(self, session_id: str) -> JSON:
        """An open one only; of any other Stripe says no.

        https://docs.stripe.com/api/checkout/sessions/expire
        """
        return await self._call("post", f"/v1/checkout/sessions/{session_id}/expire")

    async def check_read_permission(self, path: str) -> None:
        """Ask for one object of the list at ``path``; ``StripeFailure`` where the key may not."""
        await self._call("get", path, {"limit": 1})

    async def check_session_write_permission(self) -> None:
        """``StripeFailure`` where the key may not write Checkout Sessions. Nothing is written: the
        session that Stripe is asked to expire does not exist."""
        try:
            await self.expire_checkout_session(NO_SESSION)
        except StripeFailure as failure:
            if not failure.is_missing:
                raise

    async def list_checkout_sessions(self, **filters: Any) -> Page:
        """A page, the newest first, each with the first of its line items; no faster than the rate
        limit allows.

        https://docs.stripe.com/api/checkout/sessions/list
        """
        filters["expand"] = ["data.line_items"]
        return await self._listed("/v1/checkout/sessions", filters)

    async def list_events(self, **filters: Any) -> Page:
        """A page, the newest first, of the last 30 days. https://docs.stripe.com/api/events/list"""
        return await self._listed("/v1/events", filters)

    async def retrieve_price(self, price_id: str) -> JSON:
        """With its product expanded. https://docs.stripe.com/api/prices/retrieve"""
        return await self._call(
            "get", f"/v1/prices/{quote(price_id, safe='')}", {"expand": ["product"]}
        )

    async def list_prices(self, lookup_key: str) -> list[JSON]:
        """The active Prices that hold the key: one or none. https://docs.stripe.com/api/prices/list"""
        page = await self._call(
            "get", "/v1/prices", {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        )
        return list(page["data"])

    async def create_price(self, params: Mapping[str, Any], idempotency_key: str) -> JSON:
        """With its product, where ``product_data`` is given.

        https://docs.stripe.com/api/prices/create
        """
        return await self._call("post", "/v1/prices", params, idempotency_key=idempotency_key)

    async def retrieve_account(self) -> JSON:
        """The account of the key. https://docs.stripe.com/api/accounts/retrieve"""
        return await self._call("get", "/v1/account")

    async def list_webhook_endpoints(self) -> list[JSON]:
        """All of them: an account has at most 16.

        https://docs.stripe.com/api/webhook_endpoints/list
        """
        page = await self._call("get", "/v1/webhook_endpoints", {"limit": 100})
        return list(page["data"])

    async def create_webhook_endpoint(
        self, params: Mapping[str, Any], idempotency_key: str
    ) -> JSON:
        """With its signing secret under ``secret``, which Stripe tells this once only.

        Its events come in the API version that this code speaks.
        https://docs.stripe.com/api/webhook_endpoints/create
        """
        params = {**params, "api_version": stripe.api_version}
        return await self._call(
            "post", "/v1/webhook_endpoints", params, idempotency_key=idempotency_key
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = self._client = None

    def _connect(self) -> stripe.StripeClient:
        key = self._settings.require(SECRET_KEY, self._settings.secret_key)
        if API_BASE in self._settings.problems and not self._settings.api_base:
            raise self._settings.problems[API_BASE]  # the key is for there, not for Stripe
        client, self._http = connected(key.get_secret_value(), self.api_base)
        return client

    async def _listed(self, path: str, filters: Mapping[str, Any]) -> Page:
        async for attempt in stamina.retry_context(
            on=_rate_limited, attempts=RATE_LIMIT_ATTEMPTS, timeout=None, wait_initial=0.5
        ):
            with attempt:
                await self.turn()
                page = await self._call("get", path, filters)
        return Page(page["data"], page["has_more"])

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> JSON:
        response = await self._answer(method, path, params, idempotency_key=idempotency_key)
        return document(response)

    async def _answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Any:
        if self._client is None:
            self._client = self._connect()
        options = {"idempotency_key": idempotency_key} if idempotency_key else {}
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._client.raw_request_async(
                    method, path, **(params or {}), **options
                )
        except TimeoutError as error:
            failure = StripeFailure.too_slow(self._deadline)
            raise self._logged(method, path, failure, error) from None
        except (stripe.APIConnectionError, aiohttp.ClientError) as error:
            failure = unreachable(error.__cause__ or error, self.api_base)
            raise self._logged(method, path, failure, error) from None
        except stripe.StripeError as error:
            raise self._logged(method, path, translated(error, self.api_base), error) from None
        self._outage.succeeded()
        return answer

    def _logged(
        self, method: str, path: str, failure: StripeFailure, error: Exception
    ) -> StripeFailure:
        cause = error.__cause__ or error
        details = (
            f"path={path} status={failure.unreachable or failure.status} code={failure.code}"
            f" request_id={failure.request_id} cause={type(cause).__name__}: {redact(str(cause))}"
        )
        if failure.is_temporary:
            self._outage.failed(f"Stripe call failed: {failure.message}", details)
        elif NO_SESSION in path:
            log.info("Stripe call failed: %s", details)
        elif method == "get":  # asked again and again, by the work behind the scenes
            kind = f"status={failure.status} {method} {OBJECT_ID.sub('/…', path)}"
            self._refusals.failed(f"Stripe call failed: {kind}", details)
        else:
            log.warning("Stripe call failed: %s", details)
        return failure


def _rate_limited(error: Exception) -> bool:
    return isinstance(error, StripeFailure) and error.status == 429


def translated(error: stripe.StripeError, api_base: str) -> StripeFailure:
    """Stripe's exception, of a request to ``api_base``, in words a person can act on."""
    said = (error.user_message or "").strip()
    reason: Unreachable | None = None
    match error:
        case stripe.AuthenticationError():
            message = "Stripe does not accept the key in STRIPE_SECRET_KEY."
            next_step = "Copy a current test key from the Stripe Dashboard, under Developers."
        case stripe.PermissionError():
            message = f"The key in STRIPE_SECRET_KEY lacks a permission. Stripe says: {said}"
            next_step = (
                "Give the key this permission in the Stripe Dashboard, under Developers, API keys."
            )
        case stripe.RateLimitError():
            message = "Stripe is answering 429: too many requests at this moment."
            next_step = "Wait a few seconds, then try again."
        case stripe.InvalidRequestError():
            message = f"Stripe refused the request: {said}"
            next_step = (
                "Check the Price ids in the settings: they must exist in the account of the key."
                if "price" in (error.param or "")
                else "Look the request up in the Stripe Dashboard, under Developers, Logs."
            )
        case _ if error.http_status == 407:  # of an API without TLS; Stripe itself has none
            message = "The proxy on the way to Stripe wants a user and a password (HTTP 407)."
            next_step = "Check HTTP_PROXY and its password, then restart the app."
            reason = Unreachable.PROXY
        case _ if error.http_status and error.http_status < 400:
            message = "The answer is not in the words of Stripe's API."
            next_step = "Check STRIPE_API_BASE, and what stands between here and Stripe."
        case _:
            message = f"Stripe answered with an error of its own (HTTP {error.http_status})."
            next_step = f"Try again in a moment. If it stays, look at {where_to_look(api_base)}."
    # Of an event that is older than 30 days Stripe says so without a code.
    is_missing = isinstance(error, stripe.InvalidRequestError) and error.http_status == 404
    return StripeFailure(
        message,
        next_step,
        request_id=error.request_id,
        status=error.http_status,
        code=error.code or ("resource_missing" if is_missing else None),
        unreachable=reason,
    )
