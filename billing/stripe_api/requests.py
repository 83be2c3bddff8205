"""Requests to Stripe's API: sent, repeated where that is safe, and their answers checked.

Plain JSON objects come back as dicts (no typed objects are built), and whatever is not as the API
describes is a failure.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import stripe

from billing.domain.stripe_json import JSON
from billing.domain.stripe_objects import LIST
from billing.errors import StripeFailure
from billing.metrics.registry import Metrics
from billing.outages import Outage
from billing.safe_text import redact
from billing.settings.model import API_BASE, SECRET_KEY, STRIPE_API_BASE, Settings
from billing.stripe_api.client import StripeClient
from billing.stripe_api.errors import translate_error
from billing.stripe_api.http.network import connection_failure
from billing.stripe_api.path_template import path_template
from billing.tracing import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.domain.stripe_objects import Shape
    from billing.stripe_api.response import Response
    from billing.stripe_api.sent_request import RecordRequest
    from billing.timings import Timings

log = logging.getLogger(__name__)

MISSING_SESSION_ID = "cs_test_permission_check"  # of which Stripe says that there is none
# In place of a status: no answer came, or nobody waited for it any more.
UNREACHABLE, CANCELED = "unreachable", "canceled"


class Answer(NamedTuple):
    """The object that Stripe answered with, and the id of the request, if it has one."""

    document: JSON
    request_id: str | None


@dataclass(frozen=True)
class Page:
    """A page of a list. ``has_more`` says whether there are more in its direction; it was
    ``requested_at`` a time (Unix seconds)."""

    data: list[JSON]
    has_more: bool
    requested_at: float


class StripeRequests:
    """Sends them, on one event loop; close it with ``aclose``.

    Raises ``StripeFailure`` when Stripe refuses, cannot be reached or answers as its API does not,
    ``NotConfigured`` when there is no usable key.
    """

    def __init__(
        self,
        settings: Settings,
        timings: Timings,
        metrics: Metrics | None = None,
        record: RecordRequest | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._record = record
        self._settings = settings
        self._timings = timings
        self._deadline = timings.stripe_deadline_seconds
        self._outage = Outage(log, "Stripe")
        self._refusals = Outage(log, "Reading from Stripe")
        self._client: StripeClient | None = None

    @property
    def api_base(self) -> str:
        """The base URL that requests go to."""
        return self._settings.api_base or STRIPE_API_BASE

    async def send(
        self,
        shape: Shape,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Stripe's answer, checked to be of this shape."""
        response = await self._response(method, path, params, idempotency_key)
        answer: JSON = response.document
        if fault := shape.fault(answer):
            raise self._unexpected(method, path, response, shape, fault)
        return Answer(answer, response.request_id)

    async def page(self, shape: Shape, path: str, filters: Mapping[str, Any]) -> Page:
        """A page of the list of such objects. One that is not of this shape is logged and left
        out; when all are, that is a ``StripeFailure``, so that no pagination ends early."""
        requested_at = time.time()
        response = await self._response("get", path, filters)
        found: JSON = response.document
        if fault := LIST.fault(found):
            raise self._unexpected("get", path, response, LIST, fault)
        faults = [shape.fault(one) for one in found["data"]]
        usable = [one for one, fault in zip(found["data"], faults, strict=True) if fault is None]
        for wrong in filter(None, faults):
            if not usable:
                raise self._unexpected("get", path, response, shape, wrong)
            self._refusals.failed(f"The list {path} contains an invalid {shape.name}: {wrong}")
        return Page(usable, found["has_more"], requested_at)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _connect(self) -> StripeClient:
        key = self._settings.require(SECRET_KEY, self._settings.secret_key)
        if API_BASE in self._settings.problems and not self._settings.api_base:
            raise self._settings.problems[API_BASE]  # the key is for there, not for Stripe
        return StripeClient(
            key.get_secret_value(), self.api_base, self._timings, self._metrics, self._record
        )

    async def _response(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        idempotency_key: str | None = None,
    ) -> Response:
        """Stripe's response; the call is measured and traced."""
        template = path_template(path)
        status: int | str = CANCELED
        request_id: str | None = None
        started = time.perf_counter()
        with span(f"Stripe {method.upper()} {template}") as current:
            try:
                response = await self._send(method, path, params, idempotency_key)
                status, request_id = response.status, response.request_id
            except StripeFailure as failure:
                status, request_id = failure.status or UNREACHABLE, failure.request_id
                raise
            finally:
                series = self._metrics.stripe_request_series(method, template, status)
                series.observe(time.perf_counter() - started)
                current.set_attribute("http.response.status_code", status)
                current.set_attribute("stripe.request_id", request_id or "")
        self._outage.succeeded()
        return response

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        idempotency_key: str | None,
    ) -> Response:
        if self._client is None:
            self._client = self._connect()
        client = self._client
        try:
            response = await client.request(method, path, params, idempotency_key=idempotency_key)
        except TimeoutError as error:
            failure = StripeFailure.too_slow(self._deadline)
            raise self._logged(method, path, failure, error) from None
        except stripe.APIConnectionError as error:
            failure = connection_failure(error.__cause__ or error, self.api_base)
            raise self._logged(method, path, failure, error) from None
        if response.is_error:
            refusal = client.error(response)
            failure = translate_error(refusal, response, self.api_base)
            raise self._logged(method, path, failure, refusal)
        return response

    def _unexpected(
        self, method: str, path: str, response: Response, shape: Shape, fault: str
    ) -> StripeFailure:
        content = f"{response.description}, not a valid {shape.name} ({fault})"
        failure = StripeFailure.unexpected(response.status, content, request_id=response.request_id)
        return self._logged(method, path, failure, failure)

    def _logged(
        self, method: str, path: str, failure: StripeFailure, error: Exception
    ) -> StripeFailure:
        cause = error.__cause__ or error
        details = (
            f"path={path} status={failure.unreachable or failure.status} code={failure.code}"
            f" stripe_request_id={failure.request_id}"
            f" cause={type(cause).__name__}: {redact(str(cause))}"
        )
        if failure.is_temporary:
            self._outage.failed(f"Stripe call failed: {failure.message}", details)
        elif MISSING_SESSION_ID in path:
            log.info("Stripe call failed: %s", details)
        elif method == "get":  # repeated by background work
            kind = f"status={failure.status} {method} {path_template(path)}"
            self._refusals.failed(f"Stripe call failed: {kind}", details)
        else:
            log.warning("Stripe call failed: %s", details)
        return failure
