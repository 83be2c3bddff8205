"""``/api/billing/*``: the HTTP routes, the same code as behind the pages.

Errors are JSON ``{"error": "…"}``; what the full error was goes to the log.
"""

from __future__ import annotations

import asyncio
import logging
from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from billing.access.caller import acting_as, name_of_caller
from billing.access.cross_site import cross_site_refusal
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import LABEL, Kind
from billing.domain.sessions.source import Source
from billing.errors import (
    BillingError,
    InjectedFault,
    InvalidInput,
    NotAllowed,
    NotConfigured,
    NotSignedIn,
    SecondSubscription,
    StoreFailure,
    StripeFailure,
    TooManyAttempts,
    WebhookRefused,
)
from billing.http.guards.trusted_proxies import client_address
from billing.http.route_names import METRICS_PATH
from billing.json_codec import dumps
from billing.routes.bodies import BodyTooLarge, read_body, read_json
from billing.selling.buyers import parse_customer, parse_email
from billing.selling.checkout import parse_label, parse_quantity
from billing.setup.webhook_checks import WEBHOOK_PATHS
from billing.urls import BILLING_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from billing.access.caller import Caller
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.services import Services

    Endpoint = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)

BASE = "/api/billing"
MAX_EVENT = 1024 * 1024
NO_STORE = {"Cache-Control": "no-store"}
# What link previews get of a route that creates something: a title and a description.
PREVIEW = (
    "This link opens Stripe Checkout for the Pro plan. Each visit creates a new Checkout "
    "Session, so open it in a browser when you want to pay."
)
# What answers everybody: a delivery is signed, and the others say whether all is well.
OPEN_PATHS = (*WEBHOOK_PATHS, f"{BASE}/health", f"{BASE}/ready")
PREVIEWS = {f"{BASE}/checkout": ("Pay for the Pro plan", PREVIEW)}


class JSON(JSONResponse):
    """An answer in JSON, which costs a fifth to write of what Starlette's own does."""

    def render(self, content: Any) -> bytes:
        return dumps(content).encode()


def error(status: int, message: str, **more: str | None) -> JSON:
    """The one shape of every refusal; values that are None are left out."""
    body = {"error": message} | {key: value for key, value in more.items() if value}
    return JSON(body, status, NO_STORE)


def routes(services: Callable[[], Services]) -> list[Route]:
    """The routes. ``services`` is called at each request: they exist once the server runs."""

    async def checkout(request: Request) -> Response:
        if refusal := cross_site_refusal(request.method, request.headers):
            return error(*refusal)
        if request.method == "HEAD":
            return error(405, "HEAD does not create a Checkout Session; use GET or POST")
        try:
            # A link has no body.
            sent = await read_json(request) if request.method == "POST" else {}
            buyer = _buyer(sent)
            label = parse_label(sent.get(LABEL))
        except InvalidInput as refused:
            return error(400, refused.message)
        session = await _create(Kind.PRO, 1, label, buyer)
        if isinstance(session, Response):
            return session
        if request.method == "GET":
            return RedirectResponse(session.url or "", 303, NO_STORE)
        return _link(session)

    async def extra_credits(request: Request) -> Response:
        if refusal := cross_site_refusal(request.method, request.headers):
            return error(*refusal)
        try:
            sent = await read_json(request)
            quantity = parse_quantity(sent.get("quantity", 1), services().settings.max_credits)
            buyer = _buyer(sent)
            label = parse_label(sent.get(LABEL))
        except InvalidInput as refused:
            return error(400, refused.message)
        session = await _create(Kind.CREDITS, quantity, label, buyer)
        return session if isinstance(session, Response) else _link(session)

    async def stripe_webhook(request: Request) -> Response:
        try:
            event_id = await services().webhooks.receive(
                await read_body(request, MAX_EVENT),
                ",".join(request.headers.getlist("stripe-signature")),
            )
        except (NotConfigured, StoreFailure) as failure:
            return error(503, failure.message, reason=failure.next_step)
        except BodyTooLarge as refused:
            services().refused.record(refused, refused.size)
            return error(400, refused.message)
        except WebhookRefused as refused:
            return error(400, refused.message, reason=refused.next_step)
        except InjectedFault as fault:
            return error(500, fault.message, reason=fault.next_step)
        return JSON({"received": True, "id": event_id})

    async def entitlements(request: Request) -> Response:
        asked = request.query_params
        try:
            found = await services().entitlements.read(
                asked.getlist("customer"), asked.getlist("email")
            )
        except InvalidInput as refused:
            return error(400, refused.message)
        except StoreFailure as lost:
            return error(503, lost.message, reason=lost.next_step)
        return JSON(found, headers=NO_STORE)

    async def caller_of(request: Request) -> Caller:
        address = client_address(request.scope)
        return await services().access.program_or_person(request.headers, address)

    def by_caller(endpoint: Endpoint) -> Endpoint:
        """``endpoint``, called as whoever sent the request."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                with acting_as(await caller_of(request)):
                    return await endpoint(request)
            except NotSignedIn as refused:
                if _is_followed_link(request):
                    return RedirectResponse(BILLING_PATH, 303, NO_STORE)  # where one signs in
                refusal = error(401, refused.message, reason=refused.next_step)
                refusal.headers["WWW-Authenticate"] = "Bearer"
                return refusal
            except NotAllowed as refused:
                return error(403, refused.message, reason=refused.next_step)
            except TooManyAttempts as refused:
                refusal = error(429, refused.message)
                refusal.headers["Retry-After"] = str(refused.retry_after)
                return refusal
            except StoreFailure as lost:
                return error(503, lost.message, reason=lost.next_step)

        return answer

    def status(report: Callable[[], Awaitable[dict[str, Any]]]) -> Endpoint:
        """``report``'s status for everybody, and the rest for who may see it."""

        async def answer(request: Request) -> Response:
            (code, body), is_known = await asyncio.gather(_status(report), may_view(request))
            return JSON(body if is_known else {"status": body["status"]}, code, NO_STORE)

        return answer

    async def may_view(request: Request) -> bool:
        """Whoever cannot be identified in time may not."""
        try:
            async with asyncio.timeout(services().timings.health_deadline_seconds):
                identity = (await caller_of(request)).identity
        except (BillingError, TimeoutError):
            return False
        return identity is not None and identity.may(Permission.VIEW)

    async def metrics(request: Request) -> Response:
        body, content_type = await services().scrape.answer(request.headers.get("accept", ""))
        return Response(body, headers=NO_STORE | {"Content-Type": content_type})

    async def unknown(request: Request) -> Response:
        return error(404, f"Not found: {request.method} {request.url.path}")

    async def _create(
        kind: Kind, quantity: int, label: str, buyer: dict[str, str | None]
    ) -> CheckoutSession | Response:
        try:
            session = await services().checkout.create(
                kind,
                quantity,
                made_by=name_of_caller("api"),
                source=Source.API,
                label=label,
                **buyer,
            )
        except InvalidInput as refused:
            return error(400, refused.message)
        except SecondSubscription as second:
            found = {"customer": second.customer, "subscription": second.subscription}
            return error(409, second.message, reason=second.next_step, **found)
        except StoreFailure as lost:
            return error(503, lost.message, reason=lost.next_step)
        except NotConfigured as missing:
            log.warning("Checkout is not configured: %s %s", missing.message, missing.next_step)
            reason = f"{missing.message} {missing.next_step}"
            return error(500, "Stripe is not configured on server", reason=reason)
        except StripeFailure as failure:
            return error(500, "Stripe checkout failed", request_id=failure.request_id)
        return session

    return [
        _route(f"{BASE}/checkout", by_caller(checkout), "GET", "POST"),
        _route(f"{BASE}/extra-credits", by_caller(extra_credits), "POST"),
        *(_route(path, stripe_webhook, "POST") for path in WEBHOOK_PATHS),
        _route(f"{BASE}/entitlements", by_caller(entitlements), "GET"),
        _route(f"{BASE}/health", status(lambda: services().report_health()), "GET"),
        _route(f"{BASE}/ready", status(lambda: services().report_readiness()), "GET"),
        _route(METRICS_PATH, by_caller(metrics), "GET"),
        _route("/api/{rest:path}", unknown, "GET", "POST", "PUT", "PATCH", "DELETE"),
    ]


def _route(path: str, endpoint: Endpoint, *methods: str) -> Route:
    return Route(path, _JSONErrors(endpoint), methods=methods)


class _JSONErrors:
    """``endpoint``, with every exception logged and answered as JSON. As an app of its own, as
    Starlette would wrap a function to look for handlers of exceptions that it does not have."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self._endpoint(request)
        except ClientDisconnect:
            # Nobody reads it.
            response = error(400, "The request ended before its body was complete")
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            response = error(500, "An unexpected error occurred; see the server's log")
        await response(scope, receive, send)


async def _status(report: Callable[[], Awaitable[dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
    try:
        return 200, await report()
    except BillingError as failure:
        body = {"status": "unavailable", "error": failure.message, "reason": failure.next_step}
        return 503, body


def _is_followed_link(request: Request) -> bool:
    """A person's browser shows the answer as a page."""
    return request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"


def _link(session: CheckoutSession) -> JSON:
    return JSON({"url": session.url, "id": session.id}, headers=NO_STORE)


def _buyer(sent: dict[str, Any]) -> dict[str, str | None]:
    """Whom a session is for, as the body says: a ``customer``, an ``email`` or neither."""
    return {
        "customer": parse_customer(sent.get("customer")),
        "email": parse_email(sent.get("email")),
    }
