"""A session as a row that a spreadsheet can open without harm."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.sessions.checkout_session import CheckoutSession
from billing.sessions.csv_export import COLUMNS, csv_row
from tests.support.stripe_account import session_object

NOW = 1_780_000_000


def row(
    completed_at: int | None = None, failure: str | None = None, **values: Any
) -> dict[str, str]:
    data = session_object(1, "credits", 10, NOW) | values
    session = CheckoutSession.from_stripe(data, failure=failure)
    return dict(zip(COLUMNS, csv_row(session, data, completed_at), strict=True))


def test_a_row_tells_the_session_in_plain_values() -> None:
    found = row(NOW + 65, status="complete", payment_status="paid")
    assert found["created"] == "2026-05-28T20:26:40+00:00"
    assert found["completed"] == "2026-05-28T20:27:45+00:00"
    assert (found["amount"], found["currency"]) == ("9.90", "USD")
    assert (found["what"], found["quantity"]) == ("10 extra credits", "10")
    assert (found["status"], found["payment_status"]) == ("complete", "paid")
    assert (found["outcome"], found["failure"]) == ("paid", "")
    assert (found["customer"], found["payment_intent"]) == ("cus_1", "pi_1")


def test_a_failed_debit_is_reported_with_the_banks_reason() -> None:
    reason = "The bank account has been closed."
    found = row(failure=reason, status="complete")
    assert (found["outcome"], found["failure"]) == ("failed", reason)
    assert (found["status"], found["payment_status"]) == ("complete", "unpaid")


def test_a_decline_its_source_and_its_label_are_reported() -> None:
    metadata = {"app": "billing-dashboard", "kind": "credits", "label": "QA-1234 iOS"}
    found = row(failure="Your card was declined.", metadata=metadata | {"source": "api"})
    assert (found["outcome"], found["failure"]) == ("declined", "Your card was declined.")
    assert (found["status"], found["payment_status"]) == ("open", "unpaid")
    assert (found["source"], found["label"]) == ("api", "QA-1234 iOS")


def test_what_is_not_known_is_empty() -> None:
    found = row(amount_total=None, currency=None, customer=None, customer_details=None)
    assert found["completed"] == found["amount"] == found["customer"] == ""
    assert found["customer_email"] == ""


def test_an_expanded_customer_is_reported_by_its_id() -> None:
    assert row(customer={"id": "cus_9", "name": "=A1"})["customer"] == "cus_9"


@pytest.mark.parametrize(
    "start",
    [
        *("=", "+", "-", "@", "\t", "\r", "\n", "\n=", " =", "\u00a0 +", "\t@", "\r\n-", "\x00="),
        *("\uff1d", "\uff0b", "\uff0d", "\uff20", "\u3000\uff1d", "\ufeff=", "\u200b=", "\u2212"),
    ],
)
def test_no_cell_is_a_formula(start: str) -> None:
    evil = f'{start}HYPERLINK("http://evil.example","x")'
    found = row(customer_details={"email": evil}, metadata={"app": "other"})
    assert found["customer_email"] == f"'{evil}"
    assert not any(cell.startswith(start) for cell in found.values())


def test_nor_is_what_a_spreadsheet_takes_for_the_next_cell() -> None:
    found = row(customer_details={"email": "a;=1+1\t @b;c"}, metadata={"app": "other"})
    assert found["customer_email"] == "a;'=1+1\t' @b;c"


def test_signs_within_a_cell_stay_as_they_are() -> None:
    for email in ("a+b@x.example", "a=b - c", "a;b"):
        assert row(customer_details={"email": email})["customer_email"] == email
