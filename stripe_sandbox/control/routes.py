"""The controls under /_control: what only a sandbox can do. JSON in and out, errors as Stripe's.

They need a test key as /v1 does, which other sites' pages cannot send, and are never affected
by the faults that they switch on. Times are Unix seconds of the sandbox's clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from stripe_sandbox import errors
from stripe_sandbox.api.auth import check_key
from stripe_sandbox.api.bodies import read_body
from stripe_sandbox.api.responses import error_response, json_response, new_request_id
from stripe_sandbox.control.clock_summary import summarize
from stripe_sandbox.control.deliveries import ControlDeliveries
from stripe_sandbox.control.disputes import ControlDisputes
from stripe_sandbox.control.endpoints import ControlEndpoints
from stripe_sandbox.control.erasure import Erasure
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.control.history import History
from stripe_sandbox.control.history_plan import HistoryPlan
from stripe_sandbox.control.pay import ControlPayments
from stripe_sandbox.control.requests import ControlRequests
from stripe_sandbox.control.state import ControlState
from stripe_sandbox.control.trigger import Trigger
from stripe_sandbox.errors import StripeError
from stripe_sandbox.event_log import EventLog
from stripe_sandbox.faults import API_STATUSES, ApiFaults, Faults, FaultSwitch, WebhookFaults
from stripe_sandbox.payments.subscriptions.retry_policy import (
    AfterRetries,
    RetryPolicy,
    RetryPolicySetting,
)
from stripe_sandbox.scheduling.scheduler import Scheduler
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock

logger = logging.getLogger(__name__)

FARTHEST_ADVANCE = 400 * 86_400.0
"""A year and a bit: the yearly renewal is the farthest that anybody waits for."""
FARTHEST_AHEAD = 10 * FARTHEST_ADVANCE
RESPONSES_WITHIN = 10.0
LONGEST_DELAY = 3_600.0
MAXIMUM_DUPLICATES = 20
MAXIMUM_RETRIES, LONGEST_RETRY_DAYS = 8, 60
MAXIMUM_REQUESTS = 1_000_000
MAXIMUM_BODY = 64 << 10

_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Handler = Callable[[Request, JsonFields], Awaitable[dict[str, Any]]]


class Control:
    """The controls' routes."""

    def __init__(
        self,
        clock: SimulatedClock,
        scheduler: Scheduler,
        wait_for_responses: Callable[[Iterable[str], float], Awaitable[None]],
        events: EventLog,
        state: ControlState,
        policy: RetryPolicySetting,
        faults: FaultSwitch,
        payments: ControlPayments,
        disputes: ControlDisputes,
        history: History,
        erasure: Erasure,
        endpoints: ControlEndpoints,
        deliveries: ControlDeliveries,
        trigger: Trigger,
        requests: ControlRequests,
        base_url: str,
        api_key: str | None = None,
    ) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._wait_for_responses = wait_for_responses
        self._events = events
        self._state = state
        self._policy = policy
        self._faults = faults
        self._payments = payments
        self._disputes = disputes
        self._history = history
        self._erasure = erasure
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._trigger = trigger
        self._requests = requests
        self._base_url = base_url
        self._api_key = api_key

    def routes(self) -> list[BaseRoute]:
        """The routes to mount, all under /_control."""
        found: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/state", self._show_state),
            ("POST", "/clock", self._advance),
            ("GET", "/faults", self._show_faults),
            ("PUT", "/faults", self._set_faults),
            ("GET", "/billing", self._show_policy),
            ("PUT", "/billing", self._set_policy),
            ("POST", "/sessions/{session}/pay", self._pay),
            ("POST", "/charges/{charge}/dispute", self._dispute),
            ("POST", "/fill", self._fill),
            ("POST", "/reset", self._reset),
            ("POST", "/erase/{ids}", self._erase),
            ("GET", "/endpoints", self._show_endpoints),
            ("POST", "/endpoints/{endpoint}/roll_secret", self._roll_secret),
            ("GET", "/deliveries", self._find_deliveries),
            ("POST", "/deliveries/resend", self._resend),
            ("GET", "/events/types", self._show_types),
            ("POST", "/events", self._send_event),
            ("GET", "/requests", self._requests.page),
            ("GET", "/requests/causes", self._requests.causes),
            ("GET", "/requests/clients", self._requests.clients),
            ("GET", "/requests/touching/{ids}", self._requests.touching),
            ("GET", "/requests/{id}", self._requests.show),
            ("POST", "/requests/{id}/send_again", self._requests.send_again),
        )
        routes = [
            Route(path, self._answering(handler), methods=[method])
            for method, path, handler in found
        ]
        return [
            Mount(
                "/_control",
                routes=[
                    *routes,
                    Route("/{rest:path}", self._answering(self._unknown), methods=_ANY),
                ],
            )
        ]

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request_id = new_request_id()
            try:
                check_key(request.headers, self._api_key)
                fields = JsonFields.parse(await read_body(request.receive, MAXIMUM_BODY))
                return json_response(await handler(request, fields), request_id)
            except StripeError as error:
                return error_response(error, request_id)
            except ClientDisconnect:
                return Response()  # nobody reads it
            except Exception:
                logger.exception("%s %s failed (%s)", request.method, request.url.path, request_id)
                return error_response(errors.internal(), request_id)

        return answer

    async def _unknown(self, request: Request, _: JsonFields) -> dict[str, Any]:
        path = request.url.path
        raise errors.unrecognized_url(request.method, path[path.rindex("/_control") :])

    async def _show_state(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        return self._state.snapshot()

    async def _advance(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        seconds = fields.number("advance_seconds", 0, 0, FARTHEST_ADVANCE)
        fields.reject_unknown()
        if self._clock.ahead() + seconds > FARTHEST_AHEAD:
            raise fields.refusal(
                "advance_seconds",
                f"The clock can be at most {FARTHEST_AHEAD / 86_400:.0f} days ahead. A reset sets "
                "it back.",
            )
        self._requests.write()
        with self._events.capture() as recorded:
            await self._scheduler.advance(seconds)
        await self._wait_for_responses(recorded.ids, RESPONSES_WITHIN)
        return {
            "now": self._clock.now(),
            "events": recorded.ids,
            "happened": summarize(recorded.counts),
        }

    async def _show_faults(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        return self._faults.current().to_json()

    async def _set_faults(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        webhooks, api = fields.inner("webhooks"), fields.inner("api")
        faults = Faults(
            WebhookFaults(
                delay_seconds=webhooks.number("delay_seconds", 0, 0, LONGEST_DELAY),
                duplicates=webhooks.integer("duplicates", 0, 0, MAXIMUM_DUPLICATES),
                shuffle=webhooks.boolean("shuffle", default=False),
                drop=webhooks.boolean("drop", default=False),
            ),
            ApiFaults(
                status=api.one_of("status", (None, *API_STATUSES), None),
                delay_seconds=api.number("delay_seconds", 0, 0, LONGEST_DELAY),
                requests=api.integer("requests", None, 1, MAXIMUM_REQUESTS),
            ),
        )
        for inner in (webhooks, api, fields):
            inner.reject_unknown()
        self._faults.set(faults)
        return faults.to_json()

    async def _show_policy(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        return self._policy.get().to_json()

    async def _set_policy(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        usual = RetryPolicy()
        days = fields.items("retry_days") if fields.has("retry_days") else usual.retry_days
        then = fields.one_of("then", tuple(one.value for one in AfterRetries), usual.then.value)
        fields.reject_unknown()
        if len(days) > MAXIMUM_RETRIES or not all(
            type(day) in (int, float) and 0 < day <= LONGEST_RETRY_DAYS for day in days
        ):
            raise fields.refusal(
                "retry_days",
                f"Give at most {MAXIMUM_RETRIES} numbers of days, each at most "
                f"{LONGEST_RETRY_DAYS}, such as [3, 5, 7].",
            )
        policy = RetryPolicy(tuple(days), AfterRetries(then))
        self._policy.set(policy)
        return policy.to_json()

    async def _pay(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        return self._payments.pay(request.path_params["session"], fields)

    async def _dispute(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        return self._disputes.open(request.path_params["charge"], fields)

    async def _fill(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        plan = HistoryPlan.of(fields)
        # In a thread, as it takes a while: what needs no database goes on meanwhile.
        return await asyncio.to_thread(self._history.fill, plan, self._base_url)

    async def _erase(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        ids = request.path_params["ids"].split(",")
        return await asyncio.to_thread(self._erasure.erase, ids)

    async def _show_endpoints(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        return self._endpoints.show()

    async def _roll_secret(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        return self._endpoints.roll(request.path_params["endpoint"], fields)

    async def _find_deliveries(self, request: Request, _: JsonFields) -> dict[str, Any]:
        return self._deliveries.find(JsonFields(dict(request.query_params)))

    async def _resend(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        return self._deliveries.resend(fields)

    async def _show_types(self, request: Request, _: JsonFields) -> dict[str, Any]:
        return self._trigger.types(JsonFields(dict(request.query_params)))

    async def _send_event(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        return self._trigger.send(fields)

    async def _reset(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        fields.reject_unknown()
        self._state.reset()
        return {}
