"""What paying a Checkout Session does: outcomes, objects, events, all of it or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stripe_sandbox.cards import TEST_CARDS, TestCard
from stripe_sandbox.payments.checkout import AuthenticationRequired, Declined, NotOpen, Paid, Payer
from stripe_sandbox.resources.subscriptions import Subscriptions
from tests.stripe_sandbox.conftest import PAYER, Box, card, refused


def _session(box: Box, identifier: str, *expand: str) -> Any:
    return box.stripe.v1.checkout.sessions.retrieve(identifier, params={"expand": list(expand)})


def _new_events(box: Box, known: list[str]) -> list[str]:
    return box.event_types()[len(known) :]


def test_a_guest_pays(box: Box) -> None:
    """The session is complete and paid, its payment succeeded, nobody became a customer, and the
    events come in Stripe's order."""
    known = box.event_types()
    session = box.create(payment_intent_data={"description": "Tea", "metadata": {"a": "b"}})
    outcome = box.pay(session.id)
    assert isinstance(outcome, Paid)
    assert outcome.return_url == f"http://shop.example/thanks?session_id={session.id}"

    paid = _session(
        box, session.id, "payment_intent.latest_charge", "payment_intent.payment_method"
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer, paid.amount_total) == (None, 297)
    assert (paid.customer_details.email, paid.customer_details.name) == (PAYER.email, PAYER.name)
    assert paid.customer_details.address.country == "US"
    intent = paid.payment_intent
    assert (intent.status, intent.amount, intent.amount_received) == ("succeeded", 297, 297)
    assert (intent.description, intent.metadata.to_dict()) == ("Tea", {"a": "b"})
    assert intent.payment_method.card.last4 == "4242"
    charge = intent.latest_charge
    assert (charge.paid, charge.status, charge.payment_intent) == (True, "succeeded", intent.id)
    assert charge.billing_details.email == PAYER.email

    assert _new_events(box, known) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    event = box.stripe.v1.events.retrieve(outcome.event_ids[0])
    assert event.type == "checkout.session.completed"
    assert event.data.object["id"] == session.id
    assert event.data.object["payment_intent"] == intent.id


def test_a_customer_is_made_when_asked_for(box: Box) -> None:
    """`customer_creation=always` turns the payer into a customer, on the payment as well."""
    session = box.create(customer_creation="always")
    box.pay(session.id)
    paid = _session(box, session.id, "customer", "payment_intent")
    assert (paid.customer.email, paid.customer.name) == (PAYER.email, PAYER.name)
    assert paid.payment_intent.customer == paid.customer.id


def test_a_known_address_stays(box: Box) -> None:
    """The payer cannot change the address that the session was made with."""
    session = box.create(customer_email="known@example.com")
    box.pay(session.id)
    assert _session(box, session.id).customer_details.email == "known@example.com"


def test_a_customer_without_an_address_gets_the_payers(box: Box) -> None:
    """Checkout saves what it had to ask for."""
    customer = box.stripe.v1.customers.create(params={"name": "Quiet"})
    box.pay(box.create(customer=customer.id).id)
    assert box.stripe.v1.customers.retrieve(customer.id).email == PAYER.email


def test_a_subscription_begins(box: Box) -> None:
    """Customer, saved card, subscription, paid invoice and payment hang together, and the events
    come as Stripe sends them."""
    known = box.event_types()
    session = box.subscribe(subscription_data={"metadata": {"plan": "pro"}})
    assert isinstance(box.pay(session.id), Paid)
    paid = _session(box, session.id, "subscription", "invoice.payments", "customer")
    subscription, invoice, customer = paid.subscription, paid.invoice, paid.customer
    assert (paid.status, paid.payment_status, paid.payment_intent) == ("complete", "paid", None)
    assert (subscription.status, subscription.customer) == ("active", customer.id)
    assert subscription.metadata.to_dict() == {"plan": "pro"}
    assert subscription.latest_invoice == invoice.id
    [item] = subscription["items"].data
    assert (item.price.id, item.quantity) == (box.pro, 1)
    assert 28 <= (item.current_period_end - item.current_period_start) / 86_400 <= 31
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 9900, 0)
    assert invoice.billing_reason == "subscription_create"
    assert invoice.lines.data[0].description == "1 × Pro plan (at $99.00 / month)"  # noqa: RUF001  # Stripe's own sign
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.number == f"{customer.invoice_prefix}-0001"
    intent_id = invoice.payments.data[0].payment.payment_intent
    intent = box.stripe.v1.payment_intents.retrieve(intent_id)
    assert (intent.status, intent.customer) == ("succeeded", customer.id)
    assert intent.setup_future_usage == "off_session"
    methods = box.stripe.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in methods] == [subscription.default_payment_method]
    assert _new_events(box, known) == [
        "payment_intent.created",
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "checkout.session.completed",
        "customer.subscription.updated",
    ]
    [updated] = box.get("/v1/events", type="customer.subscription.updated")["data"]
    assert updated["data"]["previous_attributes"] == {
        "default_payment_method": None,
        "status": "incomplete",
    }


_REFUSED = [one for one in TEST_CARDS if one.refusal and one.number != "4242424242424241"]


@pytest.mark.parametrize("mode", ["payment", "subscription"])
@pytest.mark.parametrize("test_card", _REFUSED, ids=lambda one: one.number)
def test_a_declined_card_leaves_the_session_open(
    shared: Box, test_card: TestCard, mode: str
) -> None:
    """Every declining test card gives its code, a failed charge and payment; then another card
    pays the same session through the same payment."""
    session = shared.create() if mode == "payment" else shared.subscribe()
    known = len(shared.get("/v1/events", type="charge.failed", limit=100)["data"])
    outcome = shared.pay(session.id, test_card.number)
    if isinstance(outcome, AuthenticationRequired):
        assert test_card.authentication
        outcome = shared.sandbox.payments.authenticate(
            session.id, outcome.payment_intent, succeed=True
        )
    refusal = test_card.refusal
    assert refusal is not None
    assert outcome == Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
    tried = _session(shared, session.id)
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    assert (tried.payment_intent, tried.subscription, tried.customer) == (None, None, None)
    failed = shared.get("/v1/events", type="charge.failed", limit=100)["data"]
    assert len(failed) == known + 1
    charge = failed[0]["data"]["object"]
    assert (charge["status"], charge["failure_code"]) == ("failed", refusal.code)
    assert charge["outcome"]["type"] == ("blocked" if test_card.blocked else "issuer_declined")
    intent = shared.get(f"/v1/payment_intents/{charge['payment_intent']}")
    error = intent["last_payment_error"]
    assert intent["status"] == "requires_payment_method"
    assert (error["code"], error.get("decline_code")) == (refusal.code, refusal.decline_code)
    assert error["payment_method"]["card"]["last4"] == test_card.number[-4:]

    assert isinstance(shared.pay(session.id), Paid)
    paid = shared.get(f"/v1/payment_intents/{intent['id']}")
    assert (paid["status"], paid["last_payment_error"]) == ("succeeded", None)


@pytest.mark.parametrize(
    "test_card",
    [one for one in TEST_CARDS if one.refusal is None],
    ids=lambda one: one.number,
)
def test_a_good_card_pays(shared: Box, test_card: TestCard) -> None:
    """Every other test card pays, after 3-D Secure where it asks for it."""
    session = shared.create()
    outcome = shared.pay(session.id, test_card.number)
    if test_card.authentication:
        assert isinstance(outcome, AuthenticationRequired)
        outcome = shared.sandbox.payments.authenticate(
            session.id, outcome.payment_intent, succeed=True
        )
    assert isinstance(outcome, Paid)
    details = _session(shared, session.id, "payment_intent.latest_charge").payment_intent
    paid_with = details.latest_charge.payment_method_details.card
    assert (paid_with.brand, paid_with.last4) == (test_card.brand, test_card.number[-4:])
    assert (paid_with.three_d_secure is not None) is test_card.authentication


def test_a_failed_authentication_leaves_the_session_open(box: Box) -> None:
    """Failing 3-D Secure is a failed payment without a charge; the challenge is over, and the
    session can still be paid."""
    session = box.create()
    challenge = box.pay(session.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    intent = box.stripe.v1.payment_intents.retrieve(challenge.payment_intent)
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    known = box.event_types()
    authenticate = box.sandbox.payments.authenticate
    outcome = authenticate(session.id, challenge.payment_intent, succeed=False)
    assert isinstance(outcome, Declined)
    assert outcome.code == "payment_intent_authentication_failure"
    assert _new_events(box, known) == ["payment_intent.payment_failed"]
    with pytest.raises(KeyError):
        authenticate(session.id, challenge.payment_intent, succeed=True)
    assert isinstance(box.pay(session.id), Paid)


def test_a_challenge_belongs_to_its_session(box: Box) -> None:
    """One session's challenge does not pay another, and an invented one pays nothing."""
    one, other = box.create(), box.create()
    assert isinstance(box.pay(other.id, "4000002500003155"), AuthenticationRequired)
    challenge = box.pay(one.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    for intent in (challenge.payment_intent, "pi_invented"):
        with pytest.raises(KeyError):
            box.sandbox.payments.authenticate(other.id, intent, succeed=True)
    assert _session(box, other.id).status == "open"


_WRONG: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({"number": "4242424242424241"}, "incorrect_number", None, "number"),
    ({"number": "4242"}, "incorrect_number", None, "number"),
    ({"number": "letters"}, "incorrect_number", None, "number"),
    ({"number": "4111111111111111"}, "card_declined", "test_mode_live_card", None),
    ({"exp_month": 13}, "invalid_expiry_month", None, "exp_month"),
    ({"exp_month": 0}, "invalid_expiry_month", None, "exp_month"),
    ({"exp_year": 2020}, "invalid_expiry_year", None, "exp_year"),
    ({"exp_year": 2199}, "invalid_expiry_year", None, "exp_year"),
    ({"cvc": "12"}, "invalid_cvc", None, "cvc"),
    ({"cvc": "12a"}, "invalid_cvc", None, "cvc"),
    ({"cvc": "1234"}, "invalid_cvc", None, "cvc"),
    ({"number": "378282246310005", "cvc": "123"}, "invalid_cvc", None, "cvc"),
]


@pytest.mark.parametrize(("wrong", "code", "decline_code", "param"), _WRONG)
def test_a_wrong_card_never_reaches_a_bank(
    shared: Box, wrong: dict[str, Any], code: str, decline_code: str | None, param: str | None
) -> None:
    """Numbers, dates and codes that cannot be right are refused without a charge or an event."""
    session = shared.create()
    known = shared.get("/v1/events", limit=1)["data"][0]["id"]
    outcome = shared.sandbox.payments.pay(session.id, card(**wrong), PAYER)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.decline_code, outcome.param) == (code, decline_code, param)
    assert shared.get("/v1/events", limit=1)["data"][0]["id"] == known


def test_a_card_is_good_to_the_end_of_its_month(box: Box) -> None:
    """This month is still good, the month before is not."""
    year, month = box.clock.year_and_month()
    session = box.create()
    if month > 1:
        late = box.pay(session.id, exp_year=year, exp_month=month - 1)
        assert isinstance(late, Declined)
        assert late.code == "invalid_expiry_month"
    assert isinstance(box.pay(session.id, exp_year=year, exp_month=month), Paid)


def test_a_number_may_hold_spaces(shared: Box) -> None:
    """As people type it."""
    assert isinstance(shared.pay(shared.create().id, "4242 4242 4242 4242"), Paid)


def test_a_payer_without_an_address_is_refused(shared: Box) -> None:
    """Where no address is known, a wrong one is refused."""
    session = shared.create()
    outcome = shared.sandbox.payments.pay(session.id, card(), Payer("nobody", "No Body"))
    assert isinstance(outcome, Declined)
    assert outcome.code == "email_invalid"


def test_a_second_payment_finds_the_session_closed(box: Box) -> None:
    """Somebody was faster: nothing is charged twice."""
    session = box.create()
    assert isinstance(box.pay(session.id), Paid)
    outcome = box.pay(session.id)
    assert outcome == NotOpen("complete", f"http://shop.example/thanks?session_id={session.id}")
    assert len(box.get("/v1/charges")["data"]) == 1
    box.stripe.v1.checkout.sessions.expire((other := box.create()).id)
    assert box.pay(other.id) == NotOpen("expired", None)


def test_twenty_at_once_pay_once(box: Box) -> None:
    """However many press at the same moment, one payment is made."""
    session = box.subscribe()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: box.pay(session.id), range(20)))
    assert sum(isinstance(outcome, Paid) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotOpen) for outcome in outcomes) == 19
    for path in ("charges", "subscriptions", "invoices", "customers"):
        assert len(box.get(f"/v1/{path}")["data"]) == 1


def test_a_session_whose_time_has_come_is_not_paid(box: Box) -> None:
    """At `expires_at` it is too late, even in the middle of 3-D Secure: the payment is given up."""
    session = box.create()
    challenge = box.pay(session.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    box.clock.advance(86_400)
    outcome = box.sandbox.payments.authenticate(session.id, challenge.payment_intent, succeed=True)
    assert outcome == NotOpen("expired", None)
    intent = box.stripe.v1.payment_intents.retrieve(challenge.payment_intent)
    assert intent.status == "canceled"


def test_nothing_to_pay_is_complete_without_a_payment(box: Box) -> None:
    """A total of zero needs no payment."""
    free = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Sample"}}
    session = box.create(line_items=[{"price_data": free, "quantity": 1}])
    assert isinstance(box.pay(session.id), Paid)
    done = _session(box, session.id)
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    assert done.payment_intent is None


def test_a_free_subscription_is_refused_honestly(box: Box) -> None:
    """Stripe would save the card without a payment, which the sandbox does not simulate."""
    params = {"currency": "usd", "unit_amount": 0, "recurring": {"interval": "month"}}
    free = {"price_data": {**params, "product_data": {"name": "Free"}}, "quantity": 1}
    error = refused(lambda: box.subscribe(line_items=[free]))
    assert "does not simulate" in str(error.user_message)


def test_a_payment_is_all_or_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, nothing of it stays: no charge, no customer, no event."""
    session = box.subscribe()
    known = box.event_types()

    def break_down(*_: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Subscriptions, "activate", break_down)
        with pytest.raises(RuntimeError):
            box.pay(session.id)
    assert box.event_types() == known
    for path in ("charges", "subscriptions", "customers", "payment_methods"):
        assert box.get(f"/v1/{path}")["data"] == []
    assert isinstance(box.pay(session.id), Paid)


def test_the_view_of_a_session(box: Box) -> None:
    """The page shows what is bought, for how much, and where to go afterwards."""
    session = box.subscribe(customer_email="known@example.com")
    view = box.view(session.id)
    assert view is not None
    assert (view.status, view.mode, view.currency, view.amount_total) == (
        "open", "subscription", "usd", 9900,
    )  # fmt: skip
    assert view.customer_email == "known@example.com"
    assert (view.cancel_url, view.return_url) == ("http://shop.example/cart", None)
    [line] = view.line_items
    assert (line.name, line.quantity, line.unit_amount, line.interval) == (
        "Pro plan", 1, 9900, "month",
    )  # fmt: skip
    box.pay(session.id)
    view = box.view(session.id)
    assert view is not None
    assert view.return_url == f"http://shop.example/thanks?session_id={session.id}"
    assert box.view("cs_test_none") is None
    with pytest.raises(KeyError):
        box.pay("cs_test_none")
