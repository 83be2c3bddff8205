"""Where, inside objects, there can be objects that a version has otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_sandbox.schema.objects import only_expanded
from stripe_sandbox.schema.references import reference
from stripe_sandbox.schema.sdk_types import StripeClass, object_class, object_fields
from stripe_sandbox.storage.tables import TABLES
from stripe_sandbox.versions.change import FormerField

_KINDS = frozenset((*TABLES, "item", "line_item", "plan", "subscription_item"))
"""The kinds of objects that the sandbox has."""


class Nesting:
    """`changed` are the kinds that the version has otherwise, `former` the fields that it has
    besides."""

    def __init__(
        self, changed: frozenset[str], former: Mapping[tuple[type, str], FormerField]
    ) -> None:
        self._changed = changed
        self._former = former
        self._fields: dict[StripeClass, tuple[tuple[str, StripeClass], ...]] = {}
        self._changes: dict[str, bool] = {}

    def fields(self, cls: StripeClass) -> tuple[tuple[str, StripeClass], ...]:
        """The fields of the SDK's class that hold objects, expanded or not, or parts with such
        fields, each with the class that it leads to."""
        found = self._fields.get(cls)
        if found is None:
            held = [
                (name, to.target)
                for name in object_fields(cls)
                if (to := reference(cls, name)) and to.target is not None
            ]
            own = [pair for pair in held if _is_object(pair[1]) or self._is_part(pair[1])]
            own += [
                (name, object_class(former.returns))
                for (of, name), former in self._former.items()
                if of is cls
            ]
            found = self._fields[cls] = tuple(own)
        return found

    def _is_part(self, cls: StripeClass) -> bool:
        return not hasattr(cls, "OBJECT_NAME") and bool(self.fields(cls))

    def changes(self, kind: str) -> bool:
        """Whether an object of the kind, with nothing expanded in it, is otherwise."""
        found = self._changes.get(kind)
        if found is None:
            found = self._changes[kind] = self._holds_changed(object_class(kind), set())
        return found

    def _holds_changed(self, cls: StripeClass, seen: set[StripeClass]) -> bool:
        if getattr(cls, "OBJECT_NAME", None) in self._changed:
            return True
        seen.add(cls)
        for name, target in self.fields(cls):
            held = reference(cls, name)
            if held is None or held.expandable or only_expanded(cls, name) or target in seen:
                continue
            if self._holds_changed(target, seen):
                return True
        return False


def _is_object(cls: StripeClass) -> bool:
    return getattr(cls, "OBJECT_NAME", None) in _KINDS
