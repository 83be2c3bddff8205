"""A payer's changes of adjustable quantities
(https://docs.stripe.com/payments/checkout/adjustable-quantity)."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.storage.objects import Object


class Quantities:
    """Changes how many of a line a payer buys."""

    def __init__(self, backend: Backend, sessions: CheckoutSessions) -> None:
        self._backend = backend
        self._sessions = sessions

    def change(self, session_id: str, line_id: str, quantity: int) -> bool:
        """Take so many of a line; the session's amounts follow. False: the session is not open any
        more. KeyError: no such session or line. StripeError: the payer may not choose that."""
        with self._backend.database.transaction():
            session = self._sessions.get(session_id)
            if session is None:
                raise KeyError(session_id)
            if session["status"] != "open":
                return False
            hidden = self._backend.objects.hidden("checkout.session", session_id)
            items: list[Object] = hidden["line_items"]
            line = next((item for item in items if item["id"] == line_id), None)
            if line is None:
                raise KeyError(line_id)
            _check(line, quantity)
            amount = line["price"]["unit_amount"] * quantity
            line.update(quantity=quantity, amount_subtotal=amount, amount_total=amount)
            _check_something_left(session, items)
            self._sessions.retotal(session, hidden)
            self._change_intent(hidden.get("payment_intent"), session["amount_total"])
        return True

    def _change_intent(self, identifier: str | None, amount: int) -> None:
        """The intent of an earlier try pays the new amount."""
        intent = identifier and self._backend.objects.get("payment_intent", identifier)
        if intent:
            intent["amount"] = amount
            self._backend.objects.save(intent)


def _check(line: Object, quantity: int) -> None:
    adjustable = line.get("adjustable_quantity")
    if not adjustable or not adjustable["enabled"]:
        raise errors.invalid("The quantity of this item can't be changed.", "quantity")
    low, high = adjustable["minimum"], adjustable["maximum"]
    if not low <= quantity <= high:
        raise errors.invalid(f"Choose a quantity from {low:,} to {high:,}.", "quantity")


def _check_something_left(session: Object, items: list[Object]) -> None:
    left = [item for item in items if item["quantity"]]
    if session["mode"] == "subscription":
        left = [item for item in left if item["price"]["recurring"]]
    if not left:
        raise errors.invalid("Leave at least one item in the order.", "quantity")
