from __future__ import annotations

from typing import Any

import pytest

from billing.domain.sessions.checkout_session import APP, CheckoutSession, Kind
from billing.errors import InvalidInput
from billing.selling.checkout import parse_quantity


@pytest.mark.parametrize("value", [0, -3, 2.5, 5.0, "5", "", None, True, 10**9, 1001, [], {}, "x"])
def test_a_quantity_that_is_no_whole_number_in_range_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="quantity must be a whole number from 1 to 1000"):
        parse_quantity(value, 1000)


@pytest.mark.parametrize("value", [1, 2, 1000])
def test_a_whole_number_in_range_is_taken(value: int) -> None:
    assert parse_quantity(value, 1000) == value


def session(**values: Any) -> CheckoutSession:
    return CheckoutSession.from_stripe(
        {
            "id": "cs_test_1",
            "created": 1,
            "expires_at": 2,
            "status": "complete",
            "payment_status": "paid",
            "mode": "payment",
            "amount_total": 495,
            "currency": "usd",
            "metadata": {"app": APP, "kind": "credits", "quantity": "5"},
        }
        | values
    )


def test_a_session_of_ours_tells_what_was_bought() -> None:
    assert session().what == "5 extra credits"
    assert session().amount == "$4.95"
    assert session(metadata={"app": APP, "kind": "credits", "quantity": "1"}).what == (
        "1 extra credit"
    )
    assert session(metadata={"app": APP, "kind": "pro"}).what == "Pro plan"


@pytest.mark.parametrize(
    "metadata", [None, {}, {"kind": "pro"}, {"app": "another", "kind": "pro", "quantity": "5"}]
)
def test_a_session_without_our_stamp_is_foreign(metadata: dict[str, str] | None) -> None:
    foreign = session(metadata=metadata)
    assert not foreign.ours
    assert foreign.kind is None
    assert foreign.what == "Other payment"


def test_hostile_metadata_is_read_without_harm() -> None:
    odd = session(metadata={"app": APP, "kind": "gold", "quantity": "9" * 5000})
    assert odd.kind is None
    assert odd.quantity == 1


@pytest.mark.parametrize(
    ("status", "payment_status", "paid"),
    [
        ("complete", "paid", True),
        ("complete", "no_payment_required", True),
        ("complete", "unpaid", False),
        ("open", "unpaid", False),
        ("expired", "unpaid", False),
    ],
)
def test_only_a_complete_session_that_owes_nothing_is_paid(
    status: str, payment_status: str, paid: bool
) -> None:
    assert session(status=status, payment_status=payment_status).is_paid is paid


def test_each_kind_has_the_mode_that_stripe_wants_for_its_price() -> None:
    assert Kind.PRO.mode == "subscription"
    assert Kind.CREDITS.mode == "payment"
