"""What every way of paying a Checkout Session does: begin with an open session and its intent, end
with a complete one."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.outcomes import NotOpen
from stripe_sandbox.resources.checkout_session_object import KIND as SESSION
from stripe_sandbox.resources.checkout_session_object import customer_details, return_url
from stripe_sandbox.resources.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.customers import Customers
from stripe_sandbox.resources.payment_intents import PaymentIntents
from stripe_sandbox.resources.payment_methods import PaymentMethods
from stripe_sandbox.resources.subscriptions import Subscriptions
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


class SessionPayments:
    """The session's side of a payment; the money's side is the caller's."""

    def __init__(
        self,
        backend: Backend,
        sessions: CheckoutSessions,
        customers: Customers,
        methods: PaymentMethods,
        intents: PaymentIntents,
        subscriptions: Subscriptions,
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._customers = customers
        self._methods = methods
        self._intents = intents
        self._subscriptions = subscriptions

    def open(self, session_id: str) -> Object | NotOpen:
        """The session, if it can be paid. KeyError: no such session."""
        session = self._sessions.current(session_id)
        if session is None:
            raise KeyError(session_id)
        if session["status"] != "open":
            return NotOpen(session["status"], return_url(session))
        return session

    def intent(self, session: Object) -> Object:
        """The session's intent: made by its first try, kept by the next ones."""
        hidden = self._backend.objects.hidden(SESSION, session["id"])
        if "payment_intent" in hidden:
            return self._backend.require("payment_intent", hidden["payment_intent"], "")
        if session["mode"] == "subscription":
            data = {"description": "Subscription creation", "setup_future_usage": "off_session"}
        else:
            data = hidden["payment_intent_data"]
        return self._intents.create(
            session["amount_total"],
            session["currency"],
            data,
            customer=session["customer"],
            types=session["payment_method_types"],
        )

    def remember(self, session: Object, intent: Object, method: Object, card: str | None) -> None:
        """What the session is being paid with; `card` is a card's number."""
        hidden = self._backend.objects.hidden(SESSION, session["id"])
        hidden.update(payment_intent=intent["id"], payment_method=method["id"], card=card)
        self._backend.objects.save_hidden(SESSION, session["id"], hidden)

    def complete(
        self,
        session: Object,
        billing: Object,
        paid_with: tuple[Object, Object] | None,
        take: Callable[[], Object] | None,
        *,
        delayed: bool = False,
    ) -> str:
        """Do what is bought: `take` takes the money of the intent and method once the customer is
        known; `delayed`: whether it arrives is known later. Returns the event's id."""
        subscription: Object | None = None
        if session["mode"] == "subscription" and paid_with is not None and take is not None:
            intent, method = paid_with
            customer = self._customer(session, billing)
            self._methods.attach(method, customer["id"])
            intent["customer"] = customer["id"]
            subscription = self._subscriptions.begin(
                session, customer, intent, take, delayed=delayed
            )
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
        payment_status = "paid" if session["amount_total"] else "no_payment_required"
        session.update(
            collected_information=build("checkout.session.CollectedInformation", {}),
            customer_details={
                **customer_details(billing["email"], billing["name"]),
                "address": build(
                    "checkout.session.CustomerDetails.Address",
                    {"country": billing["address"]["country"]},
                ),
                "tax_ids": [],
            },
            payment_status="unpaid" if delayed else payment_status,
            status="complete",
            url=None,
        )
        self._backend.objects.save(session)
        completed = self._backend.events.record("checkout.session.completed", session)
        if subscription is not None and paid_with is not None:
            self._subscriptions.activate(subscription, paid_with[1])
        return completed

    def _customer(self, session: Object, billing: Object) -> Object:
        if session["customer"]:
            customer = self._backend.require("customer", session["customer"], "customer")
            if customer["email"] is None:
                self._customers.change(customer, {"email": billing["email"]})
            return customer
        address = build("customer.Address", {"country": billing["address"]["country"]})
        return self._customers.create(
            {"address": address, "email": billing["email"], "name": billing["name"]}
        )
