"""Where fields lead, by the types that the SDK gives them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject

from stripe_sandbox.schema.sdk_types import StripeClass, object_fields


@dataclass(frozen=True)
class Reference:
    """Where a field leads: into `target` (a class, or None), whether it holds a list object, and
    whether the field holds an id that can be replaced by the object."""

    target: StripeClass | None
    is_list: bool
    expandable: bool


@cache
def reference(cls: StripeClass, name: str) -> Reference | None:
    hint = object_fields(cls).get(name)
    return None if hint is None else _classified(hint)


def _classified(hint: Any) -> Reference:
    origin = get_origin(hint)
    if origin is list:
        return _classified(get_args(hint)[0])
    if origin in (Union, UnionType):
        members = get_args(hint)
        found = [_classified(member) for member in members if member not in (str, type(None))]
        targets = [member for member in found if member.target is not None]
        if not targets:
            return Reference(None, is_list=False, expandable=False)
        return Reference(
            targets[0].target,
            targets[0].is_list,
            expandable=str in members or targets[0].expandable,
        )
    if origin is ListObject:
        return Reference(_classified(get_args(hint)[0]).target, is_list=True, expandable=False)
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return Reference(hint, is_list=False, expandable=False)
    return Reference(None, is_list=False, expandable=False)
