"""A payer's removal of a saved card on the Checkout page
(https://docs.stripe.com/payments/save-during-payment#manage-saved-payment-methods)."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.resources.billing.subscriptions import LIVE
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.checkout.checkout_session_object import offers_removal
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.storage.objects import Object, Window


class SavedCardRemoval:
    """Takes saved cards from their customers."""

    def __init__(
        self,
        backend: Backend,
        sessions: CheckoutSessions,
        methods: PaymentMethods,
        saved_methods: SavedMethods,
        test_clocks: TestClocks,
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._methods = methods
        self._saved_methods = saved_methods
        self._test_clocks = test_clocks

    def remove(self, session_id: str, card_id: str) -> bool:
        """Detach one of the cards that the session offers. False: it is not open any more.
        KeyError: no such session or card, or it lets none be removed. StripeError: the card is
        needed. Records `payment_method.detached`."""
        with self._backend.database.transaction():
            session = self._sessions.get(session_id)
            if session is None:
                raise KeyError(session_id)
            if session["status"] != "open":
                return False
            offered = {card["id"]: card for card in self._methods.of_session(session)}
            if card_id not in offered or not offers_removal(session):
                raise KeyError(card_id)
            if self._is_needed(session["customer"], card_id):
                raise errors.invalid("This card pays a subscription and cannot be removed.")
            with self._test_clocks.time_of(session["customer"]):
                self._saved_methods.detach(offered[card_id])
        return True

    def _is_needed(self, customer_id: str, card_id: str) -> bool:
        """Whether a subscription is paid by the card, and nothing else would pay it."""
        customer: Object = self._backend.require("customer", customer_id, "customer")
        if customer["invoice_settings"]["default_payment_method"] not in (None, card_id):
            return False
        filters = {"customer": customer_id, "status": LIVE}
        found = self._backend.page("subscription", "", filters, Window(100)).to_object()["data"]
        return any(card_id in _payers(one, customer) for one in found)


def _payers(subscription: Object, customer: Object) -> tuple[str | None, str | None]:
    default: str | None = customer["invoice_settings"]["default_payment_method"]
    return subscription["default_payment_method"], default
