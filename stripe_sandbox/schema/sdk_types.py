"""What the stripe SDK's generated classes say of Stripe's API, with every name resolved."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar, get_origin, get_type_hints

from stripe._object_classes import OBJECT_CLASSES

StripeClass = type
"""A class of the SDK's that describes an object of Stripe's, or a part of one."""


@cache
def object_class(kind: str) -> StripeClass:
    """The SDK's class of an `object` value such as `checkout.session`. KeyError: none."""
    module, name = OBJECT_CLASSES[kind]
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
    hints = get_type_hints(own, globalns={**vars(module), **_imports_for_typing(module)})
    return {
        name: hint
        for name, hint in hints.items()
        if get_origin(hint) is not ClassVar and not name.startswith("_")
    }


@cache
def _imports_for_typing(module: ModuleType) -> dict[str, Any]:
    """The names that a module imports under `if TYPE_CHECKING:` alone."""
    names: dict[str, Any] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.If):
            continue
        for statement in node.body:
            if isinstance(statement, ast.ImportFrom) and statement.module:
                source = import_module(statement.module)
                for alias in statement.names:
                    if hasattr(source, alias.name):
                        names[alias.asname or alias.name] = getattr(source, alias.name)
    return names
