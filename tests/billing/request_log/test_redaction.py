"""No secret stands in what is stored of a request, wherever it stood; all else stays as it was."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.json_codec import loads
from billing.request_log.redaction import redacted_bodies, redacted_json

if TYPE_CHECKING:
    from collections.abc import Callable

BY_ITSELF = (
    "sk_test_51HqAbCdEfGh",
    "rk_live_51HqAbCdEfGh",
    "whsec_5WbX5kEWLlfzsGNj",
    "4242424242424242",
    "4000 0025 0000 3155",
    "3782-822463-10005",
)
BY_NAME = {
    "client_secret": "pi_3MtwBw_secret_YrKJUKribcBj",
    "number": "12-34567",
    "cvc": "987",
    "exp_month": 11,
    "account_number": "000123456",
    "routing_number": "110000000",
    "iban": "DE89370400440532013000",
}
NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
HOLDING = st.one_of(
    st.sampled_from(BY_ITSELF).map(lambda secret: {"note": f"It is {secret}."}),
    st.sampled_from(list(BY_NAME.items())).map(lambda named: {named[0]: named[1]}),
)
AROUND = st.recursive(
    HOLDING,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2), st.dictionaries(NAMES, inner, min_size=1)
    ),
    max_leaves=6,
)
HARMLESS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 10**10), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=60)
@given(AROUND)
def test_a_secret_is_replaced_wherever_it_stands(found: Any) -> None:
    stored = redacted_json(found)
    assert "[secret]" in stored
    for secret in (*BY_ITSELF, *(str(one) for one in BY_NAME.values() if len(str(one)) > 2)):
        assert secret not in stored


def escaped(value: Any) -> str:
    """As JSON text with each character of each string by its number."""
    text = json.dumps(value)
    return re.sub('"([^"]*)"', lambda found: f'"{"".join(map(number, found[1]))}"', text)


def number(character: str) -> str:
    return f"\\u{ord(character):04x}"


@pytest.mark.parametrize(
    "written",
    [
        lambda found: json.dumps(found, indent=2),
        lambda found: json.dumps(found, indent="\t", separators=(" ,", " : ")),
        lambda found: json.dumps(found, separators=(",", ":")),
        escaped,
    ],
    ids=["as Stripe does", "in another way", "on one line", "escaped"],
)
def test_a_secret_in_an_answer_is_replaced_however_it_is_written(
    written: Callable[[Any], str],
) -> None:
    harmless: set[bytes] = set()

    @settings(max_examples=40)
    @given(AROUND)
    def replaced(found: Any) -> None:
        (stored,) = redacted_bodies([written(found).encode()], harmless)
        assert loads(stored) == loads(redacted_json(found))
        assert b"[secret]" in stored

    replaced()


@pytest.mark.parametrize("before", ["\n", "\u2014", '"', "\N{NO-BREAK SPACE}"])
def test_the_number_of_a_card_is_found_behind_any_character(before: str) -> None:
    assert "4242424242424242" not in redacted_json({"note": f"It is{before}4242424242424242"})


def test_an_answer_without_a_secret_stays_as_it_was_written() -> None:
    body = json.dumps({"id": "cs_1", "client_secret": None, "phone": "555 0100"}, indent=2).encode()
    harmless: set[bytes] = set()
    for _ in range(2):
        assert redacted_bodies([b"", body], harmless) == [b"", body]


def test_of_many_answers_only_those_with_a_secret_are_written_anew() -> None:
    plain, secret = b'{ "id": "cs_1" }', b'{ "cvc": "987" }'
    stored = redacted_bodies([plain, secret, b"", plain], set())
    assert stored == [plain, b'{"cvc":"[secret]"}', b"", plain]


@settings(max_examples=60)
@given(HARMLESS)
def test_what_is_no_secret_stays_as_it_was(found: Any) -> None:
    assert loads(redacted_json(found)) == found
