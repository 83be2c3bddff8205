"""Stripe's objects with what billing reads of them."""

from __future__ import annotations

import time
from typing import Any

from billing.stripe_api.requests import Page

JSON = dict[str, Any]

# What a session becomes, as values for ``StripeAccount.sell`` and ``become``.
PAID: JSON = {"status": "complete", "payment_status": "paid", "url": None}
EXPIRED: JSON = {"status": "expired", "payment_status": "unpaid", "url": None}


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


def expanded(session: JSON) -> JSON:
    """The session with the subscription that it began, where it began one."""
    if not session.get("subscription"):
        return session
    return session | {"subscription": subscription_object(session)}


def subscription_object(session: JSON) -> JSON:
    """The subscription to the Pro plan that a session began, paid for a month."""
    start = session["created"]
    item = {
        "id": f"si_{session['subscription']}",
        "object": "subscription_item",
        "current_period_start": start,
        "current_period_end": start + 30 * 86_400,
        "price": price_object("pro") | {"product": "prod_pro"},
        "quantity": 1,
    }
    return {
        "id": session["subscription"],
        "object": "subscription",
        "created": start,
        "customer": session["customer"],
        "status": "active",
        "items": {"object": "list", "data": [item], "has_more": False},
        "cancel_at": None,
        "latest_invoice": None,
        "pause_collection": None,
    }


def page_of(sessions: list[JSON]) -> Page:
    """A page of Stripe's list of sessions, just read."""
    return Page([expanded(one) for one in sessions], has_more=False, requested_at=time.time())


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
        "active": True,
        "currency": "usd",
        "product": {"id": f"prod_{kind}", "object": "product", "active": True, "name": kind},
        "recurring": {"interval": "month"} if kind == "pro" else None,
        "type": "recurring" if kind == "pro" else "one_time",
        "unit_amount": 9900 if kind == "pro" else 99,
    }


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


def payment_intent_object(name: str, reason: str | None) -> JSON:
    """One that is being debited from a bank account, or could not be for a reason."""
    error = {"type": "card_error", "code": "payment_intent_payment_attempt_failed"}
    return {
        "id": name,
        "object": "payment_intent",
        "status": "requires_payment_method" if reason else "processing",
        "last_payment_error": error | {"message": reason} if reason else None,
    }


def declined_payment(
    name: str, reference: str | None, code: str | None = "insufficient_funds"
) -> JSON:
    """A PaymentIntent whose last attempt was declined, with a code or without a word, for the
    session with a reference."""
    error = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
    return {
        "id": name,
        "object": "payment_intent",
        "status": "requires_payment_method",
        "metadata": {"reference": reference} if reference else {},
        "last_payment_error": error | {"decline_code": code} if code else None,
    }
