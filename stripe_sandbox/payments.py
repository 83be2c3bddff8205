"""What paying a Checkout Session does (https://docs.stripe.com/payments/checkout/how-checkout-works).

Everything a payment changes is one transaction, the events and their deliveries included.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from stripe_sandbox import cards
from stripe_sandbox.addresses import check_email
from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.charges import Charges
from stripe_sandbox.checkout_sessions import KIND as SESSION
from stripe_sandbox.checkout_sessions import CheckoutSessions, customer_details
from stripe_sandbox.customers import Customers
from stripe_sandbox.errors import StripeError
from stripe_sandbox.objects import Object
from stripe_sandbox.payment_intents import PaymentIntents
from stripe_sandbox.payment_methods import PaymentMethods
from stripe_sandbox.shapes import shape
from stripe_sandbox.subscriptions import Subscriptions
from stripe_sandbox.world import World

_SEPARATORS = re.compile(r"[ \-]")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
FARTHEST_EXPIRY_YEARS = 50


@dataclass(frozen=True)
class Card:
    """What a payer types of a card; `number` may hold spaces."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


@dataclass(frozen=True)
class Payer:
    """Who pays; `country` in ISO 3166-1 alpha-2."""

    email: str
    name: str
    country: str = "US"


@dataclass(frozen=True)
class Paid:
    """Paid: `return_url` is the session's success_url with {CHECKOUT_SESSION_ID} filled in."""

    return_url: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Declined:
    """Refused, the session is still open; `param` names the field at fault:
    number, exp_month, exp_year, cvc or None."""

    code: str
    decline_code: str | None
    message: str
    param: str | None


@dataclass(frozen=True)
class AuthenticationRequired:
    """The bank wants 3-D Secure first; go on with `Payments.authenticate`."""

    payment_intent: str


@dataclass(frozen=True)
class NotOpen:
    """Somebody was faster: the session is "complete" or "expired"."""

    status: str
    return_url: str | None


Outcome = Paid | Declined | AuthenticationRequired | NotOpen


@dataclass(frozen=True)
class LineItemView:
    """One line of what is bought; amounts in minor units; `interval` None for one-time."""

    name: str
    description: str | None
    quantity: int
    unit_amount: int
    amount_total: int
    interval: str | None


@dataclass(frozen=True)
class CheckoutView:
    """What the Checkout page shows of a session; amounts in minor units, times in Unix seconds."""

    id: str
    status: str
    mode: str
    currency: str
    amount_total: int
    line_items: tuple[LineItemView, ...]
    customer_email: str | None
    cancel_url: str | None
    return_url: str | None
    expires_at: int


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
        return CheckoutView(
            id=session["id"],
            status=session["status"],
            mode=session["mode"],
            currency=session["currency"],
            amount_total=session["amount_total"],
            line_items=tuple(
                self._line_view(item)
                for item in self._world.objects.hidden(SESSION, session_id)["line_items"]
            ),
            customer_email=_known_email(session),
            cancel_url=session["cancel_url"],
            return_url=_return_url(session),
            expires_at=session["expires_at"],
        )

    def _line_view(self, item: Object) -> LineItemView:
        price = item["price"]
        product = self._world.objects.get("product", price["product"])
        recurring = price["recurring"]
        return LineItemView(
            name=item["description"],
            description=product["description"] if product else None,
            quantity=item["quantity"],
            unit_amount=price["unit_amount"],
            amount_total=item["amount_total"],
            interval=recurring and recurring["interval"],
        )

    def pay(self, session_id: str, card: Card, payer: Payer) -> Outcome:
        """Try to pay the session with the card. KeyError: no such session."""
        with self._world.database.transaction():
            session = self._open(session_id)
            if isinstance(session, NotOpen):
                return session
            test_card, refusal = self._recognized(card)
            email = _known_email(session) or payer.email
            refusal = refusal or _payer_refusal(email, payer)
            if test_card is None or refusal is not None:
                return _declined(refusal or cards.NOT_A_TEST_CARD)
            billing = _billing(email, payer)
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
            return NotOpen(session["status"], _return_url(session))
        return session

    def _recognized(self, card: Card) -> tuple[TestCard | None, CardRefusal | None]:
        """The test card, or why the card is refused before any bank is asked."""
        number = _SEPARATORS.sub("", card.number)
        test_card = cards.find(number)
        if not cards.passes_luhn(number):
            return None, cards.INCORRECT_NUMBER
        year, month = self._world.clock.year_and_month()
        if not 1 <= card.exp_month <= 12:
            return None, cards.INVALID_EXPIRY_MONTH
        if not year <= card.exp_year <= year + FARTHEST_EXPIRY_YEARS:
            return None, cards.INVALID_EXPIRY_YEAR
        if card.exp_year == year and card.exp_month < month:
            return None, cards.INVALID_EXPIRY_MONTH
        length = test_card.cvc_length if test_card else len(card.cvc)
        if not (card.cvc.isascii() and card.cvc.isdigit() and len(card.cvc) == length):
            return None, cards.INVALID_CVC
        return test_card, None if test_card else cards.NOT_A_TEST_CARD

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
            subscription = self._subscriptions.begin(session, customer, intent, method, take)
            session.update(
                customer=customer["id"],
                invoice=subscription["latest_invoice"],
                subscription=subscription["id"],
            )
        else:
            if session["customer"] is None and session["customer_creation"] == "always":
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
        if subscription is not None:
            self._subscriptions.settle(subscription)
        return Paid(_return_url(session) or "", (completed,))

    def _customer(self, session: Object, billing: Object) -> Object:
        if session["customer"]:
            return self._world.require("customer", session["customer"], "customer")
        address = shape("customer.Address", {"country": billing["address"]["country"]})
        return self._customers.make(
            {"address": address, "email": billing["email"], "name": billing["name"]}
        )


def _known_email(session: Object) -> str | None:
    """The address that the payer cannot change: the session's or its customer's."""
    details = session["customer_details"]
    email: str | None = session["customer_email"] or (details and details["email"])
    return email


def _return_url(session: Object) -> str | None:
    if session["status"] == "expired":
        return None
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _declined(refusal: CardRefusal) -> Declined:
    return Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)


def _payer_refusal(email: str, payer: Payer) -> CardRefusal | None:
    """Why the form's other fields are refused."""
    try:
        check_email(email, "email")
    except StripeError as error:
        return CardRefusal("email_invalid", None, error.message)
    if not _COUNTRY.match(payer.country):
        return CardRefusal("country_code_invalid", None, f"Invalid country: {payer.country}")
    return None


def _billing(email: str, payer: Payer) -> Object:
    return shape(
        "payment_method.BillingDetails",
        {
            "address": shape("payment_method.BillingDetails.Address", {"country": payer.country}),
            "email": email,
            "name": payer.name or None,
        },
    )
