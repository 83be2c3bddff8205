"""Checks parameters as Stripe does, by the SDK's own TypedDicts in `stripe.params`.

A TypedDict becomes, once and only as deep as requests reach, a tree of readers; a reader turns a
form's text into a typed value or raises Stripe's error for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, cached_property
from types import UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
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
from stripe_sandbox.parameters import param_types
from stripe_sandbox.parameters.form import Form
from stripe_sandbox.parameters.param_types import Reader
from stripe_sandbox.parameters.unpublished import check_removed, with_unpublished

_OPTIONS = frozenset(RequestOptions.__annotations__)
_OPTION_NAMES = {"Mapping": Mapping, "StripeContext": object}


class ParamsSchema:
    """The parameters of an endpoint, or of an object inside them."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        hints = get_type_hints(cls, localns=_OPTION_NAMES, include_extras=True)
        self.required: list[str] = []
        self._hints: dict[str, Any] = {}
        self._readers: dict[str, Reader] = {}
        for name, hint in with_unpublished(cls, hints).items():
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
        """The names of Stripe's parameters here."""
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
            check_removed(self._cls, value)
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
def schema_of(cls: type) -> ParamsSchema:
    """The schema of one of the SDK's parameter TypedDicts."""
    return ParamsSchema(cls)


def _reader(hint: Any) -> Reader:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _union(get_args(hint))
    if origin is Literal:
        return _union((hint,))
    if origin is list:
        return param_types.Array(_reader(get_args(hint)[0]))
    if origin is dict or origin is UntypedStripeObject:
        held = get_args(hint)[-1]
        return param_types.Map(schema_of(held)) if is_typeddict(held) else param_types.StringMap()
    if is_typeddict(hint):
        return schema_of(hint)
    plain: dict[Any, Reader] = {
        str: param_types.String(),
        int: param_types.Integer(),
        bool: param_types.Boolean(),
        float: param_types.Decimal(as_float=True),
        Decimal: param_types.Decimal(as_float=False),
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
        plain.append(param_types.OneOf(tuple(words)))
    reader: Reader
    if len(nested) + len(plain) == 1:
        reader = plain[0] if plain else _reader(nested[0])
    else:
        reader = param_types.Union(_reader(nested[0]) if nested else None, tuple(plain))
    return param_types.Emptyable(reader) if emptyable else reader


class SimulatedParams:
    """The parameters that an endpoint of the sandbox acts on; those that only Stripe has are
    refused."""

    def __init__(self, cls: type, paths: Iterable[str]) -> None:
        self._cls = cls
        self.paths = frozenset(paths)
        self._branches = frozenset(
            path.rsplit(".", depth)[0]
            for path in self.paths
            for depth in range(1, path.count(".") + 1)
        )

    @cached_property
    def fields(self) -> ParamsSchema:
        """All that Stripe has, looked through at the first request."""
        return schema_of(self._cls)

    def read(self, form: dict[str, Form]) -> dict[str, Any]:
        """The typed parameters. StripeError: Stripe would refuse them, or the sandbox does not
        simulate them."""
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
