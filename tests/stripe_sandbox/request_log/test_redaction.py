"""No secret and no number of a card or bank account gets through, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_sandbox.payment_methods.bank_accounts import TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import MORE_CARDS, TEST_CARDS
from stripe_sandbox.request_log.redaction import (
    REDACTED,
    redacted_json,
    redacted_key,
    redacted_text,
)

_NUMBERS = [card.number for card in (*TEST_CARDS, *MORE_CARDS)]
_NUMBERS += [account.number for account in TEST_BANK_ACCOUNTS]
_SECRETS = [
    "sk_test_51Abc-def", "rk_live_51Abcdefgh", "whsec_aB+c/9=", "pi_3Nabc_secret_Zz9Yy8Xx7",
    "cs_test_a1_secret_fidwbEhqYWAn",
]  # fmt: skip
_WORDS = st.text(max_size=12).filter(lambda text: not any(one.isdigit() for one in text))
_INNERMOST = st.sampled_from(_NUMBERS + _SECRETS)


@st.composite
def _around(draw: st.DrawFn) -> tuple[str, str]:
    """A secret, and a text in which it stands, as people write numbers."""
    secret = draw(_INNERMOST)
    shown = secret
    if secret.isdigit():
        between = draw(st.sampled_from(["", " ", "-"]))
        shown = between.join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return secret, draw(_WORDS) + shown + draw(st.sampled_from(["", " ", ".", "\n", "“", "x"]))


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        inner,
        lambda value: (
            st.lists(value, min_size=1, max_size=3)
            | st.dictionaries(_WORDS, value, min_size=1, max_size=3)
        ),
        max_leaves=5,
    )


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nothing_secret_is_left_at_any_depth(data: st.DataObject) -> None:
    """As a value, as a part of one, or as the name of a field."""
    secret, text = data.draw(_around())
    value = data.draw(_nested(st.just(text) | st.just({text: 1})))
    found = redacted_json(value)
    json.loads(found)
    hidden = secret.rpartition("_secret_")[2]  # what stands before it is the object's id
    assert hidden not in found.replace(" ", "").replace("-", "")
    assert REDACTED in found


@pytest.mark.parametrize("number", [4242424242424242, 4000056655665556.0])
def test_a_number_is_hidden_as_a_number_of_json_too(number: float) -> None:
    assert json.loads(redacted_json({"a": [number], "amount": 99_999_999, "at": 1.8e9})) == {
        "a": [REDACTED],
        "amount": 99_999_999,
        "at": 1.8e9,
    }


def test_fields_that_hold_secrets_are_hidden_whatever_they_hold() -> None:
    value = {
        "card": {"number": "42", "cvc": 1, "exp_month": "12", "exp_year": "34", "brand": "visa"},
        "secret": {"a": 1},
        "client_secret": None,
        "us_bank_account": {"account_number": "1", "routing_number": "2"},
    }
    assert json.loads(redacted_json(value)) == {
        "card": {
            **dict.fromkeys(("number", "cvc", "exp_month", "exp_year"), REDACTED),
            "brand": "visa",
        },
        "secret": REDACTED,
        "client_secret": None,
        "us_bank_account": dict.fromkeys(("account_number", "routing_number"), REDACTED),
    }


@pytest.mark.parametrize(
    "text",
    [
        "cus_QwErTy12345678",
        "2026-11-27 19:12:29",
        "+15555550100",
        "Invalid API Key provided: sk_test_****cdef",
        "pi_3Nabc",
        "/app/billing?reference=7a5c1234-5678-4123-9456-dd19c9dd4270&next=1",
        "jenny.rosen@example.com",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted_text(text) == text


def test_an_idempotency_key_stays_unless_it_is_a_secret() -> None:
    """A UUID may well hold a dozen digits in a row, and finds the requests of the same key."""
    for key in ("00000000-1111-4222-8333-123456789012", "order-17"):
        assert redacted_key(key) == key
    for key in ("4242 4242 4242 4242", "sk_test_51Abcdef", "pay-4242424242424242"):
        assert REDACTED in redacted_key(key)
