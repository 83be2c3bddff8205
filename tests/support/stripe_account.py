"""An account at Stripe as far as billing reads it: Checkout Sessions, events, lists with cursors.

It counts what it is asked, holds very long histories cheaply, and can misbehave. What is sold and
paid is the test's to say; the real journeys run against ``stripe_sandbox``.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tests.support.server import serving

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
SHOWN_LINE_ITEMS = 10  # in a session; the others are listed by themselves


@dataclass
class Faults:
    """Shares (0 to 1) of the requests that go wrong in each way; ``delay_seconds`` at most."""

    rate_limited: float = 0.0
    failing: float = 0.0
    dropped: float = 0.0
    strange: float = 0.0
    delayed: float = 0.0
    delay_seconds: float = 0.05
    seed: int = 1
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - which request fails is no secret

    def next(self) -> tuple[str, float]:
        """What happens to the next request, and how long it is held back first."""
        delay = 0.0
        if self._random.random() < self.delayed:
            delay = self._random.random() * self.delay_seconds
        drawn = self._random.random()
        for name in ("rate_limited", "failing", "dropped", "strange"):
            drawn -= getattr(self, name)
            if drawn < 0:
                return name, delay
        return "", delay


DOWN = Faults(failing=1.0)
NO_FAULTS = Faults()


class StripeAccount:
    """Tell it what there is with ``sell``, ``become`` and ``say``; ``serve`` its API."""

    def __init__(self) -> None:
        self.url = ""
        self.faults = NO_FAULTS
        self.lists_nothing_new = False  # then what there is can only be learned from events
        self.hides_payments = False  # as from a restricted key
        self.forbidden: dict[str, str] = {}  # paths, and the permissions that the key lacks there
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._sessions = _Newest()
        self._events = _Newest()
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
        return self.become(session, status="complete", payment_status="paid", url=None)

    def debit(self, session: JSON, reason: str | None = None) -> JSON:
        """The session, completed by a bank debit that is under way, or has failed for a reason."""
        error = {"type": "card_error", "code": "payment_intent_payment_attempt_failed"}
        name = session["id"]
        is_payment = session["mode"] == "payment"
        with self._lock:
            self._intents[f"pi_{name}"] = {
                "id": f"pi_{name}",
                "object": "payment_intent",
                "status": "requires_payment_method" if reason else "processing",
                "last_payment_error": error | {"message": reason} if reason else None,
                "invoice": None if is_payment else f"in_{name}",
            }
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
            self._sessions, self._events = _Newest(), _Newest()

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
        self._sessions.put(session, session | {"line_items": shown})

    # What Stripe's API says ---------------------------------------------------------------------

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Answer at ``url`` until the block is left."""
        with serving(self) as self.url:
            yield self.url

    async def __call__(self, scope: JSON, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("Only HTTP is spoken here.")
        with self._lock:
            fault, delay = self.faults.next()
            status, body = self._answer(scope["path"], parse_qs(scope["query_string"].decode()))
        if delay:
            await asyncio.sleep(delay)
        headers = [(b"content-type", b"application/json"), (b"request-id", b"req_of_the_test")]
        if fault in _FAULTS:
            # Stripe says so too, when the SDK's own retries would not help.
            headers.append((b"stripe-should-retry", b"false"))
            status, body = _FAULTS[fault]
        encoded = json.dumps(body).encode() if isinstance(body, dict) else body
        headers.append((b"content-length", str(len(encoded)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if fault == "dropped":  # uvicorn closes a connection whose answer is not finished
            await send({"type": "http.response.body", "body": encoded[:9], "more_body": True})
            return
        await send({"type": "http.response.body", "body": encoded})

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, JSON | bytes]:
        if permission := self.forbidden.get(path):
            self.asked[path] += 1
            return 403, _forbidden(permission)
        if path in (LIST_SESSIONS, LIST_EVENTS):
            self.asked[path] += 1
            ended = int(query.get("created[lte]", ["0"])[0]) or time.time() + 1
            if self.lists_nothing_new and ended > time.time():
                return 200, {"object": "list", "data": [], "has_more": False}
            return (self._sessions if path == LIST_SESSIONS else self._events).page(query)
        if path == ACCOUNT:
            self.asked[ACCOUNT] += 1
            return 200, {"id": "acct_of_the_tests", "object": "account"}
        if path.endswith("/line_items"):
            self.asked[LINE_ITEMS] += 1
            return 200, self._line_items(path.split("/")[-2], query)
        if path.startswith(f"{LIST_SESSIONS}/"):
            self.asked[ONE_SESSION] += 1
            name = path.removeprefix(f"{LIST_SESSIONS}/")
            if session := self._sessions.find(name, "line_items" in _expanded(query)):
                return 200, session
        if self.hides_payments and path.startswith((INVOICE_PAYMENTS, "/v1/payment_intents/")):
            return 403, {"error": {"type": "invalid_request_error", "message": "Not permitted."}}
        if path.startswith("/v1/payment_intents/"):
            self.asked[PAYMENT_INTENT] += 1
            if intent := self._intents.get(path.rpartition("/")[2]):
                return 200, intent
        if path == INVOICE_PAYMENTS:
            self.asked[INVOICE_PAYMENTS] += 1
            paid = [
                {"id": f"inpay_{name}", "object": "invoice_payment"}
                | {"payment": {"type": "payment_intent", "payment_intent": intent}}
                for name, intent in self._intents.items()
                if intent["invoice"] == query["invoice"][0]
            ]
            return 200, {"object": "list", "data": paid, "has_more": False}
        if path.startswith("/v1/prices/"):
            self.asked[PRICE] += 1
            kind = path.rpartition("/price_")[2]
            return 200, price_object("credits" if kind == "credit" else kind)
        return _missing(path)

    def _line_items(self, session_id: str, query: dict[str, list[str]]) -> JSON:
        items = self._items[session_id]
        after = query.get("starting_after", [""])[0]
        start = next((place for place, one in enumerate(items, 1) if one["id"] == after), 0)
        end = start + int(query["limit"][0])
        return {"object": "list", "data": items[start:end], "has_more": end < len(items)}


_FAULTS: dict[str, tuple[int, JSON | bytes]] = {
    "strange": (200, b"[]"),
    "rate_limited": (429, {"error": {"type": "invalid_request_error", "code": "rate_limit",
                                     "message": "Request rate limit exceeded."}}),
    "failing": (500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}),
}  # fmt: skip


def _forbidden(permission: str) -> JSON:
    message = (
        "The provided key 'rk_test_***tests' does not have the required permissions for this "
        f"endpoint on account 'acct_of_the_tests'. Enabling {permission} permissions on this key "
        "would allow this request to continue."
    )
    return {"error": {"type": "invalid_request_error", "message": message}}


def _missing(what: str) -> tuple[int, JSON]:
    message = f"No such object: '{what}'"
    error = {"type": "invalid_request_error", "code": "resource_missing", "message": message}
    return 404, {"error": error}


class _Newest:
    """Objects by age. A page costs the same however many there are."""

    def __init__(self) -> None:
        self._order: list[tuple[int, int, str]] = []  # created, arrival, id: the oldest first
        self._places: dict[str, tuple[int, int, str]] = {}
        self._bodies: dict[str, bytes] = {}
        self._expanded: dict[str, bytes] = {}
        self._types: dict[str, str] = {}
        self.shown = 0

    def put(self, value: JSON, expanded: JSON | None = None) -> None:
        """Keep a value; ``expanded`` is what a list shows with everything expanded."""
        name = value["id"]
        if name not in self._places:
            self._places[name] = place = (value["created"], len(self._places), name)
            bisect.insort(self._order, place)
        self._types[name] = value.get("type", "")
        self._bodies[name] = json.dumps(value).encode()
        self._expanded[name] = json.dumps(expanded or value).encode()

    def drop(self, name: str) -> None:
        self._order.remove(self._places.pop(name))
        del self._bodies[name], self._expanded[name], self._types[name]

    def get(self, name: str) -> JSON:
        return dict(json.loads(self._bodies[name]))

    def find(self, name: str, is_expanded: bool = False) -> JSON | None:
        body = (self._expanded if is_expanded else self._bodies).get(name)
        return None if body is None else dict(json.loads(body))

    def page(self, query: dict[str, list[str]]) -> tuple[int, JSON | bytes]:
        asked = {name: values[0] for name, values in query.items()}
        limit = int(asked.get("limit", 10))
        lowest = (int(asked.get("created[gte]", 0)), -1, "")
        highest = (int(asked.get("created[lte]", 2**40)) + 1, -1, "")
        first = bisect.bisect_left(self._order, lowest)
        end = bisect.bisect_left(self._order, highest)
        for cursor in ("starting_after", "ending_before"):
            if cursor in asked and asked[cursor] not in self._places:
                return _missing(asked[cursor])
        if "starting_after" in asked:
            end = min(end, bisect.bisect_left(self._order, self._places[asked["starting_after"]]))
        upward = "ending_before" in asked
        if upward:
            place = self._places[asked["ending_before"]]
            first = max(first, bisect.bisect_right(self._order, place))
        wanted = {values[0] for name, values in query.items() if name.startswith("types")}
        found: list[str] = []
        for position in range(first, end) if upward else range(end - 1, first - 1, -1):
            name = self._order[position][2]
            if not wanted or self._types[name] in wanted:
                found.append(name)
            if len(found) > limit:
                break
        chosen = found[:limit][::-1] if upward else found[:limit]
        more = b"true" if len(found) > limit else b"false"
        self.shown += len(chosen)
        bodies = self._expanded if _expanded(query) else self._bodies
        data = b",".join(bodies[name] for name in chosen)
        return 200, b'{"object":"list","has_more":' + more + b',"data":[' + data + b"]}"


def session_object(
    number: int, kind: str, quantity: int, created: int | None = None, *, ours: bool = True
) -> JSON:
    """An open session as Stripe shows it, with what billing reads of it."""
    created = int(time.time()) if created is None else created
    metadata = {"app": "billing-dashboard", "kind": kind, "quantity": str(quantity)}
    email = f"buyer{number}@example.com"
    return {
        "id": f"cs_test_{number:012d}",
        "object": "checkout.session",
        "created": created,
        "expires_at": created + 86_400,
        "status": "open",
        "payment_status": "unpaid",
        "mode": "subscription" if kind == "pro" else "payment",
        "amount_total": 9900 if kind == "pro" else 99 * quantity,
        "currency": "usd",
        "customer": f"cus_{number}",
        "customer_email": None,
        "customer_details": {"email": email, "name": None},
        "livemode": False,
        "metadata": metadata if ours else {"app": "another"},
        "payment_intent": None if kind == "pro" else f"pi_{number}",
        "subscription": f"sub_{number}" if kind == "pro" else None,
        "url": f"https://checkout.example/c/pay/{number}",
    }


def line_item(kind: str, quantity: int | None = 1, **values: Any) -> JSON:
    """So many of what the kind sells; ``price`` among ``values`` sells it at another Price."""
    price = price_object(kind) | {"product": f"prod_{kind}"}
    amount = price["unit_amount"] * (quantity or 0)
    return {
        "id": f"li_{kind}_{quantity}",
        "object": "item",
        "amount_subtotal": amount,
        "amount_total": amount,
        "currency": "usd",
        "description": kind,
        "price": price,
        "quantity": quantity,
    } | values


def price_object(kind: str) -> JSON:
    """The Price of a kind, with its Product expanded."""
    return {
        "id": {"credits": "price_credit"}.get(kind, f"price_{kind}"),
        "object": "price",
        "currency": "usd",
        "product": {"id": f"prod_{kind}", "object": "product", "name": kind},
        "recurring": {"interval": "month"} if kind == "pro" else None,
        "unit_amount": 9900 if kind == "pro" else 99,
    }


def _expanded(query: dict[str, list[str]]) -> set[str]:
    return {values[0] for name, values in query.items() if name.startswith("expand")}


def event_object(event_id: str, kind: str, session: JSON) -> JSON:
    """An event ``checkout.session.<kind>``; a kind with a dot in it is a whole type."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": session},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind if "." in kind else f"checkout.session.{kind}",
    }


@pytest.fixture
def account() -> Iterator[StripeAccount]:
    """An account with nothing in it, served."""
    made = StripeAccount()
    with made.serve():
        yield made
