"""What paying a Checkout Session does (https://docs.stripe.com/payments/checkout/how-checkout-works).

Everything a payment changes is one transaction, the events and their deliveries included.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from stripe_sandbox import cards
from stripe_sandbox.card_check import payer_refusal, recognized
from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.charges import Charges
from stripe_sandbox.checkout_session_shape import KIND as SESSION
from stripe_sandbox.checkout_session_shape import customer_details
from stripe_sandbox.checkout_sessions import CheckoutSessions
from stripe_sandbox.checkout_view import (
    CheckoutView,
    LineItemView,
    checkout_view,
    known_email,
    return_url,
)
from stripe_sandbox.customers import Customers
from stripe_sandbox.objects import Object
from stripe_sandbox.payment_intents import PaymentIntents
from stripe_sandbox.payment_methods import PaymentMethods, billing_details
from stripe_sandbox.payment_outcomes import (
    AuthenticationRequired,
    Card,
    Declined,
    NotOpen,
    Outcome,
    Paid,
    Payer,
)
from stripe_sandbox.shapes import shape
from stripe_sandbox.subscriptions import Subscriptions
from stripe_sandbox.world import World

__all__ = [
    "AuthenticationRequired",
    "Card",
    "CheckoutView",
    "Declined",
    "LineItemView",
    "NotOpen",
    "Outcome",
    "Paid",
    "Payer",
    "Payments",
]


class Payments:
    """Pays, declines and authenticates Checkout Sessions."""

    def __init__(
        self,
        world: World,
        sessions: CheckoutSessions,
        customers: Customers,
        methods: PaymentMethods,
        intents: PaymentIntents,
        charges: Charges,
        subscriptions: Subscriptions,
        answered: Callable[[Iterable[str], float], Awaitable[None]],
    ) -> None:
        self._world = world
        self._sessions = sessions
        self._customers = customers
        self._methods = methods
        self._intents = intents
        self._charges = charges
        self._subscriptions = subscriptions
        self._answered = answered

    def view(self, session_id: str) -> CheckoutView | None:
        """What the page shows of a session, or None when there is no such session."""
        session = self._sessions.current(session_id)
        if session is None:
            return None
        line_items = self._world.objects.hidden(SESSION, session_id)["line_items"]
        return checkout_view(self._world, session, line_items)

    def pay(
        self, session_id: str, card: Card, payer: Payer, *, first_charge_passes: bool = False
    ) -> Outcome:
        """Try to pay the session with the card. KeyError: no such session.

        A card that can only be saved is declined, as Stripe's Checkout charges at once;
        `first_charge_passes` lets it begin a subscription, whose renewals then fail.
        """
        with self._world.database.transaction():
            session = self._open(session_id)
            if isinstance(session, NotOpen):
                return session
            test_card, refusal = recognized(card, self._world.clock)
            email = known_email(session) or payer.email
            refusal = refusal or payer_refusal(email, payer)
            if test_card is None or refusal is not None:
                return _declined(refusal or cards.NOT_A_TEST_CARD)
            billing = billing_details(email, payer.name, payer.country)
            if session["amount_total"] == 0 and session["mode"] == "payment":
                return self._complete(session, billing, None, None)
            saved = session["mode"] == "subscription"
            method = self._methods.make(
                test_card,
                card.exp_month,
                card.exp_year,
                billing,
                "always" if saved else "unspecified",
            )
            intent = self._intent(session)
            self._remember(session, intent, method, test_card)
            if test_card.authentication:
                self._intents.require_action(intent, method)
                return AuthenticationRequired(intent["id"])
            if first_charge_passes and saved and test_card.attaches:
                test_card = replace(test_card, refusal=None)
            return self._charge(session, intent, method, test_card, authenticated=False)

    def authenticate(self, session_id: str, payment_intent: str, *, succeed: bool) -> Outcome:
        """Finish a 3-D Secure challenge. KeyError: no such session or challenge."""
        with self._world.database.transaction():
            session = self._open(session_id)
            if isinstance(session, NotOpen):
                return session
            hidden = self._world.objects.hidden(SESSION, session_id)
            intent = self._world.objects.get("payment_intent", payment_intent)
            if (
                intent is None
                or hidden.get("payment_intent") != payment_intent
                or intent["status"] != "requires_action"
            ):
                raise KeyError(payment_intent)
            method = self._world.require("payment_method", hidden["payment_method"], "")
            if not succeed:
                self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)
                return _declined(cards.AUTHENTICATION_FAILED)
            test_card = cards.find(hidden["card"])
            if test_card is None:
                raise KeyError(payment_intent)
            return self._charge(session, intent, method, test_card, authenticated=True)

    async def webhooks_answered(self, event_ids: Iterable[str], timeout: float = 10.0) -> None:  # noqa: ASYNC109  # the page's interface
        """Return when every endpoint gave its first answer, or after `timeout` seconds."""
        await self._answered(event_ids, timeout)

    def _open(self, session_id: str) -> Object | NotOpen:
        session = self._sessions.current(session_id)
        if session is None:
            raise KeyError(session_id)
        if session["status"] != "open":
            return NotOpen(session["status"], return_url(session))
        return session

    def _intent(self, session: Object) -> Object:
        """The session's intent: made by its first try, kept by the next ones."""
        hidden = self._world.objects.hidden(SESSION, session["id"])
        if "payment_intent" in hidden:
            return self._world.require("payment_intent", hidden["payment_intent"], "")
        if session["mode"] == "subscription":
            data = {"description": "Subscription creation", "setup_future_usage": "off_session"}
        else:
            data = hidden["payment_intent_data"]
        intent = self._intents.make(session["amount_total"], session["currency"], data)
        if session["customer"]:
            intent["customer"] = session["customer"]
        return intent

    def _remember(
        self, session: Object, intent: Object, method: Object, test_card: TestCard
    ) -> None:
        hidden = self._world.objects.hidden(SESSION, session["id"])
        hidden.update(
            payment_intent=intent["id"], payment_method=method["id"], card=test_card.number
        )
        self._world.objects.save_hidden(SESSION, session["id"], hidden)

    def _charge(
        self,
        session: Object,
        intent: Object,
        method: Object,
        test_card: TestCard,
        *,
        authenticated: bool,
    ) -> Outcome:
        refusal = test_card.refusal
        if refusal is not None:
            charge = self._charges.make(
                intent, method, test_card, refusal, authenticated=authenticated
            )
            self._intents.fail(intent, method, refusal, charge)
            return _declined(refusal)

        def take() -> Object:
            charge = self._charges.make(
                intent, method, test_card, None, authenticated=authenticated
            )
            self._intents.succeed(intent, method, charge)
            return charge

        return self._complete(session, method["billing_details"], (intent, method), take)

    def _complete(
        self,
        session: Object,
        billing: Object,
        paid_with: tuple[Object, Object] | None,
        take: Callable[[], Object] | None,
    ) -> Paid:
        """Do what is bought: `take` takes the money once the customer is known."""
        subscription: Object | None = None
        if session["mode"] == "subscription" and paid_with is not None and take is not None:
            intent, method = paid_with
            customer = self._customer(session, billing)
            self._methods.attach(method, customer["id"])
            intent["customer"] = customer["id"]
            subscription = self._subscriptions.begin(session, customer, intent, take)
            session.update(
                customer=customer["id"],
                invoice=subscription["latest_invoice"],
                subscription=subscription["id"],
            )
        else:
            if session["customer"] or session["customer_creation"] == "always":
                session["customer"] = self._customer(session, billing)["id"]
            if paid_with is not None and take is not None:
                intent, _ = paid_with
                intent["customer"] = session["customer"]
                take()
                session["payment_intent"] = intent["id"]
        session.update(
            collected_information=shape("checkout.session.CollectedInformation", {}),
            customer_details={
                **customer_details(billing["email"], billing["name"]),
                "address": shape(
                    "checkout.session.CustomerDetails.Address",
                    {"country": billing["address"]["country"]},
                ),
                "tax_ids": [],
            },
            payment_status="paid" if session["amount_total"] else "no_payment_required",
            status="complete",
            url=None,
        )
        self._world.objects.save(session)
        completed = self._world.events.record("checkout.session.completed", session)
        if subscription is not None and paid_with is not None:
            self._subscriptions.settle(subscription, paid_with[1])
        return Paid(return_url(session) or "", (completed,))

    def _customer(self, session: Object, billing: Object) -> Object:
        if session["customer"]:
            customer = self._world.require("customer", session["customer"], "customer")
            if customer["email"] is None:
                self._customers.change(customer, {"email": billing["email"]})
            return customer
        address = shape("customer.Address", {"country": billing["address"]["country"]})
        return self._customers.make(
            {"address": address, "email": billing["email"], "name": billing["name"]}
        )


def _declined(refusal: CardRefusal) -> Declined:
    return Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
