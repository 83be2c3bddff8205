"""The seven search endpoints, through the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stripe_sandbox.schema import sdk_operations
from stripe_sandbox.search.fields import FIELDS
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server
from tests.support.stripe.stripe_types import assert_fits


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """A shop with three customers, of whom one has paid, one has failed and one has a plan."""
    with sandbox_server(None) as found:
        customers = found.stripe.v1.customers
        people: list[Any] = [
            {"email": "amy@rocketrides.io", "name": "Amy Ödegård", "metadata": {"tier": "Gold"}},
            {"email": "xamy@example.com", "name": "One two three", "phone": "+4912"},
            {"name": "one  TWO three four", "metadata": {"tier": "tin", 'a"b': "x"}},
        ]
        ids = []
        for person in people:
            ids.append(customers.create(person).id)
            found.clock.advance(10)
        found.pay(found.create(customer=ids[0], metadata={"a": "b"}).id)
        found.pay(found.create(customer=ids[1]).id, "4000000000000002")
        found.paid_subscription(customer=ids[2])
        first = found.stripe.v1.charges.list({"customer": ids[0]}).data[0].id
        found.stripe.v1.refunds.create({"charge": first, "amount": 7})
        found.stripe.v1.charges.update(first, {"metadata": {"kept": "yes"}})
        yield found


def _found(server: SandboxServer, resource: str, query: str) -> list[Any]:
    answer = server.get(f"/v1/{resource}/search", query=query)
    assert answer.keys() == {"object", "data", "has_more", "next_page", "url"}
    assert (answer["object"], answer["url"]) == ("search_result", f"/v1/{resource}/search")
    assert_fits(*answer["data"])
    return list(answer["data"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('email:"AMY@rocketrides.io"', ["Amy"]),
        ('email~"amy"', ["Amy", "One"]),
        ('name:"one two three"', ["One", "one"]),
        ('name:"two one"', []),
        ('name~"ÖDEG"', ["Amy"]),
        ("phone:null", ["Amy", "one"]),
        ("-phone:null", ["One"]),
        ('phone:"+4912"', ["One"]),
        ('metadata["tier"]:"gold"', ["Amy"]),
        ("metadata['tier']:null", ["One"]),
        ('-metadata["tier"]:null', ["Amy", "one"]),
        (r'metadata["a\"b"]:"x"', ["one"]),
        ('-metadata["tier"]:"gold"', ["One", "one"]),
        ('email~"amy" AND -name~"one"', ["Amy"]),
        ('phone:"+4912" OR metadata["tier"]:"tin"', ["One", "one"]),
        ("created>0 created<=99", []),
    ],
)
def test_customers_are_found_by_words_parts_and_metadata(
    server: SandboxServer, query: str, names: list[str]
) -> None:
    """Without regard to case; what is absent meets every negation."""
    found = _found(server, "customers", query)
    assert sorted(customer["name"].split()[0] for customer in found) == names


@pytest.mark.parametrize(
    ("resource", "query", "number"),
    [
        ("charges", 'status:"succeeded" amount<1000', 1),
        ("charges", 'status:"FAILED"', 1),
        ("charges", "payment_method_details.card.last4:4242", 2),
        ("charges", 'payment_method_details.card.brand:"visa"', 3),
        ("charges", "payment_method_details.card.exp_month:12 -disputed:'true'", 2),
        ("charges", "payment_method_details.card_present.last4:null", 3),
        ("charges", 'refunded:"false"', 1),
        ("charges", 'refunded:"true"', 0),
        ("charges", "refunded:null", 2),
        ("charges", 'metadata["kept"]:"yes" AND currency:"usd"', 1),
        ("charges", "billing_details.address.postal_code:null", 3),
        ("payment_intents", 'status:"requires_payment_method" amount:297', 1),
        ("payment_intents", "-currency:'usd'", 0),
        ("invoices", 'total>=9900 status:"paid" receipt_number:null', 1),
        ("invoices", "-number:null", 1),
        ("subscriptions", 'status:"active"', 1),
        ("subscriptions", "created>1", 1),
        ("prices", 'active:"true" type:"recurring"', 1),
        ("prices", 'lookup_key:"pro" OR lookup_key:"credit"', 2),
        ("products", 'name~"plan" active:"true"', 1),
        ("products", "shippable:null url:null description:null", 2),
    ],
)
def test_each_resource_is_found_by_its_own_fields(
    server: SandboxServer, resource: str, query: str, number: int
) -> None:
    """Those of Stripe's documentation."""
    assert len(_found(server, resource, query)) == number


def test_what_belongs_together_is_found_by_its_ids(server: SandboxServer) -> None:
    """A customer's charges and invoices, a subscription's invoices, a product's prices."""
    service = server.stripe.v1
    [invoice] = service.invoices.list().data
    assert _found(server, "invoices", f'customer:"{invoice.customer}"')[0]["id"] == invoice.id
    subscription = service.subscriptions.list().data[0].id
    assert len(_found(server, "invoices", f"subscription:'{subscription}'")) == 1
    assert len(_found(server, "charges", f'customer:"{invoice.customer}"')) == 1
    product = service.prices.retrieve(server.pro).product
    assert _found(server, "prices", f'product:"{product}"')[0]["id"] == server.pro


def test_pages_lead_on_and_the_total_is_counted_when_it_is_expanded(server: SandboxServer) -> None:
    """The newest first; expansion reaches into the objects as in a list."""
    charges = server.stripe.v1.charges
    whole = [charge["id"] for charge in _found(server, "charges", "amount>0")]
    first: Any = charges.search(
        {"query": "amount>0", "limit": 2, "expand": ["total_count", "data.customer"]}
    )
    assert (first.total_count, first.has_more) == (3, True)
    assert first.data[0].customer.object == "customer"
    last = charges.search({"query": "amount>0", "limit": 2, "page": first.next_page})
    assert [charge.id for charge in (*first.data, *last.data)] == whole
    assert last.to_dict()["next_page"] is None
    walked = charges.search({"query": "amount>0", "limit": 1}).auto_paging_iter()
    assert [charge.id for charge in walked] == whole
    assert refused(lambda: charges.search({"query": "amount>0", "page": "x"})).http_status == 400
    assert refused(lambda: charges.search({"query": "amount>0", "limit": 0})).http_status == 400


def test_a_query_is_required_and_an_older_version_gets_its_own_shapes(
    server: SandboxServer,
) -> None:
    """As lists do."""
    missing = server.fetch("/v1/customers/search").json()["error"]
    assert missing["message"] == "Missing required param: query."
    older: Any = server.stripe.v1.subscriptions.search(
        {"query": 'status:"active"'}, {"stripe_version": "2024-06-20"}
    )
    assert older.data[0].current_period_end > 0


def test_every_resource_that_stripe_searches_has_its_fields() -> None:
    """Stripe documents seven."""
    searched = {
        operation.path for operation in sdk_operations.operations()
        if operation.path.endswith("/search")
    }  # fmt: skip
    assert searched == {f"/v1/{kind}s/search" for kind in FIELDS}
