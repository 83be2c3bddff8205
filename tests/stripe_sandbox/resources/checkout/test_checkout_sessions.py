"""What a Checkout Session is, and what may become of it while it is open."""

from __future__ import annotations

from stripe_sandbox.payments.checkout import Paid
from tests.support.stripe.sandbox_server import SandboxServer, refused


def test_an_open_session(shared_server: SandboxServer) -> None:
    """It knows its total, its end, its link; no payment yet."""
    session = shared_server.create(metadata={"who": "me"}, client_reference_id="cart-7")
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_subtotal, session.amount_total, session.currency) == (297, 297, "usd")
    assert session.expires_at == session.created + 86_400
    assert session.payment_intent is None
    assert session.customer is None
    assert session.customer_creation == "if_required"
    assert session.ui_mode == "hosted_page"
    assert session.livemode is False
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"who": "me"}
    assert session.client_reference_id == "cart-7"
    assert session.url is not None
    assert session.url.startswith(f"{shared_server.url}/c/pay/{session.id}#")
    assert "line_items" not in session.to_dict()
    names = list(shared_server.get(f"/v1/checkout/sessions/{session.id}"))
    assert names == ["id", "object", *sorted(set(names) - {"id", "object"})]


def test_a_subscription_session(shared_server: SandboxServer) -> None:
    """It makes a customer always and collects a card always."""
    session = shared_server.subscribe()
    assert (session.mode, session.amount_total) == ("subscription", 9900)
    assert session.customer_creation == "always"
    assert session.payment_method_collection == "always"
    assert session.subscription is None


def test_prices_may_be_made_inline(shared_server: SandboxServer) -> None:
    """`price_data` makes a price and a product that nobody else can use."""
    session = shared_server.create(
        line_items=[
            {
                "price_data": {
                    "currency": "EUR",
                    "unit_amount": 250,
                    "product_data": {"name": "Cake", "description": "A slice"},
                },
                "quantity": 2,
            }
        ]
    )
    assert (session.amount_total, session.currency) == (500, "eur")
    [item] = shared_server.stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert (item.description, item.quantity, item.amount_total) == ("Cake", 2, 500)
    assert item.price is not None
    assert item.price.active is False
    items = [{"price": item.price.id, "quantity": 1}]
    error = refused(lambda: shared_server.create(line_items=items))
    assert "inactive" in str(error.user_message)


def test_a_known_customer(shared_server: SandboxServer) -> None:
    """The session shows the customer and their address."""
    customer = shared_server.stripe.v1.customers.create(params={"email": "known@example.com"})
    session = shared_server.create(customer=customer.id)
    assert session.customer == customer.id
    assert session.customer_creation is None
    assert session.customer_details is not None
    assert session.customer_details.email == "known@example.com"


def test_expiring_ends_an_open_session(server: SandboxServer) -> None:
    """It loses its link, the event reports it, and a second time is refused."""
    sessions = server.stripe.v1.checkout.sessions
    session = server.create()
    expired = sessions.expire(session.id)
    assert (expired.status, expired.url, expired.payment_status) == ("expired", None, "unpaid")
    [event] = server.get("/v1/events", type="checkout.session.expired")["data"]
    assert event["data"]["object"] == expired.to_dict()
    assert event["request"]["id"].startswith("req_")
    error = refused(lambda: sessions.expire(session.id))
    assert error.user_message == (
        'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
        "has a status of `expired`."
    )


def test_a_paid_session_cannot_be_expired(server: SandboxServer) -> None:
    """What is complete stays so."""
    session = server.create()
    assert isinstance(server.pay(session.id), Paid)
    error = refused(lambda: server.stripe.v1.checkout.sessions.expire(session.id))
    assert "has a status of `complete`" in str(error.user_message)


def test_time_expires_a_session(server: SandboxServer) -> None:
    """From `expires_at` on it is expired: when it is read, when it is listed, and by itself."""
    read, listed, alone = (server.create(expires_at=server.clock.now() + 1_800) for _ in range(3))
    server.clock.advance(1_799)
    assert server.stripe.v1.checkout.sessions.retrieve(read.id).status == "open"
    server.clock.advance(1)
    assert server.stripe.v1.checkout.sessions.retrieve(read.id).status == "expired"
    expired = server.stripe.v1.checkout.sessions.list(params={"status": "expired"}).data
    assert {session.id for session in expired} == {read.id, listed.id, alone.id}
    events = server.get("/v1/events", type="checkout.session.expired")["data"]
    assert {event["data"]["object"]["id"] for event in events} == {read.id, listed.id, alone.id}
    assert all(event["request"]["id"] is None for event in events)


def test_metadata_may_change_later(shared_server: SandboxServer) -> None:
    """An update merges metadata and changes nothing else."""
    session = shared_server.create(metadata={"a": "1", "b": "2"})
    updated = shared_server.stripe.v1.checkout.sessions.update(
        session.id, params={"metadata": {"a": "", "c": "3"}}
    )
    assert updated.to_dict() == {**session.to_dict(), "metadata": {"b": "2", "c": "3"}}


def test_line_items_are_listed_in_their_order(shared_server: SandboxServer) -> None:
    """With cursors both ways; expanded, the first ten of them."""
    items = [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 100 + index,
                "product_data": {"name": f"Item {index}"},
            },
            "quantity": 1,
        }
        for index in range(12)
    ]
    session = shared_server.create(line_items=items)
    service = shared_server.stripe.v1.checkout.sessions.line_items
    listed = list(service.list(session.id, params={"limit": 5}).auto_paging_iter())
    assert [item.description for item in listed] == [f"Item {index}" for index in range(12)]
    back = service.list(session.id, params={"limit": 2, "ending_before": listed[5].id})
    assert ([item.id for item in back.data], back.has_more) == ([listed[3].id, listed[4].id], True)
    expanded = shared_server.stripe.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["line_items"]}
    )
    assert expanded.line_items is not None
    assert (len(expanded.line_items.data), expanded.line_items.has_more) == (10, True)


def test_a_session_is_created_from_a_form_with_empty_brackets(shared_server: SandboxServer) -> None:
    """As Stripe's own curl examples write it: two line items, each with price and quantity."""
    items = [
        ("price", shared_server.credit),
        ("quantity", "2"),
        ("price", shared_server.credit),
        ("quantity", "5"),
    ]
    form = [(f"line_items[][{name}]", value) for name, value in items]
    form += [("mode", "payment"), ("success_url", "http://shop.example/")]
    answer = shared_server.post("/v1/checkout/sessions", form)
    assert answer.status_code == 200, answer.text
    lines = shared_server.get(f"/v1/checkout/sessions/{answer.json()['id']}/line_items")["data"]
    assert [line["quantity"] for line in lines] == [2, 5]
