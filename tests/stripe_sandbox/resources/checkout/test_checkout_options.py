"""What a session may ask of its payer, and what becomes of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_sandbox.payments.checkout import Paid
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

FIELDS: list[dict[str, Any]] = [
    {
        "key": "size",
        "label": {"type": "custom", "custom": "Size"},
        "type": "dropdown",
        "dropdown": {
            "options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]
        },
    },
    {
        "key": "engraving",
        "label": {"type": "custom", "custom": "Engraving"},
        "type": "text",
        "text": {"minimum_length": 2, "maximum_length": 12},
        "optional": True,
    },
    {"key": "member", "label": {"type": "custom", "custom": "Member number"}, "type": "numeric"},
]
CARD = {
    "email": "tester@example.com",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Test Customer",
    "country": "US",
}
ADDRESS = {
    "line1": "1 Main Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
}


def submit(server: SandboxServer, session: str, **fields: str) -> Any:
    """What the page's form answers."""
    body = json.dumps({**CARD, **fields})
    path = f"/c/pay/{session}/pay"
    return server.post(path, body, **{"Content-Type": "application/json"}).json()


def test_custom_fields_are_asked_for_and_answered(shared_server: SandboxServer) -> None:
    """The page asks for each; what is missing or wrong is said; the session has the answers."""
    session = shared_server.create(custom_fields=FIELDS)
    page = shared_server.page(session.id)
    assert all(label in page for label in ("Size", "Engraving (optional)", "Member number"))
    wrong = submit(shared_server, session.id, custom_engraving="x", custom_member="12a")
    assert {error["field"]: error["message"] for error in wrong["errors"]} == {
        "custom_size": "Choose an option.",
        "custom_engraving": "Enter at least 2 characters.",
        "custom_member": "Enter digits only.",
    }
    assert submit(shared_server, session.id, custom_size="l", custom_member="7")["status"] == "paid"
    found = shared_server.get(f"/v1/checkout/sessions/{session.id}")
    assert_fits(found)
    assert [field[field["type"]]["value"] for field in found["custom_fields"]] == ["l", None, "7"]
    assert "numeric" not in found["custom_fields"][0]


@pytest.mark.parametrize(
    ("change", "param", "message"),
    [
        ({"key": "a b"}, "custom_fields[0][key]", "Invalid string: a b; must be alphanumeric"),
        (
            {"text": {"minimum_length": 2}},
            "custom_fields[0][text]",
            "You can not pass `text` when `type` is `dropdown`.",
        ),
        (
            {"dropdown": {"options": FIELDS[0]["dropdown"]["options"], "default_value": "m"}},
            "custom_fields[0][dropdown][default_value]",
            "The `default_value` must match the `value` of one of the `options`.",
        ),
    ],
)
def test_a_wrong_custom_field_is_refused(
    shared_server: SandboxServer, change: dict[str, Any], param: str, message: str
) -> None:
    """The error names the field and what is wrong with it."""
    error: Any = refused(lambda: shared_server.create(custom_fields=[{**FIELDS[0], **change}]))
    assert (error.param, error.user_message) == (param, message)
    error = refused(lambda: shared_server.create(custom_fields=[*FIELDS, FIELDS[0]]))
    assert error.user_message == "Array custom_fields exceeded maximum 3 allowed elements."


def test_phone_and_billing_address_reach_session_customer_and_charge(
    shared_server: SandboxServer,
) -> None:
    """A phone number is stored as Stripe writes it; an address in the US needs its state."""
    session = shared_server.create(
        billing_address_collection="required",
        customer_creation="always",
        phone_number_collection={"enabled": True},
    )
    missing = submit(shared_server, session.id, phone="12")
    assert {error["field"]: error["code"] for error in missing["errors"]} == {
        "phone": "phone_invalid",
        "line1": "missing",
        "city": "missing",
        "state": "missing",
        "postal_code": "missing",
    }
    paid = submit(shared_server, session.id, phone="(217) 555-0100", **ADDRESS)
    assert paid["status"] == "paid"
    found = shared_server.get(
        f"/v1/checkout/sessions/{session.id}",
        **{"expand[0]": "customer", "expand[1]": "payment_intent.latest_charge"},
    )
    assert_fits(found)
    address = {**ADDRESS, "country": "US", "line2": None}
    charge = found["payment_intent"]["latest_charge"]
    for holder in (found["customer_details"], found["customer"], charge["billing_details"]):
        assert (holder["phone"], holder["address"]) == ("+12175550100", address)


def test_a_customer_is_updated_only_as_the_session_says(shared_server: SandboxServer) -> None:
    """`customer_update` names what is written to the customer; the rest stays."""
    customers = shared_server.stripe.v1.customers
    customer = customers.create(params={"email": "a@example.com", "name": "Before"})
    untouched = shared_server.create(customer=customer.id)
    assert submit(shared_server, untouched.id)["status"] == "paid"
    assert customers.retrieve(customer.id).name == "Before"
    session = shared_server.create(
        customer=customer.id, customer_update={"name": "auto", "address": "never"}
    )
    assert submit(shared_server, session.id)["status"] == "paid"
    after = customers.retrieve(customer.id)
    assert (after.name, after.address) == ("Test Customer", None)
    error: Any = refused(lambda: shared_server.create(customer_update={"name": "auto"}))
    assert error.user_message == "`customer_update` can only be used with `customer`."


def test_an_adjustable_quantity_changes_what_is_paid(shared_server: SandboxServer) -> None:
    """The page takes a quantity in its range, the amounts follow, and that is charged."""
    line = {
        "price": shared_server.credit,
        "quantity": 3,
        "adjustable_quantity": {"enabled": True, "maximum": 5},
    }
    session = shared_server.create(line_items=[line])
    item = shared_server.stripe.v1.checkout.sessions.line_items.list(session.id).data[0]
    assert_fits(*shared_server.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"])
    assert item.adjustable_quantity is not None
    assert (item.adjustable_quantity.minimum, item.adjustable_quantity.maximum) == (0, 5)

    def choose(quantity: str) -> Any:
        return shared_server.post(
            f"/c/pay/{session.id}/quantity", {"line": item.id, "quantity": quantity}
        )

    for quantity, message in (
        ("6", "Choose a quantity from 0 to 5."),
        ("0", "Leave at least one item in the order."),
        ("x", "Enter a whole number."),
    ):
        answer = choose(quantity)
        assert answer.status_code == 400
        assert message in answer.text
    declined = submit(shared_server, session.id, number="4000000000009995")
    assert declined["status"] == "declined"
    each = (item.amount_total or 0) // 3
    assert choose("5").status_code == 200
    assert shared_server.retrieve(session.id).amount_total == 5 * each
    assert submit(shared_server, session.id)["status"] == "paid"
    found = shared_server.retrieve(session.id, "payment_intent", "line_items")
    assert found.payment_intent.amount_received == 5 * each
    assert found.line_items.data[0].quantity == 5


def test_a_fixed_quantity_stays(shared_server: SandboxServer) -> None:
    """A line that the session does not make adjustable cannot be changed."""
    session = shared_server.create()
    item = shared_server.stripe.v1.checkout.sessions.line_items.list(session.id).data[0]
    answer = shared_server.post(f"/c/pay/{session.id}/quantity", {"line": item.id, "quantity": "2"})
    assert answer.status_code == 400
    assert shared_server.retrieve(session.id).amount_total == session.amount_total


@pytest.mark.parametrize("free", [False, True])
def test_a_payment_makes_a_paid_invoice(shared_server: SandboxServer, free: bool) -> None:
    """`invoice_creation` makes a customer and an invoice that the payment has paid."""
    known = shared_server.event_types()
    data = {
        "currency": "usd",
        "unit_amount": 0 if free else 1500,
        "product_data": {"name": "Mug"},
    }
    session = shared_server.create(
        line_items=[{"price_data": data, "quantity": 2}],
        invoice_creation={
            "enabled": True,
            "invoice_data": {"description": "Thank you", "metadata": {"order": "7"}},
        },
    )
    assert isinstance(shared_server.pay(session.id), Paid)
    found = shared_server.get(
        f"/v1/checkout/sessions/{session.id}",
        **{"expand[0]": "invoice.payments", "expand[1]": "customer"},
    )
    assert_fits(found)
    invoice = found["invoice"]
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 0 if free else 3000)
    assert (invoice["customer"], invoice["description"]) == (found["customer"]["id"], "Thank you")
    assert (invoice["metadata"], invoice["parent"]) == ({"order": "7"}, None)
    if not free:
        payment = invoice["payments"]["data"][0]
        assert payment["payment"]["payment_intent"] == found["payment_intent"]
    events = shared_server.event_types_since(known)
    assert events.index("invoiceitem.created") < events.index("invoice.created")
    assert events.index("invoice.paid") < events.index("checkout.session.completed")
    assert shared_server.fetch(f"/i/{invoice['id']}").status_code == 200


@pytest.mark.parametrize("mode", ["payment", "subscription"])
def test_what_is_sold_once_is_an_invoice_item(shared_server: SandboxServer, mode: str) -> None:
    """The line of the invoice names it, and it can be asked for."""
    items = [{"price": shared_server.credit, "quantity": 2}]
    if mode == "payment":
        session = shared_server.create(line_items=items, invoice_creation={"enabled": True})
    else:
        pro = {"price": shared_server.pro, "quantity": 1}
        session = shared_server.subscribe(line_items=[pro, *items])
    shared_server.pay(session.id)
    found = shared_server.get(f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "invoice"})
    invoice = found["invoice"]
    [named] = [
        details["invoice_item"]
        for line in invoice["lines"]["data"]
        if (details := line["parent"]["invoice_item_details"])
    ]
    item = shared_server.get(f"/v1/invoiceitems/{named}")
    assert_fits(item)
    assert (item["amount"], item["quantity"], item["invoice"]) == (198, 2, invoice["id"])
    subscription = item["parent"] and item["parent"]["subscription_details"]["subscription"]
    assert subscription == found["subscription"]


def test_a_debit_makes_its_invoice_when_it_has_succeeded(shared_server: SandboxServer) -> None:
    """Until the bank answers there is no invoice."""
    session = shared_server.create(invoice_creation={"enabled": True})
    body = {"bank_account": "000123456789", "settles_in_seconds": 5}
    shared_server.control("POST", f"sessions/{session.id}/pay", body)
    assert shared_server.retrieve(session.id).invoice is None
    shared_server.advance(6)
    found = shared_server.retrieve(session.id, "invoice")
    assert (found.payment_status, found.invoice.status) == ("paid", "paid")


@pytest.mark.parametrize("mode", ["embedded_page", "elements"])
def test_a_session_for_stripes_script_has_a_secret_and_no_page(
    shared_server: SandboxServer, mode: str
) -> None:
    """Its address says why it has no page; the control interface pays it."""
    urls = {"success_url": None, "cancel_url": None, "return_url": "http://shop.example/back"}
    session = shared_server.create(ui_mode=mode, **urls)
    assert (session.url, session.ui_mode, session.success_url) == (None, mode, None)
    assert str(session.client_secret).startswith(f"{session.id}_secret_")
    assert_fits(shared_server.get(f"/v1/checkout/sessions/{session.id}"))
    page = shared_server.fetch(f"/c/pay/{session.id}")
    assert page.status_code == 501
    assert f"ui_mode is {mode}" in page.text
    assert isinstance(shared_server.pay(session.id), Paid)
    error: Any = refused(lambda: shared_server.create(ui_mode=mode))
    assert error.user_message == (
        f"The following parameters are not supported with `ui_mode: {mode}`: cancel_url, "
        "success_url."
    )


def test_the_pages_words_are_the_shops(shared_server: SandboxServer) -> None:
    """The button's word and the texts around it, with their links, are the session's."""
    session = shared_server.create(
        submit_type="donate",
        custom_text={
            "submit": {"message": "See [our terms](https://shop.example/terms) <b>"},
            "after_submit": {"message": "Ships [tomorrow](javascript:alert)"},
        },
    )
    page = shared_server.page(session.id)
    assert "Donate $" in page
    assert '<a href="https://shop.example/terms"' in page
    assert "&lt;b&gt;" in page
    assert "javascript:alert" not in page


def test_the_control_interface_answers_what_a_session_asks_for(
    shared_server: SandboxServer,
) -> None:
    """It makes answers up, or takes the request's."""
    session = shared_server.create(custom_fields=FIELDS, phone_number_collection={"enabled": True})
    body = {"card": "4242424242424242", "custom_fields": {"size": "l"}}
    assert shared_server.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "paid"
    found = shared_server.get(f"/v1/checkout/sessions/{session.id}")
    values = [field[field["type"]]["value"] for field in found["custom_fields"]]
    assert values == ["l", "Test", "1"]
    assert found["customer_details"]["phone"] == "+15555550100"


def test_a_discount_follows_the_quantity_onto_the_invoice(shared_server: SandboxServer) -> None:
    """Half off stays half off when the payer takes more; the invoice is for what was paid."""
    coupon = shared_server.stripe.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    line = {"price": shared_server.credit, "quantity": 2, "adjustable_quantity": {"enabled": True}}
    session = shared_server.create(
        line_items=[line], discounts=[{"coupon": coupon}], invoice_creation={"enabled": True}
    )
    [item] = shared_server.stripe.v1.checkout.sessions.line_items.list(session.id).data
    path = f"/c/pay/{session.id}/quantity"
    assert shared_server.post(path, {"line": item.id, "quantity": "4"}).status_code == 200
    assert submit(shared_server, session.id)["status"] == "paid"
    found = shared_server.get(f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "invoice"})
    assert_fits(found)
    amounts = (found["amount_subtotal"], found["amount_total"], found["invoice"]["amount_paid"])
    assert amounts == (396, 198, 198)


def test_what_was_answered_is_erased(shared_server: SandboxServer) -> None:
    """An answer may be anything about a person."""
    session = shared_server.create(custom_fields=FIELDS, customer_creation="always")
    answers = {"custom_size": "l", "custom_member": "7654321", "custom_engraving": "For Zebedee"}
    assert submit(shared_server, session.id, **answers)["status"] == "paid"
    shared_server.control("POST", f"erase/{session.id}")
    found = shared_server.get(f"/v1/checkout/sessions/{session.id}")
    assert [field[field["type"]]["value"] for field in found["custom_fields"]] == [None] * 3
    events = shared_server.fetch("/v1/events", limit=100).text
    assert "7654321" not in events
    assert "Zebedee" not in events
