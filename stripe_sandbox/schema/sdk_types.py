"""What the stripe SDK's generated classes say of Stripe's API, with every name resolved."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, get_origin, get_type_hints

from stripe._object_classes import OBJECT_CLASSES, V2_OBJECT_CLASSES

StripeClass = type
"""A class of the SDK's that describes an object of Stripe's, or a part of one."""


@cache
def object_class(kind: str) -> StripeClass:
    """The SDK's class of an `object` value such as `checkout.session`. KeyError: none."""
    module, name = OBJECT_CLASSES[kind] if kind in OBJECT_CLASSES else V2_OBJECT_CLASSES[kind]
    found: StripeClass = getattr(import_module(module), name)
    return found


@cache
def object_fields(cls: StripeClass) -> dict[str, Any]:
    """Field name to resolved annotation, for an object class or one nested in it."""
    module = sys.modules[cls.__module__]
    written: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ == cls.__module__:
            written |= inspect.get_annotations(base)
    # The SDK's own base classes speak of the SDK, not of Stripe: they stay out.
    own = type(cls.__name__, (), {"__annotations__": written})
    hints = get_type_hints(own, globalns=vars(module), localns=_ImportsForTyping.of(module))
    return {
        name: hint
        for name, hint in hints.items()
        if get_origin(hint) is not ClassVar and not name.startswith("_")
    }


class _ImportsForTyping(Mapping[str, Any]):
    """The names that a module imports under `if TYPE_CHECKING:` alone, each imported when it is
    asked for: most are of parameters, of which no field speaks."""

    def __init__(self, module: ModuleType) -> None:
        # What is imported stands before the first class; the rest can have thousands of lines.
        with Path(str(module.__file__)).open(encoding="utf-8") as lines:
            head = "".join(takewhile(lambda line: not line.startswith(("class ", "@")), lines))
        self._sources = {
            alias.asname or alias.name: (statement.module, alias.name)
            for node in ast.parse(head).body
            if isinstance(node, ast.If)
            for statement in node.body
            if isinstance(statement, ast.ImportFrom) and statement.module
            for alias in statement.names
        }

    @classmethod
    @cache
    def of(cls, module: ModuleType) -> _ImportsForTyping:
        """Those of the module."""
        return cls(module)

    def __getitem__(self, name: str) -> Any:
        module, attribute = self._sources[name]
        return getattr(import_module(module), attribute)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)
