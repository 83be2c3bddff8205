"""The fields of a shop's own that a Checkout Session asks for
(https://docs.stripe.com/payments/checkout/custom-fields)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_length

MAXIMUM_FIELDS = 3
MAXIMUM_OPTIONS = 200
LONGEST_KEY = 200
LONGEST_LABEL = 100
LONGEST_VALUE = 255
"""The most characters that a text or a number may have."""

_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+\Z")
_PATH = "checkout.session.CustomField"


def custom_fields(given: list[dict[str, Any]]) -> list[Object]:
    """The session's `custom_fields`, none of them filled in. StripeError: one is wrong."""
    if len(given) > MAXIMUM_FIELDS:
        raise errors.invalid(
            f"Array custom_fields exceeded maximum {MAXIMUM_FIELDS} allowed elements.",
            "custom_fields",
        )
    fields = [_field(field, f"custom_fields[{at}]") for at, field in enumerate(given)]
    if len({field["key"] for field in fields}) < len(fields):
        raise errors.invalid("Each `key` in `custom_fields` must be unique.", "custom_fields")
    return fields


def answered(fields: list[Object], answers: Mapping[str, str]) -> list[Object]:
    """The fields with the payer's answers, by key."""
    return [
        {**field, field["type"]: {**field[field["type"]], "value": answers.get(field["key"])}}
        for field in fields
    ]


def _field(given: dict[str, Any], param: str) -> Object:
    kind, label = given["type"], given["label"]["custom"]
    _check_alphanumeric(given["key"], LONGEST_KEY, f"{param}[key]")
    check_length(label, LONGEST_LABEL, f"{param}[label][custom]")
    for other in ("dropdown", "numeric", "text"):
        if other in given and other != kind:
            raise errors.invalid(
                f"You can not pass `{other}` when `type` is `{kind}`.", f"{param}[{other}]"
            )
    if kind == "dropdown" and "dropdown" not in given:
        raise errors.parameter_missing(f"{param}[dropdown]")
    read = _dropdown if kind == "dropdown" else _typed
    return build(
        _PATH,
        {
            "key": given["key"],
            "label": {"custom": label, "type": "custom"},
            "optional": given.get("optional", False),
            "type": kind,
            kind: read(given.get(kind, {}), kind, f"{param}[{kind}]"),
        },
    )


def _dropdown(given: dict[str, Any], _: str, param: str) -> Object:
    options = given["options"]
    if not 1 <= len(options) <= MAXIMUM_OPTIONS:
        raise errors.invalid(
            f"Array options exceeded maximum {MAXIMUM_OPTIONS} allowed elements."
            if options
            else "A dropdown must have at least one option.",
            f"{param}[options]",
        )
    for at, option in enumerate(options):
        check_length(option["label"], LONGEST_LABEL, f"{param}[options][{at}][label]")
        _check_alphanumeric(option["value"], LONGEST_LABEL, f"{param}[options][{at}][value]")
    values = [option["value"] for option in options]
    if len(set(values)) < len(values):
        raise errors.invalid("Each `value` in `options` must be unique.", f"{param}[options]")
    default = given.get("default_value")
    if default is not None and default not in values:
        raise errors.invalid(
            "The `default_value` must match the `value` of one of the `options`.",
            f"{param}[default_value]",
        )
    return build(f"{_PATH}.Dropdown", {"default_value": default, "options": options})


def _typed(given: dict[str, Any], kind: str, param: str) -> Object:
    low, high = given.get("minimum_length"), given.get("maximum_length")
    for name, length in (("minimum_length", low), ("maximum_length", high)):
        if length is not None and not 1 <= length <= LONGEST_VALUE:
            words = "greater than or equal to 1" if length < 1 else f"at most {LONGEST_VALUE}"
            raise errors.invalid(
                f"This value must be {words}.", f"{param}[{name}]", "parameter_invalid_integer"
            )
    if low is not None and high is not None and low > high:
        raise errors.invalid(
            "`minimum_length` must be less than or equal to `maximum_length`.",
            f"{param}[minimum_length]",
        )
    default = given.get("default_value")
    if default is not None:
        check_length(default, high or LONGEST_VALUE, f"{param}[default_value]")
        if kind == "numeric" and not (default.isascii() and default.isdigit()):
            raise errors.invalid(
                "The `default_value` of a numeric field must contain only digits.",
                f"{param}[default_value]",
            )
    return build(
        f"{_PATH}.{kind.capitalize()}",
        {"default_value": default, "maximum_length": high, "minimum_length": low},
    )


def _check_alphanumeric(text: str, longest: int, param: str) -> None:
    check_length(text, longest, param)
    if not _ALPHANUMERIC.match(text):
        raise errors.invalid(f"Invalid string: {text}; must be alphanumeric", param)
