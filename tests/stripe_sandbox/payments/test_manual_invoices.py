"""Invoices that a program makes by hand, of items that it adds, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server, types
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400
HOUR = 3_600


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One sandbox; each test has customers of its own."""
    with sandbox_server(None) as found:
        yield found


def _customer(server: SandboxServer, card: str | None = "pm_card_visa") -> str:
    customer = server.stripe.v1.customers.create({"email": "ann@example.com", "name": "Ann"})
    if card is not None:
        method = server.stripe.v1.payment_methods.attach(card, {"customer": customer.id})
        server.stripe.v1.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": method.id}}
        )
    return customer.id


def _invoice(server: SandboxServer, customer: str, amount: int = 500, **params: Any) -> str:
    """A draft with one item."""
    given: Any = {"customer": customer, **params}
    invoice = server.stripe.v1.invoices.create(given)
    server.stripe.v1.invoice_items.create(
        {"customer": customer, "invoice": invoice.id, "amount": amount, "description": "Work"}
    )
    return invoice.id


def _get(server: SandboxServer, invoice: str, *expand: str) -> Any:
    found = server.get(
        f"/v1/invoices/{invoice}", **{f"expand[{index}]": path for index, path in enumerate(expand)}
    )
    assert_fits(found)
    return found


def _events(server: SandboxServer, count: int) -> list[str]:
    """The types of the last events, the oldest of them first."""
    return types(reversed(server.get("/v1/events", limit=count)["data"]))


def test_an_invoice_is_made_finalized_and_paid(server: SandboxServer) -> None:
    """Item by item, each of which raises what is due; the events come in Stripe's order."""
    customer = _customer(server)
    service = server.stripe.v1
    invoice = service.invoices.create(
        {"customer": customer, "description": "Work in May", "metadata": {"order": "7"}}
    ).id
    draft = _get(server, invoice)
    assert (draft["status"], draft["billing_reason"]) == ("draft", "manual")
    assert (draft["total"], draft["auto_advance"], draft["parent"]) == (0, False, None)
    item = service.invoice_items.create(
        {"invoice": invoice, "pricing": {"price": server.credit}, "quantity": 2}
    )
    assert_fits(server.get(f"/v1/invoiceitems/{item.id}"))
    service.invoice_items.create({"customer": customer, "invoice": invoice, "amount": -100})
    draft = _get(server, invoice)
    price = server.get(f"/v1/prices/{server.credit}")["unit_amount"]
    assert draft["amount_due"] == 2 * price - 100
    assert [line["quantity"] for line in draft["lines"]["data"]] == [2, 1]
    assert draft["lines"]["data"][0]["parent"]["invoice_item_details"]["invoice_item"] == item.id
    service.invoices.finalize_invoice(invoice)
    paid = service.invoices.pay(invoice)
    assert (paid.status, paid.amount_paid) == ("paid", 2 * price - 100)
    assert _events(server, 14) == [
        "invoice.created",
        "invoiceitem.created",
        "invoice.updated",
        "invoiceitem.created",
        "invoice.updated",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ]
    _get(server, invoice, "payments.data.payment.payment_intent", "customer")


def test_pending_items_go_on_an_invoice_that_includes_them(server: SandboxServer) -> None:
    """And on none that does not; those of a subscription only on its own."""
    customer = _customer(server)
    service = server.stripe.v1
    for name in ("First", "Second"):
        service.invoice_items.create({"customer": customer, "amount": 100, "description": name})
    without = service.invoices.create({"customer": customer})
    assert without.total == 0
    included = service.invoices.create(
        {"customer": customer, "pending_invoice_items_behavior": "include"}
    )
    lines = service.invoices.line_items.list(str(included.id)).data
    assert [line.description for line in lines] == ["First", "Second"]
    assert not service.invoice_items.list({"customer": customer, "pending": True}).data


def test_a_subscription_takes_the_customers_pending_items_along(server: SandboxServer) -> None:
    """On its next invoice, beside those that name it."""
    customer = _customer(server)
    service = server.stripe.v1
    subscription = service.subscriptions.create(
        {"customer": customer, "items": [{"price": server.pro}]}
    )
    service.invoice_items.create({"customer": customer, "amount": 100, "description": "Loose"})
    own = service.invoice_items.create(
        {"customer": customer, "subscription": subscription.id, "amount": 200, "description": "Own"}
    )
    assert_fits(server.get(f"/v1/invoiceitems/{own.id}"))
    end = subscription["items"].data[0].current_period_end
    server.advance(end - server.sandbox.clock.now())
    latest = str(service.subscriptions.retrieve(subscription.id).latest_invoice)
    lines = _get(server, latest)["lines"]["data"]
    assert [line["description"] for line in lines][:2] == ["Loose", "Own"]
    assert len(lines) == 3


def test_items_of_a_draft_are_changed_and_deleted(server: SandboxServer) -> None:
    """What is due follows; once the invoice is finalized they stay as they are."""
    customer = _customer(server)
    service = server.stripe.v1
    invoice = _invoice(server, customer)
    [item] = service.invoice_items.list({"invoice": invoice}).data
    service.invoice_items.update(item.id, {"amount": 700, "description": "More work"})
    changed = _get(server, invoice)
    assert (changed["total"], changed["lines"]["data"][0]["description"]) == (700, "More work")
    extra = service.invoice_items.create({"customer": customer, "invoice": invoice, "amount": 9})
    assert service.invoice_items.delete(extra.id).deleted
    assert _get(server, invoice)["total"] == 700
    service.invoices.finalize_invoice(invoice)
    assert refused(lambda: service.invoice_items.delete(item.id)).http_status == 400
    late = refused(lambda: service.invoice_items.create({"invoice": invoice, "amount": 1}))
    assert late.code == "invoice_not_editable"


def test_a_declined_invoice_stays_open_and_says_why(server: SandboxServer) -> None:
    """402, as Stripe; another card pays it then, or it is paid elsewhere."""
    service = server.stripe.v1
    invoice = _invoice(server, _customer(server, "pm_card_chargeCustomerFail"))
    declined = refused(lambda: service.invoices.pay(invoice))
    assert (declined.http_status, declined.code) == (402, "card_declined")
    failed = _get(server, invoice)
    assert (failed["status"], failed["attempt_count"]) == ("open", 1)
    assert failed["next_payment_attempt"] is None
    assert service.invoices.pay(invoice, {"paid_out_of_band": True}).status == "paid"


def test_who_is_there_can_authenticate(server: SandboxServer) -> None:
    """With `off_session` false the PaymentIntent waits for 3-D Secure."""
    service = server.stripe.v1
    invoice = _invoice(server, _customer(server, "pm_card_authenticationRequired"))
    asked = refused(lambda: service.invoices.pay(invoice, {"off_session": False}))
    assert asked.code == "invoice_payment_intent_requires_action"
    payment = _get(server, invoice, "payments.data.payment.payment_intent")["payments"]["data"][0]
    assert payment["payment"]["payment_intent"]["status"] == "requires_action"
    absent = refused(lambda: service.invoices.pay(invoice))
    assert absent.code == "authentication_required"


def test_an_invoice_is_sent_with_a_date_at_which_it_is_due(server: SandboxServer) -> None:
    """Counted from when it is finalized; its page takes the payment."""
    service = server.stripe.v1
    customer = _customer(server, None)
    sends: Any = {"collection_method": "send_invoice", "days_until_due": 30}
    missing: Any = {"customer": customer, "collection_method": "send_invoice"}
    assert "you must specify" in str(refused(lambda: service.invoices.create(missing)).user_message)
    invoice = _invoice(server, customer, **sends)
    server.control("POST", "clock", {"advance_seconds": DAY})
    sent = service.invoices.send_invoice(invoice)
    now = server.sandbox.clock.now()
    assert (sent.status, sent.due_date) == ("open", now + 30 * DAY)
    assert _events(server, 2) == ["invoice.finalized", "invoice.sent"]
    page = server.fetch(str(sent.hosted_invoice_url).removeprefix(server.url))
    assert page.status_code == 200
    assert "Work" in page.text
    charged = _invoice(server, customer)
    refusal = refused(lambda: service.invoices.send_invoice(charged))
    assert "'send_invoice'" in str(refusal.user_message)


def test_an_invoice_that_advances_by_itself_is_paid_in_an_hour(server: SandboxServer) -> None:
    """As a draft, and once more when it was finalized by hand; one that is sent is sent."""
    customer = _customer(server)
    draft = _invoice(server, customer, auto_advance=True)
    finalized = _invoice(server, customer)
    server.stripe.v1.invoices.finalize_invoice(finalized, {"auto_advance": True})
    sent = _invoice(
        server, customer, auto_advance=True, collection_method="send_invoice", days_until_due=1
    )
    assert _get(server, draft)["automatically_finalizes_at"] == server.sandbox.clock.now() + HOUR
    happened = types(server.advance(HOUR))
    assert [_get(server, one)["status"] for one in (draft, finalized, sent)] == [
        "paid",
        "paid",
        "open",
    ]
    assert "invoice.sent" in happened


def test_a_draft_is_updated_and_deleted(server: SandboxServer) -> None:
    """A finalized invoice is voided or given up instead."""
    service = server.stripe.v1
    customer = _customer(server)
    invoice = _invoice(server, customer)
    update: Any = {"collection_method": "send_invoice", "days_until_due": 7, "footer": "Thanks"}
    changed = service.invoices.update(invoice, update)
    due = server.sandbox.clock.now() + 7 * DAY
    assert (changed.footer, changed.due_date) == ("Thanks", due)
    assert service.invoices.delete(invoice).deleted
    assert _events(server, 2) == ["invoice.updated", "invoice.deleted"]
    assert not service.invoice_items.list({"customer": customer}).data
    for close in (service.invoices.void_invoice, service.invoices.mark_uncollectible):
        other = _invoice(server, customer)
        assert refused(lambda: close(other)).http_status == 400  # noqa: B023
        service.invoices.finalize_invoice(other)
        assert close(other).status in ("void", "uncollectible")
        assert refused(lambda: service.invoices.delete(other)).http_status == 400  # noqa: B023


def test_what_an_invoice_no_longer_takes_is_refused_in_stripes_words(server: SandboxServer) -> None:
    """Finalized it is not editable, paid it is not sent, and given up it is so once."""
    service = server.stripe.v1
    customer = _customer(server)
    charged: Any = {"customer": customer, "days_until_due": 3}
    message = "You can only specify 'due_date' or 'days_until_due' if invoice collection method is"
    error = refused(lambda: service.invoices.create(charged))
    assert message in str(error.user_message)
    invoice = _invoice(server, customer, collection_method="send_invoice", days_until_due=3)
    service.invoices.finalize_invoice(invoice)
    error = refused(lambda: service.invoices.update(invoice, {"description": "Late"}))
    assert getattr(error, "param", "") == "description"
    error = refused(lambda: service.invoices.add_lines(invoice, {"lines": [{"amount": 5}]}))
    assert error.code == "invoice_not_editable"
    service.invoices.mark_uncollectible(invoice)
    error = refused(lambda: service.invoices.mark_uncollectible(invoice))
    assert error.user_message == "This invoice has already been marked uncollectible."
    service.invoices.pay(invoice, {"paid_out_of_band": True})
    error = refused(lambda: service.invoices.send_invoice(invoice))
    assert "cannot be sent right now" in str(error.user_message)
    error = refused(lambda: service.invoice_items.retrieve("ii_none"))
    assert error.user_message == "No such Invoice Item: 'ii_none'(livemode=false)"


@pytest.mark.parametrize(
    "params",
    [
        {"amount": 5, "quantity": 2},
        {"amount": 5, "pricing": {"price": "PRICE"}},
        {"pricing": {"price": "RECURRING"}},
        {"pricing": {"price": "PRICE"}, "quantity": -1},
        {"amount": 5, "currency": "eur", "invoice": "INVOICE"},
        {},
    ],
)
def test_an_item_has_one_price(server: SandboxServer, params: dict[str, Any]) -> None:
    """In the invoice's currency."""
    customer = _customer(server)
    names = {
        "PRICE": server.credit,
        "RECURRING": server.pro,
        "INVOICE": _invoice(server, customer),
    }
    text = json.dumps(params)
    for name, value in names.items():
        text = text.replace(f'"{name}"', f'"{value}"')
    given: Any = {"customer": customer, **json.loads(text)}
    assert refused(lambda: server.stripe.v1.invoice_items.create(given)).http_status == 400
