"""Expansion: any path the SDK's types allow, four levels deep, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server


@pytest.fixture(scope="module")
def sold() -> Iterator[tuple[SandboxServer, str]]:
    """A paid subscription's session."""
    with sandbox_server(None) as server:
        session = server.subscribe()
        server.pay(session.id)
        yield server, session.id


def _expanded(sold: tuple[SandboxServer, str], *paths: str) -> dict[str, Any]:
    server, identifier = sold
    expand = {f"expand[{index}]": path for index, path in enumerate(paths)}
    found: dict[str, Any] = server.get(f"/v1/checkout/sessions/{identifier}", **expand)
    return found


def test_an_id_becomes_its_object(sold: tuple[SandboxServer, str]) -> None:
    """Without expansion ids, with it objects; what is null stays null."""
    plain = _expanded(sold)
    full = _expanded(sold, "customer", "subscription", "payment_intent")
    assert full["customer"]["id"] == plain["customer"]
    assert full["subscription"]["id"] == plain["subscription"]
    assert full["payment_intent"] is None


def test_a_path_expands_each_step(sold: tuple[SandboxServer, str]) -> None:
    """Four levels, through lists too."""
    full = _expanded(sold, "line_items.data.price.product", "subscription.latest_invoice.payments")
    assert full["line_items"]["data"][0]["price"]["product"]["name"] == "Pro plan"
    assert full["subscription"]["latest_invoice"]["payments"]["data"][0]["status"] == "paid"


def test_a_list_expands_each_of_its_objects(sold: tuple[SandboxServer, str]) -> None:
    """Paths of a list begin with `data`."""
    expand = {"expand[0]": "data.customer", "expand[1]": "data.line_items"}
    page = sold[0].get("/v1/checkout/sessions", **expand)
    assert page["data"][0]["customer"]["object"] == "customer"
    assert page["data"][0]["line_items"]["object"] == "list"


def test_a_creation_expands_its_answer(shared_server: SandboxServer) -> None:
    """`expand` works on POST, too."""
    session = shared_server.create(expand=["line_items"])
    assert session.line_items is not None
    assert session.line_items.data[0].quantity == 3


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("metadata", "This property cannot be expanded (metadata)."),
        ("customer.foo", "This property cannot be expanded (customer.foo)."),
        ("line_items.price", "This property cannot be expanded (line_items.price)."),
        ("automatic_tax", "This property cannot be expanded (automatic_tax)."),
        ("nothing", "This property cannot be expanded (nothing)."),
        ("", "You passed an empty string for 'expand[0]'."),
        ("a.b.c.d.e", "You cannot expand more than 4 levels of a property. Property: a.b.c.d.e"),
    ],
)
def test_a_wrong_path_is_refused(sold: tuple[SandboxServer, str], path: str, message: str) -> None:
    """What is no id, no field, or too deep is 400, whether or not the object has it."""
    server, identifier = sold
    retrieve = server.stripe.v1.checkout.sessions.retrieve
    error = refused(lambda: retrieve(identifier, params={"expand": [path]}))
    assert error.http_status == 400
    assert str(error.user_message).startswith(message)


def test_a_wrong_path_makes_nothing(shared_server: SandboxServer) -> None:
    """A creation with a wrong path is refused before it creates."""
    before = shared_server.get("/v1/checkout/sessions", limit=1)["data"]
    assert refused(lambda: shared_server.create(expand=["metadata"])).http_status == 400
    assert shared_server.get("/v1/checkout/sessions", limit=1)["data"] == before


def test_a_list_is_reported_of_its_data(sold: tuple[SandboxServer, str]) -> None:
    """A path without `data` on a list is answered with the right one, even on an empty list."""
    listing = sold[0].stripe.v1.charges.list
    error = refused(lambda: listing(params={"expand": ["customer"], "customer": "cus_none"}))
    assert "You may want to try expanding 'data.customer' instead." in str(error.user_message)
