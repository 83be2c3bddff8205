"""No secret stands in what is stored of a request, wherever it stood; all else stays as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.json_codec import loads
from billing.request_log.redaction import redacted_json

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


@settings(max_examples=60)
@given(HARMLESS)
def test_what_is_no_secret_stays_as_it_was(found: Any) -> None:
    assert loads(redacted_json(found)) == found
