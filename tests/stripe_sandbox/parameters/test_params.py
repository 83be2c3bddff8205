"""Requests are checked as Stripe checks them, by the types the SDK publishes."""

from __future__ import annotations

from typing import Any

import pytest
from stripe.params._customer_update_params import CustomerUpdateParams
from stripe.params._subscription_update_params import SubscriptionUpdateParams
from stripe.params.checkout._session_create_params import SessionCreateParams
from stripe.params.checkout._session_list_params import SessionListParams

from stripe_sandbox.errors import StripeError
from stripe_sandbox.parameters import form
from stripe_sandbox.parameters.params import SimulatedParams, schema_of
from tests.support.stripe.sandbox_server import SandboxServer

_KNOWN = SimulatedParams(SessionCreateParams, schema_of(SessionCreateParams).names())


def _error(text: str, checker: SimulatedParams = _KNOWN) -> StripeError:
    with pytest.raises(StripeError) as caught:
        checker.read(form.decode(text))
    assert caught.value.status == 400
    assert caught.value.type == "invalid_request_error"
    return caught.value


@pytest.mark.parametrize(
    ("text", "message", "param", "code"),
    [
        ("foo=1", "Received unknown parameter: foo", "foo", "parameter_unknown"),
        ("foo=1&bar=2", "Received unknown parameters: foo, bar", "foo", "parameter_unknown"),
        (
            "line_items[0][foo]=1",
            "Received unknown parameter: line_items[0][foo]",
            "line_items[0][foo]",
            "parameter_unknown",
        ),
        (
            "line_items[0][price_data][unit_amount]=1",
            "Missing required param: line_items[0][price_data][currency].",
            "line_items[0][price_data][currency]",
            "parameter_missing",
        ),
        ("expires_at=abc", "Invalid integer: abc", "expires_at", "parameter_invalid_integer"),
        (
            "line_items[0][quantity]=2.5",
            "Invalid integer: 2.5",
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            "line_items[0][quantity]=" + "9" * 30,
            "Invalid integer: " + "9" * 30,
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        ("allow_promotion_codes=yes", "Invalid boolean: yes", "allow_promotion_codes", None),
        (
            "subscription_data[application_fee_percent]=x",
            "Invalid decimal: x",
            "subscription_data[application_fee_percent]",
            None,
        ),
        (
            "mode=gift",
            "Invalid mode: must be one of payment, setup, or subscription",
            "mode",
            None,
        ),
        (
            "customer_creation=never",
            "Invalid customer_creation: must be one of always or if_required",
            "customer_creation",
            None,
        ),
        ("line_items=3", "Invalid array", "line_items", None),
        ("line_items[first][price]=x", "Invalid array", "line_items", None),
        ("line_items[0]=x", "Invalid object", "line_items[0]", None),
        ("metadata=x", "Invalid object", "metadata", None),
        ("customer[id]=x", 'Invalid string: {"id"=>"x"}', "customer", None),
        ("metadata[a][b]=x", 'Invalid string: {"b"=>"x"}', "metadata[a]", None),
    ],
)
def test_a_wrong_parameter_is_named(text: str, message: str, param: str, code: str | None) -> None:
    """Unknown, missing, of a wrong type, none of the words: Stripe's message, param and code."""
    error = _error(text)
    assert (error.message, error.param, error.code) == (message, param, code)


def test_an_empty_string_is_no_value() -> None:
    """What cannot be unset does not take an empty string."""
    error = _error("customer=")
    assert (error.code, error.param) == ("parameter_invalid_empty", "customer")
    assert error.message.startswith("You passed an empty string for 'customer'.")
    for text in ("mode=", "expires_at=", "allow_promotion_codes=", "line_items="):
        assert _error(text).code == "parameter_invalid_empty"


def test_an_empty_string_unsets_what_can_be_unset() -> None:
    """Where the SDK's type has a `Literal['']`, an empty string is read as null."""
    checker = SimulatedParams(CustomerUpdateParams, schema_of(CustomerUpdateParams).names())
    assert checker.read(form.decode("metadata=&address=&email=a@b.c")) == {
        "metadata": None,
        "address": None,
        "email": "a@b.c",
    }


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({f"key{index}": "x" for index in range(51)}, "up to 50 keys"),
        ({"k" * 41: "x"}, "Metadata keys can have up to 40 characters"),
        ({"key": "v" * 501}, "Metadata values can have up to 500 characters"),
    ],
)
def test_metadata_has_limits(metadata: dict[str, str], words: str) -> None:
    """50 keys, names of 40 characters, values of 500; at the limit it is taken."""
    assert words in _error(form.encode({"metadata": metadata})).message
    right = {"k" * 40: "v" * 500, **{f"key{index}": "x" for index in range(49)}}
    assert _KNOWN.read(form.decode(form.encode({"metadata": right})))["metadata"] == right


def test_values_come_back_typed() -> None:
    """Numbers, truths, lists and nested fields are what the types say."""
    given: dict[str, Any] = {
        "mode": "payment",
        "expires_at": 1_700_000_000,
        "allow_promotion_codes": True,
        "line_items": [{"price": "price_1", "quantity": 2}, {"price": "price_2", "quantity": 1}],
        "metadata": {"a b": "ü & =", "empty": ""},
    }
    assert _KNOWN.read(form.decode(form.encode(given))) == given


def test_a_filter_is_a_number_or_a_range() -> None:
    """`created` takes both, and refuses what is neither."""
    checker = SimulatedParams(SessionListParams, schema_of(SessionListParams).names())
    assert checker.read(form.decode("created=5")) == {"created": 5}
    assert checker.read(form.decode("created[gte]=5&created[lt]=9")) == {
        "created": {"gte": 5, "lt": 9}
    }
    assert _error("created=x", checker).message == "Invalid integer: x"
    assert _error("created[than]=1", checker).code == "parameter_unknown"


def test_a_word_or_a_number_is_read_as_what_it_is() -> None:
    """Where the type is a word or a moment, both are taken, and nothing else."""
    names = schema_of(SubscriptionUpdateParams).names()
    checker = SimulatedParams(SubscriptionUpdateParams, names)
    assert checker.read(form.decode("trial_end=now")) == {"trial_end": "now"}
    assert checker.read(form.decode("trial_end=1700000000")) == {"trial_end": 1_700_000_000}
    assert _error("trial_end=soon", checker).param == "trial_end"


def test_what_stripe_has_and_the_sandbox_has_not_is_refused_by_name(
    shared_server: SandboxServer,
) -> None:
    """A documented parameter is never silently ignored."""
    for name in (
        "shipping_options[0][shipping_rate]",
        "shipping_address_collection[allowed_countries][0]",
    ):
        answer = shared_server.post(
            "/v1/checkout/sessions",
            form.encode(shared_server.params()) + f"&{name}=US",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )
        error = answer.json()["error"]
        assert answer.status_code == 400
        assert error["param"] == name.split("[")[0]
        assert "local sandbox does not simulate" in error["message"]
        assert name.split("[")[0] in error["message"]


def test_request_options_are_no_parameters() -> None:
    """The SDK's own options in its TypedDicts are unknown to the API."""
    for name in ("api_key", "idempotency_key", "stripe_account"):
        assert _error(f"{name}=x").code == "parameter_unknown"
