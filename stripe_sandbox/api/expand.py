"""Expansion (https://docs.stripe.com/api/expanding_objects), by the types that the SDK gives to
fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.schema.objects import only_expanded
from stripe_sandbox.schema.references import Reference, reference
from stripe_sandbox.schema.sdk_types import StripeClass, object_class
from stripe_sandbox.storage.objects import Object, Objects
from stripe_sandbox.storage.tables import TABLES
from stripe_sandbox.versions.change import FormerField, Lookup

MAXIMUM_DEPTH = 4

Include = Callable[[Object], Any]
"""Returns, for an object, the value of a field, its own or a part's, that answers hold only when it
is expanded; None: it does not apply, and is left out."""


class Expander:
    """Replaces ids by the objects they name, and adds what only expansion shows."""

    def __init__(
        self,
        objects: Objects,
        includes: Callable[[], Mapping[tuple[type, str], Include]],
        former: Mapping[tuple[type, str], FormerField] | None = None,
    ) -> None:
        """`includes` is called at the first expansion, as it loads the SDK's classes; `former`: the
        fields that an older version has besides."""
        self._objects = objects
        self._find_includes = includes
        self._former = former or {}

    @cached_property
    def _includes(self) -> Mapping[tuple[type, str], Include]:
        return self._find_includes()

    def with_fields(self, former: Mapping[tuple[type, str], FormerField]) -> Expander:
        """The same, for a version that has these fields besides."""
        return Expander(self._objects, lambda: self._includes, former)

    def _reference(self, cls: StripeClass, name: str) -> Reference | None:
        former = self._former.get((cls, name))
        if former is None:
            return reference(cls, name)
        return Reference(object_class(former.returns), is_list=False, expandable=former.expandable)

    def check(self, kind: str, paths: list[str], *, lists: bool) -> None:
        """Raise a StripeError if one of the paths cannot be expanded in an answer of that kind."""
        for path in paths:
            names = path.split(".")
            if len(names) > MAXIMUM_DEPTH:
                raise errors.bad_parameter(
                    f"You cannot expand more than {MAXIMUM_DEPTH} levels of a property. "
                    f"Property: {path}",
                    "expand",
                    "property_expansion_max_depth",
                )
            if lists and names[0] != "data":
                raise errors.bad_parameter(
                    f"This property cannot be expanded ({path}). You may want to try expanding "
                    f"'data.{path}' instead.",
                    "expand",
                )
            self._check_names(object_class(kind), names[1:] if lists else names, path)

    def _check_names(self, cls: StripeClass, names: list[str], path: str) -> None:
        refusal = errors.bad_parameter(f"This property cannot be expanded ({path}).", "expand")
        can_end = in_list = False
        current: StripeClass | None = cls
        for name in names:
            if in_list and name == "data":
                in_list = can_end = False
                continue
            found = None if current is None or in_list else self._reference(current, name)
            if found is None or current is None:
                raise refusal
            if only_expanded(current, name) and (current, name) not in self._includes:
                raise errors.not_simulated("expand", f"the expansion of {path}")
            can_end = found.expandable or (current, name) in self._includes
            current, in_list = found.target, found.is_list
        if not can_end:
            raise refusal

    def apply(self, kind: str, value: Object, paths: list[str]) -> None:
        """Expand the paths inside the answer; `check` has accepted them."""
        for path in sorted(paths):
            self._walk(value, object_class(kind), path.split("."), value)

    def _walk(self, value: Any, cls: StripeClass, names: list[str], owner: Object) -> None:
        """Expand the path inside the value; `owner` is the object that it is a part of."""
        if isinstance(value, list):
            for inner in value:
                self._walk(inner, cls, names, owner)
            return
        if not names or not isinstance(value, dict):
            return
        name, *rest = names
        if "object" in value:
            owner = value
        if name == "data" and value.get("object") in ("list", "search_result"):
            self._walk(value["data"], cls, rest, owner)
            return
        found = self._reference(cls, name)
        if found is None:
            return
        former = self._former.get((cls, name))
        if former is not None and name not in value:
            value[name] = former.read(value, Lookup(self._objects))
        include = self._includes.get((cls, name))
        if include is not None and name not in value:
            included = include(owner)
            if included is not None:
                value[name] = included
        if found.target is None:
            return
        if include is None and found.expandable:
            value[name] = self._loaded(value.get(name), found.target)
        self._walk(value.get(name), found.target, rest, owner)

    def _loaded(self, held: Any, target: StripeClass) -> Any:
        if isinstance(held, list):
            return [self._loaded(inner, target) for inner in held]
        if not isinstance(held, str):
            return held
        kind = str(getattr(target, "OBJECT_NAME", ""))
        if kind not in TABLES:
            return held
        return self._objects.get(kind, held) or self._objects.deleted(kind, held) or held
