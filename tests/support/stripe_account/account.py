"""An account at Stripe, as far as billing reads it, behind an API that is served."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

import pytest

from tests.support.servers.server import serving
from tests.support.stripe_account.faults import (
    ANSWERS,
    NO_FAULTS,
    REQUEST_ID,
    forbidden,
    no_such,
)
from tests.support.stripe_account.listing import Listing, Query, expanded_fields
from tests.support.stripe_account.objects import (
    PAID,
    event_object,
    expanded,
    line_item,
    payment_intent_object,
    price_object,
    session_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = dict[str, Any]

LIST_SESSIONS = "/v1/checkout/sessions"
LIST_EVENTS = "/v1/events"
ACCOUNT = "/v1/account"
ONE_SESSION = "/v1/checkout/sessions/{id}"
LINE_ITEMS = "/v1/checkout/sessions/{id}/line_items"
PAYMENT_INTENT = "/v1/payment_intents/{id}"
INVOICE_PAYMENTS = "/v1/invoice_payments"
PRICE = "/v1/prices/{id}"
EMPTY_LISTS = (
    *("/v1/prices", "/v1/webhook_endpoints", "/v1/invoices", "/v1/payment_intents"),
    *("/v1/refunds", "/v1/disputes", "/v1/subscriptions", "/v1/customers"),
)
NOTHING: JSON = {"object": "list", "data": [], "has_more": False}
SHOWN_LINE_ITEMS = 10  # in a session; the others are listed by themselves


class Request(NamedTuple):
    """A request that reached the account."""

    method: str
    path: str
    idempotency_key: str


class StripeAccount:
    """Say what there is with ``sell``, ``become`` and ``say``; ``serve`` its API."""

    def __init__(self) -> None:
        self.url = ""
        self.faults = NO_FAULTS
        self.lists_nothing_new = False  # then what there is can only be learned from events
        self.silent_once_listed = math.inf  # sessions: then nothing is answered any more
        # What a restricted key lacks: by the start of method and path, the permission's name.
        self.forbidden: dict[str, str] = {}
        self.asked: Counter[str] = Counter()  # by path, with {id} for an id
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._sessions = Listing()
        self._events = Listing()
        self._items: dict[str, list[JSON]] = {}  # by session; one of what it sells otherwise
        self._intents: dict[str, JSON] = {}
        self._made = 0

    # What a test says ---------------------------------------------------------------------------

    def sell(
        self,
        kind: str = "credits",
        quantity: int = 1,
        *,
        created: int | None = None,
        ours: bool = True,
        items: list[JSON] | None = None,
        **values: Any,
    ) -> JSON:
        """A new session, open and unpaid unless ``values`` say otherwise, of these line items."""
        with self._lock:
            self._made += 1
            session = session_object(self._made, kind, quantity, created, ours=ours) | values
            self._items[session["id"]] = [line_item(kind, quantity)] if items is None else items
            self._put(session)
            return session

    def become(self, session: JSON, **values: Any) -> JSON:
        """The session once ``values`` of it have changed."""
        with self._lock:
            changed = self._sessions.get(session["id"]) | values
            self._put(changed)
            return dict(changed)

    def pay(self, session: JSON) -> JSON:
        """The session, complete and paid."""
        return self.become(session, **PAID)

    def debit(self, session: JSON, reason: str | None = None) -> JSON:
        """The session, completed by a bank debit that is under way, or has failed for a reason."""
        name = session["id"]
        is_payment = session["mode"] == "payment"
        intent = payment_intent_object(f"pi_{name}", reason)
        with self._lock:
            intent["invoice"] = None if is_payment else f"in_{name}"
            self._intents[intent["id"]] = intent
        paid_by = {"payment_intent": f"pi_{name}"} if is_payment else {"invoice": f"in_{name}"}
        return self.become(session, status="complete", url=None, **paid_by)

    def cancel_payment(self, session: JSON) -> None:
        """Somebody cancels the payment that is under way."""
        with self._lock:
            self._intents[session["payment_intent"]]["status"] = "canceled"

    def say(
        self, kind: str, session: JSON, *, event_id: str | None = None, listed: bool = True
    ) -> JSON:
        """An event about the session, as ``checkout.session.<kind>``; unless ``listed`` it is
        known to webhooks alone."""
        with self._lock:
            self._made += 1
            event = event_object(event_id or f"evt_{self._made}", kind, session)
            if listed:
                self._events.put(event)
            return event

    def list_late(self, event: JSON, *, seconds: int) -> None:
        """List it among the events that Stripe made so many seconds before."""
        with self._lock:
            self._events.put(event | {"created": event["created"] - seconds})

    def forget(self, session: JSON) -> None:
        """Know the session no more."""
        with self._lock:
            self._sessions.drop(session["id"])

    def reset(self) -> None:
        """Forget everything, as a sandbox that is reset does."""
        with self._lock:
            self._sessions, self._events = Listing(), Listing()

    @property
    def listed(self) -> int:
        """How many sessions its lists have shown so far."""
        return self._sessions.shown

    def session(self, session_id: str) -> JSON:
        """What the account knows of it now."""
        with self._lock:
            return dict(self._sessions.get(session_id))

    def _put(self, session: JSON) -> None:
        items = self._items[session["id"]]
        data, has_more = items[:SHOWN_LINE_ITEMS], len(items) > SHOWN_LINE_ITEMS
        shown = {"object": "list", "data": data, "has_more": has_more}
        self._sessions.put(session, expanded(session) | {"line_items": shown})

    # What it was asked, and what it answers -----------------------------------------------------

    def paths(self, method: str) -> list[str]:
        """The paths of the requests of this method, in their order."""
        return [request.path for request in self.requests if request.method == method]

    @property
    def idempotency_keys(self) -> list[str]:
        """Those of all requests to make something, in their order."""
        return [request.idempotency_key for request in self.requests if request.method == "POST"]

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Answer at ``url`` until the block is left."""
        with serving(self) as self.url:
            yield self.url

    async def __call__(self, scope: JSON, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("Only HTTP is spoken here.")
        key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
        request = Request(scope["method"], scope["path"], key)
        query = parse_qs(scope["query_string"].decode())
        with self._lock:
            self.requests.append(request)
            faults = self.faults
            fault, delay = faults.next()
            if self.listed >= self.silent_once_listed:
                fault = "silent"
            else:
                status, body = self._answer(request, query)
        if delay:
            await asyncio.sleep(delay)
        if fault == "silent":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = [(b"content-type", b"application/json")]
        if fault != "not_json":  # that one is no answer of Stripe's
            headers.append((b"request-id", REQUEST_ID.encode()))
        if fault in ANSWERS:
            status, body = ANSWERS[fault]
            if not faults.retried:
                headers.append((b"stripe-should-retry", b"false"))
        encoded = json.dumps(body).encode() if isinstance(body, dict) else body
        headers.append((b"content-length", str(len(encoded)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if fault == "dropped":  # uvicorn closes a connection whose answer is not finished
            await send({"type": "http.response.body", "body": encoded[:9], "more_body": True})
            return
        await send({"type": "http.response.body", "body": encoded})

    def _answer(self, request: Request, query: Query) -> tuple[int, JSON | bytes]:
        route, name = _route(request.path)
        self.asked[route] += 1
        for beginning, permission in self.forbidden.items():
            if f"{request.method} {request.path}".startswith(beginning):
                return forbidden(permission)
        if request.method != "GET":
            return no_such(request.path)  # nothing is made or changed by requests
        try:
            return 200, self._read(route, name, query)
        except KeyError as unknown:
            return no_such(str(unknown))

    def _read(self, route: str, name: str, query: Query) -> JSON | bytes:
        match route:
            case "/v1/account":
                return {"id": "acct_of_the_tests", "object": "account"}
            case "/v1/checkout/sessions" | "/v1/events":
                ended = int(query.get("created[lte]", ["0"])[0]) or time.time() + 1
                if self.lists_nothing_new and ended > time.time():
                    return NOTHING
                return (self._sessions if route == LIST_SESSIONS else self._events).page(query)
            case "/v1/checkout/sessions/{id}":
                return self._sessions.get(name, bool(expanded_fields(query)))
            case "/v1/checkout/sessions/{id}/line_items":
                return self._line_items(name, query)
            case "/v1/payment_intents/{id}":
                return self._intents[name]
            case "/v1/invoice_payments":
                paid = [
                    {"id": f"inpay_{name}", "object": "invoice_payment"}
                    | {"payment": {"type": "payment_intent", "payment_intent": intent}}
                    for name, intent in self._intents.items()
                    if intent["invoice"] == query["invoice"][0]
                ]
                return NOTHING | {"data": paid}
            case "/v1/prices/{id}":
                kind = name.removeprefix("price_")
                return price_object("credits" if kind == "credit" else kind)
        if route in EMPTY_LISTS:
            return NOTHING
        raise KeyError(route)

    def _line_items(self, session_id: str, query: Query) -> JSON:
        items = self._items[session_id]
        after = query.get("starting_after", [""])[0]
        start = next((place for place, one in enumerate(items, 1) if one["id"] == after), 0)
        end = start + int(query["limit"][0])
        return {"object": "list", "data": items[start:end], "has_more": end < len(items)}


def _route(path: str) -> tuple[str, str]:
    """The path with ``{id}`` for the id in it, and that id."""
    for beginning in (LIST_SESSIONS, "/v1/payment_intents", "/v1/prices"):
        if path.startswith(f"{beginning}/"):
            name, *rest = path.removeprefix(f"{beginning}/").split("/")
            return "/".join((beginning, "{id}", *rest)), name
    return path, ""


@pytest.fixture
def account() -> Iterator[StripeAccount]:
    """An account with nothing in it, served."""
    served = StripeAccount()
    with served.serve():
        yield served
