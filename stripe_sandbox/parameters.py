"""Requests checked as Stripe checks them, by the SDK's own TypedDicts in `stripe.params`.

A TypedDict becomes, once and only as deep as requests reach, a tree of readers; a reader turns a
form's text into a typed value or raises Stripe's error for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Protocol,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from stripe_sandbox import errors
from stripe_sandbox.form import Form

METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
MAXIMUM_TEXT = 5_000

_INTEGER = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)
_OPTIONS = frozenset(RequestOptions.__annotations__)
_OPTION_NAMES = {"Mapping": Mapping, "StripeContext": object}


class Reader(Protocol):
    """Reads one parameter."""

    def read(self, value: Form, path: str) -> Any:
        """The typed value of the form's; StripeError when it does not fit."""
        ...


def _ruby(value: Form) -> str:
    """A nested value as Stripe's messages show it."""
    if isinstance(value, str):
        return f'"{value}"'
    return "{" + ", ".join(f'"{key}"=>{_ruby(inner)}' for key, inner in value.items()) + "}"


class Text:
    """A string."""

    def read(self, value: Form, path: str) -> str:
        if not isinstance(value, str):
            raise errors.bad_parameter(f"Invalid string: {_ruby(value)}", path)
        if not value:
            raise errors.parameter_empty(path)
        if len(value) > MAXIMUM_TEXT:
            raise errors.bad_parameter(
                f"Invalid string: {value[:10]}...{value[-10:]}; must be at most "
                f"{MAXIMUM_TEXT} characters",
                path,
            )
        if "\x00" in value:
            raise errors.bad_parameter("Invalid string: must not hold a null character", path)
        return value


class Whole:
    """An integer."""

    def read(self, value: Form, path: str) -> int:
        if isinstance(value, str) and not value:
            raise errors.parameter_empty(path)
        if not isinstance(value, str) or not _INTEGER.match(value):
            shown = value if isinstance(value, str) else _ruby(value)
            raise errors.bad_parameter(
                f"Invalid integer: {shown}", path, "parameter_invalid_integer"
            )
        return int(value)


class Truth:
    """A boolean."""

    def read(self, value: Form, path: str) -> bool:
        if value == "true" or value == "false":
            return value == "true"
        if value == "":
            raise errors.parameter_empty(path)
        shown = value if isinstance(value, str) else _ruby(value)
        raise errors.bad_parameter(f"Invalid boolean: {shown}", path)


class Fraction:
    """A decimal number, kept as its text; `whole_floats` gives a float instead."""

    def __init__(self, *, as_float: bool) -> None:
        self.as_float = as_float

    def read(self, value: Form, path: str) -> str | float:
        if value == "":
            raise errors.parameter_empty(path)
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            shown = value if isinstance(value, str) else _ruby(value)
            raise errors.bad_parameter(f"Invalid decimal: {shown}", path)
        return float(number) if self.as_float else format(number, "f")


class OneOf:
    """One of a few words."""

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


class Pairs:
    """Names to strings; where it is metadata, within Stripe's limits. An empty value unsets."""

    def read(self, value: Form, path: str) -> dict[str, str]:
        if not isinstance(value, dict):
            raise errors.bad_parameter("Invalid object", path)
        if len(value) > METADATA_KEYS:
            raise errors.bad_parameter(
                f"Metadata can have up to {METADATA_KEYS} keys, but you passed in {len(value)}.",
                path,
            )
        pairs: dict[str, str] = {}
        for key, inner in value.items():
            if not isinstance(inner, str):
                raise errors.bad_parameter(f"Invalid string: {_ruby(inner)}", f"{path}[{key}]")
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
            pairs[key] = inner
        return pairs


class Emptyable:
    """What an empty string unsets: read as None then."""

    def __init__(self, inner: Reader) -> None:
        self.inner = inner

    def read(self, value: Form, path: str) -> Any:
        return None if value == "" else self.inner.read(value, path)


class Either:
    """Fields or a plain value; a plain value of several kinds is tried in turn."""

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


class Fields:
    """The parameters of an endpoint, or of an object inside them."""

    def __init__(self, cls: type) -> None:
        hints = get_type_hints(cls, localns=_OPTION_NAMES, include_extras=True)
        self.required: list[str] = []
        self._hints: dict[str, Any] = {}
        self._readers: dict[str, Reader] = {}
        for name, hint in hints.items():
            if name in _OPTIONS:
                continue
            optional = get_origin(hint) is NotRequired
            if get_origin(hint) in (NotRequired, Required):
                hint = get_args(hint)[0]
            public = name.rstrip("_")
            self._hints[public] = hint
            if not optional:
                self.required.append(public)

    def names(self) -> frozenset[str]:
        """What Stripe knows here."""
        return frozenset(self._hints)

    def reader(self, name: str) -> Reader:
        """The reader of one of `names()`."""
        if name not in self._readers:
            self._readers[name] = _reader(self._hints[name])
        return self._readers[name]

    def read(self, value: Form, path: str) -> dict[str, Any]:
        if value == "":
            raise errors.parameter_empty(path)
        if not isinstance(value, dict):
            raise errors.bad_parameter("Invalid object", path)
        unknown = [_join(path, name) for name in value if name not in self._hints]
        if unknown:
            raise errors.parameter_unknown(unknown)
        for name in self.required:
            if name not in value:
                raise errors.parameter_missing(_join(path, name))
        return {
            name: self.reader(name).read(inner, _join(path, name)) for name, inner in value.items()
        }


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


@cache
def fields_of(cls: type) -> Fields:
    """The reader of one of the SDK's parameter TypedDicts."""
    return Fields(cls)


def _reader(hint: Any) -> Reader:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _union(get_args(hint))
    if origin is Literal:
        return _union((hint,))
    if origin is list:
        return Array(_reader(get_args(hint)[0]))
    if origin is dict or origin is UntypedStripeObject:
        return Pairs()
    if is_typeddict(hint):
        return fields_of(hint)
    plain: dict[Any, Reader] = {
        str: Text(),
        int: Whole(),
        bool: Truth(),
        float: Fraction(as_float=True),
        Decimal: Fraction(as_float=False),
    }
    return plain[hint]


def _union(members: tuple[Any, ...]) -> Reader:
    """`Literal[…] | str` is the SDK's way to say "one of"; `Literal['']` that it can be unset."""
    words = [
        value for member in members if get_origin(member) is Literal for value in get_args(member)
    ]
    others = [
        member
        for member in members
        if get_origin(member) is not Literal
        and member is not type(None)
        and get_origin(member) is not UntypedStripeObject
    ]
    emptyable = "" in words
    words = [word for word in words if word != ""]
    if words and str in others:
        others.remove(str)
    nested = [
        member for member in others if is_typeddict(member) or get_origin(member) in (list, dict)
    ]
    plain: list[Reader] = [_reader(member) for member in others if member not in nested]
    if words:
        plain.append(OneOf(tuple(words)))
    reader: Reader
    if len(nested) + len(plain) == 1:
        reader = plain[0] if plain else _reader(nested[0])
    else:
        reader = Either(_reader(nested[0]) if nested else None, tuple(plain))
    return Emptyable(reader) if emptyable else reader


class Simulated:
    """Which of Stripe's parameters an endpoint of the sandbox acts on; the rest is refused."""

    def __init__(self, cls: type, paths: Iterable[str]) -> None:
        self.fields = fields_of(cls)
        self.paths = frozenset(paths)
        self._branches = frozenset(
            path.rsplit(".", depth)[0]
            for path in self.paths
            for depth in range(1, path.count(".") + 1)
        )

    def read(self, form: dict[str, Form]) -> dict[str, Any]:
        """The typed parameters. StripeError: Stripe would refuse them, or we do not simulate."""
        values = self.fields.read(form, "")
        self._check(values, "", "")
        return values

    def _check(self, values: Mapping[str, Any], pattern: str, path: str) -> None:
        for name, value in values.items():
            here = f"{pattern}.{name}" if pattern else name
            shown = _join(path, name)
            if here in self.paths:
                continue
            if here not in self._branches:
                raise errors.not_simulated(shown)
            if isinstance(value, dict):
                self._check(value, here, shown)
            elif isinstance(value, list):
                for index, inner in enumerate(value):
                    self._check(inner, here, f"{shown}[{index}]")
