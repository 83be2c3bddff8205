"""Readers of single parameters: a form's text in, a typed value out, or Stripe's error for it."""

from __future__ import annotations

import decimal
import re
from typing import Any, Protocol

from stripe_sandbox import errors
from stripe_sandbox.parameters.form import Form

METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
MAXIMUM_TEXT = 5_000
MAXIMUM_TEXTS = {"evidence": 20_000}
"""Of the texts in these parameters."""
NO_NULL = "Invalid string: must not hold a null character"

MAXIMUM_DIGITS = 20
"""Of a decimal number, before and behind its point."""

_INTEGER = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)


class Reader(Protocol):
    """Reads one parameter."""

    def read(self, value: Form, path: str) -> Any:
        """The typed value of the form's. StripeError: it is none; `path` names it."""
        ...


def _ruby_inspect(value: Form) -> str:
    """A nested value as Stripe's messages show it."""
    if isinstance(value, str):
        return f'"{value}"'
    return "{" + ", ".join(f'"{key}"=>{_ruby_inspect(inner)}' for key, inner in value.items()) + "}"


class String:
    """A string."""

    def read(self, value: Form, path: str) -> str:
        if not isinstance(value, str):
            raise errors.bad_parameter(f"Invalid string: {_ruby_inspect(value)}", path)
        if not value:
            raise errors.parameter_empty(path)
        longest = MAXIMUM_TEXTS.get(path.partition("[")[0], MAXIMUM_TEXT)
        if len(value) > longest:
            raise errors.bad_parameter(
                f"Invalid string: {value[:10]}...{value[-10:]}; must be at most "
                f"{longest} characters",
                path,
            )
        if "\x00" in value:
            raise errors.bad_parameter(NO_NULL, path)
        return value


class Integer:
    """An integer."""

    def read(self, value: Form, path: str) -> int:
        if isinstance(value, str) and not value:
            raise errors.parameter_empty(path)
        if not isinstance(value, str) or not _INTEGER.match(value):
            shown = value if isinstance(value, str) else _ruby_inspect(value)
            raise errors.bad_parameter(
                f"Invalid integer: {shown}", path, "parameter_invalid_integer"
            )
        return int(value)


_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}
"""As SDKs write them: Python's began with a capital up to major 11."""


class Boolean:
    """A boolean."""

    def read(self, value: Form, path: str) -> bool:
        if isinstance(value, str) and value in _BOOLEANS:
            return _BOOLEANS[value]
        if value == "":
            raise errors.parameter_empty(path)
        shown = value if isinstance(value, str) else _ruby_inspect(value)
        raise errors.bad_parameter(f"Invalid boolean: {shown}", path)


class Decimal:
    """A decimal number: its plain text, or a float."""

    def __init__(self, *, as_float: bool) -> None:
        self.as_float = as_float

    def read(self, value: Form, path: str) -> str | float:
        if value == "":
            raise errors.parameter_empty(path)
        try:
            number = decimal.Decimal(value) if isinstance(value, str) else None
        except decimal.InvalidOperation:
            number = None
        if number is None or not _is_short(number):
            shown = value if isinstance(value, str) else _ruby_inspect(value)
            raise errors.bad_parameter(f"Invalid decimal: {shown}", path)
        return float(number) if self.as_float else format(number, "f")


def _is_short(number: decimal.Decimal) -> bool:
    """Whether it can be written out: `1e999999999` would fill the memory."""
    digits, exponent = number.as_tuple()[1:]
    return isinstance(exponent, int) and len(digits) + abs(exponent) <= MAXIMUM_DIGITS


class OneOf:
    """One of a few values."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.words = {str(value): value for value in values}
        *most, last = self.words
        self.listed = last
        if most:
            self.listed = ", ".join(most) + (", or " if len(most) > 1 else " or ") + last

    def read(self, value: Form, path: str) -> Any:
        if value == "":
            raise errors.parameter_empty(path)
        if not isinstance(value, str) or value not in self.words:
            raise errors.bad_parameter(f"Invalid {path}: must be one of {self.listed}", path)
        return self.words[value]


class Array:
    """A list."""

    def __init__(self, item: Reader) -> None:
        self.item = item

    def read(self, value: Form, path: str) -> list[Any]:
        if value == "":
            raise errors.parameter_empty(path)
        if not isinstance(value, dict) or not all(
            key.isascii() and key.isdigit() and len(key) <= 5 for key in value
        ):
            raise errors.bad_parameter("Invalid array", path)
        return [self.item.read(value[key], f"{path}[{key}]") for key in sorted(value, key=int)]


class StringMap:
    """Strings by name, within Stripe's limits for metadata. An empty value unsets its name."""

    def read(self, value: Form, path: str) -> dict[str, str]:
        if not isinstance(value, dict):
            raise errors.bad_parameter("Invalid object", path)
        if len(value) > METADATA_KEYS:
            raise errors.bad_parameter(
                f"Metadata can have up to {METADATA_KEYS} keys, but you've set {len(value)}.",
                path,
            )
        pairs: dict[str, str] = {}
        for key, inner in value.items():
            if not isinstance(inner, str):
                raise errors.bad_parameter(
                    f"Invalid string: {_ruby_inspect(inner)}", f"{path}[{key}]"
                )
            if len(key) > METADATA_KEY_LENGTH:
                raise errors.bad_parameter(
                    f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, but you "
                    f"passed in a key that is {len(key)} characters. Invalid key: {key}",
                    path,
                )
            if len(inner) > METADATA_VALUE_LENGTH:
                raise errors.bad_parameter(
                    f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you "
                    f"passed in a value that is {len(inner)} characters. Invalid value: {inner}",
                    f"{path}[{key}]",
                )
            if "\x00" in inner:
                raise errors.bad_parameter(NO_NULL, f"{path}[{key}]")
            pairs[key] = inner
        return pairs


class Map:
    """Nested parameters by name."""

    def __init__(self, item: Reader) -> None:
        self.item = item

    def read(self, value: Form, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise errors.bad_parameter("Invalid object", path)
        return {key: self.item.read(inner, f"{path}[{key}]") for key, inner in value.items()}


class Emptyable:
    """A value that an empty string unsets: None then."""

    def __init__(self, inner: Reader) -> None:
        self.inner = inner

    def read(self, value: Form, path: str) -> Any:
        return None if value == "" else self.inner.read(value, path)


class Union:
    """Nested parameters or a plain value; plain types are tried one after the other."""

    def __init__(self, nested: Reader | None, plain: tuple[Reader, ...]) -> None:
        self.nested = nested
        self.plain = plain

    def read(self, value: Form, path: str) -> Any:
        if self.nested is not None and (isinstance(value, dict) or not self.plain):
            return self.nested.read(value, path)
        for reader in self.plain[:-1]:
            try:
                return reader.read(value, path)
            except errors.StripeError:
                continue
        return self.plain[-1].read(value, path)
