"""The check of objects against the SDK's types finds what it is there to find."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.stripe.stripe_types import assert_fits, misfits


@pytest.fixture(scope="module")
def paid(shared_server: SandboxServer) -> dict[str, Any]:
    """A paid session, its payment expanded."""
    session = shared_server.create()
    shared_server.pay(session.id)
    path = f"/v1/checkout/sessions/{session.id}"
    found: dict[str, Any] = shared_server.get(
        path, **{"expand[0]": "payment_intent.latest_charge", "expand[1]": "line_items"}
    )
    return found


def _changed(value: dict[str, Any], path: str, *new: Any) -> dict[str, Any]:
    """A copy with the field at the path set, or removed when there is nothing new."""
    copy = deepcopy(value)
    *parents, last = path.split(".")
    inner: Any = copy
    for parent in parents:
        inner = inner[int(parent)] if isinstance(inner, list) else inner[parent]
    if new:
        inner[last] = new[0]
    else:
        del inner[last]
    return copy


def test_a_right_object_fits(paid: dict[str, Any]) -> None:
    """What the sandbox returns fits, expanded objects included."""
    assert_fits(paid)


@pytest.mark.parametrize(
    "path",
    [
        "currency",
        "customer",
        "after_expiration",
        "automatic_tax.enabled",
        "total_details.amount_tax",
        "customer_details.email",
        "payment_intent.amount",
        "payment_intent.latest_charge.outcome.network_status",
        "payment_intent.latest_charge.payment_method_details.card.last4",
        "line_items.data.0.quantity",
        "line_items.has_more",
    ],
)
def test_a_missing_field_is_found(paid: dict[str, Any], path: str) -> None:
    """A field that is not there makes the check fail, at any depth, nullable or not."""
    assert len(misfits(_changed(paid, path))) == 1


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("amount_total", "297"),
        ("amount_total", True),
        ("livemode", "false"),
        ("status", "paid"),
        ("automatic_tax", None),
        ("metadata", {"key": 1}),
        ("payment_method_types", "card"),
        ("payment_method_types", [1]),
        ("customer", 5),
        ("id", None),
        ("custom_text", []),
        ("payment_intent.metadata", "x"),
        ("payment_intent.latest_charge.paid", 1),
        ("line_items.data.0.price.unit_amount_decimal", 99),
        ("line_items.data.0.price.unit_amount_decimal", "many"),
    ],
)
def test_a_wrong_type_is_found(paid: dict[str, Any], path: str, wrong: Any) -> None:
    """A value of another type, or a word that is none of Stripe's, makes the check fail."""
    assert misfits(_changed(paid, path, wrong))


def test_a_null_that_stripe_leaves_out_is_found(paid: dict[str, Any]) -> None:
    """What Stripe never sends as null makes the check fail when it is null."""
    for path in ("return_url", "payment_intent.latest_charge.level3"):
        assert len(misfits(_changed(paid, path, None))) == 1


def test_a_wrong_list_is_found(paid: dict[str, Any]) -> None:
    """A list's own fields are checked, and each of its objects."""
    right = {"object": "list", "data": [paid], "has_more": False, "url": "/v1/x"}
    assert misfits(right) == []
    for wrong in ({"has_more": 0}, {"url": None}, {"count": 1}, {"data": [{**paid, "new": 1}]}):
        assert misfits({**right, **wrong})


@pytest.mark.parametrize(
    "path",
    [
        "paid",
        "automatic_tax.rate",
        "payment_intent.charges",
        "payment_intent.latest_charge.card",
        "line_items.data.0.name",
        "line_items.total_count",
    ],
)
def test_an_invented_field_is_found(paid: dict[str, Any], path: str) -> None:
    """A field that Stripe has not makes the check fail, at any depth."""
    assert len(misfits(_changed(paid, path, None))) == 1


def test_the_object_inside_an_event_is_checked(shared_server: SandboxServer) -> None:
    """An event's `data.object` is held against its own class."""
    event = shared_server.get("/v1/events", limit=1)["data"][0]
    assert misfits(event) == []
    assert misfits(_changed(event, "data.object.invented", 1))
    assert misfits(_changed(event, "data.object.id"))
