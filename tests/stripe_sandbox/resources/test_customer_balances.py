"""A customer's balance: what changes it, and that invoices are paid from it."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def _listed(server: SandboxServer, customer: str, **filters: Any) -> list[tuple[str, int, int]]:
    """Type, amount and balance after it, the oldest first."""
    found = server.get(f"/v1/customers/{customer}/balance_transactions", **filters)
    assert_fits(found)
    return [(one["type"], one["amount"], one["ending_balance"]) for one in found["data"][::-1]]


def _invoice(server: SandboxServer, customer: str, amount: int) -> str:
    """A finalized invoice over the amount."""
    service, given = server.stripe.v1, {"customer": customer}
    invoice = service.invoices.create({"customer": customer}).id
    item: Any = {**given, "invoice": invoice, "amount": amount, "currency": "usd"}
    service.invoice_items.create(item)
    return service.invoices.finalize_invoice(invoice).id


def test_whatever_changes_the_balance_is_listed(shared_server: SandboxServer) -> None:
    """From the beginning, with the invoice that it paid, or that was too little to charge."""
    service = shared_server.stripe.v1.customers
    customer = service.create({"balance": -500}).id
    service.update(customer, {"balance": -800})
    paid = _invoice(shared_server, customer, 300)
    small = _invoice(shared_server, customer, -200)
    assert _listed(shared_server, customer) == [
        ("initial", -500, -500),
        ("adjustment", -300, -800),
        ("applied_to_invoice", 300, -500),
        ("invoice_too_small", -200, -700),
    ]
    for invoice, amount in ((paid, 300), (small, -200)):
        [(_, changed, _)] = _listed(shared_server, customer, invoice=invoice)
        assert changed == amount
    assert service.retrieve(customer).balance == -700


def test_a_voided_invoice_gives_back_what_it_took(shared_server: SandboxServer) -> None:
    """So that the next invoice is paid from it."""
    customer = shared_server.stripe.v1.customers.create({"balance": -500}).id
    invoice = _invoice(shared_server, customer, 800)
    assert shared_server.get(f"/v1/invoices/{invoice}")["amount_due"] == 300
    shared_server.stripe.v1.invoices.void_invoice(invoice)
    assert _listed(shared_server, customer)[1:] == [
        ("applied_to_invoice", 500, 0), ("unapplied_from_invoice", -500, -500),
    ]  # fmt: skip
    assert shared_server.stripe.v1.customers.retrieve(customer).balance == -500


def test_the_balance_is_changed_by_a_transaction(shared_server: SandboxServer) -> None:
    """In the customer's currency, which it sets; its description and metadata can change."""
    service = shared_server.stripe.v1.customers
    customer = service.create({}).id
    known = shared_server.event_types()
    credit: Any = {
        "amount": -1_000,
        "currency": "usd",
        "description": "Sorry",
        "metadata": {"a": "1"},
    }
    made = service.balance_transactions.create(customer, credit)
    assert (made.ending_balance, made.type, made.description) == (-1_000, "adjustment", "Sorry")
    assert shared_server.event_types_since(known) == ["customer.updated"]
    assert (service.retrieve(customer).balance, service.retrieve(customer).currency) == (
        -1_000, "usd",
    )  # fmt: skip
    update: Any = {"description": "Again", "metadata": {"b": "2"}}
    service.balance_transactions.update(customer, made.id, update)
    read = service.balance_transactions.retrieve(customer, made.id)
    assert (read.description, read.to_dict()["metadata"]) == ("Again", {"a": "1", "b": "2"})
    other: Any = {"amount": 5, "currency": "eur"}
    error = refused(lambda: service.balance_transactions.create(customer, other))
    assert getattr(error, "param", "") == "currency"


def test_a_transaction_is_its_customers_alone(shared_server: SandboxServer) -> None:
    """Another customer has none of that id; an unknown one has no list."""
    service = shared_server.stripe.v1.customers
    owner, other = (service.create({"balance": -5}).id for _ in range(2))
    [mine] = service.balance_transactions.list(owner).data
    for call in (
        lambda: service.balance_transactions.retrieve(other, mine.id),
        lambda: service.balance_transactions.list("cus_none"),
    ):
        assert refused(call).http_status == 404
