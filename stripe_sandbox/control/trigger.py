"""Test events: sent because somebody asked for it, about a real object as it is now."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.event_log import event_types
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.storage.tables import TABLES

# What types of events call a kind of object, where that is not its name.
_NAMES = {
    "charge.dispute": "dispute",
    "charge.refund": "refund",
    "customer.discount": "discount",
    "customer.subscription": "subscription",
}
_NO_OBJECT = {"invoice.upcoming": "an invoice that is not made yet: advance the clock instead"}


class Trigger:
    """Records test events, which are delivered as any other. Their ids begin with `TEST_ID`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def types(self, query: JsonFields) -> dict[str, Any]:
        """The `types` of event that fit the `object` with that id, whose kind is its `object`."""
        subject = self._object(query.text("object", ""), query)
        query.reject_unknown()
        return {"object": subject["object"], "types": _fitting(subject["object"])}

    def send(self, fields: JsonFields) -> dict[str, Any]:
        """Record an event of the `type` about the `object` with that id, and return it.
        StripeError: there is no such type or object, or the one does not fit the other."""
        name, identifier = fields.text("type", ""), fields.text("object", "")
        if name not in event_types():
            raise fields.refusal("type", f"Stripe has no snapshot event of the type {name!r:.100}.")
        if name in _NO_OBJECT:
            raise fields.refusal("type", f"{name} is about {_NO_OBJECT[name]}.")
        if kind_of(name) is None:
            raise errors.not_simulated("type", f"events of the type {name}")
        subject = self._object(identifier, fields)
        fields.reject_unknown()
        kind = subject["object"]
        if kind_of(name) != kind:
            fitting = ", ".join(_fitting(kind)) or "none"
            raise fields.refusal(
                "type",
                f"{name} is about a {kind_of(name)}, but {identifier} is a {kind}. Types that fit: "
                f"{fitting}.",
            )
        with self._backend.database.transaction():
            event = self._backend.events.record(name, subject, is_test=True)
        return self._backend.events.get(event) or {}

    def _object(self, identifier: str, fields: JsonFields) -> Object:
        for kind in TABLES:
            if found := self._backend.objects.get(kind, identifier):
                return found
        raise fields.refusal("object", f"No such object: {identifier!r:.100}")


def kind_of(name: str) -> str | None:
    """The kind of object that a type of event is about; None where the sandbox has none such."""
    subject = name.rpartition(".")[0]
    kind = _NAMES.get(subject, subject)
    return kind if kind in TABLES else None


def _fitting(kind: str) -> list[str]:
    return sorted(
        name for name in event_types() if name not in _NO_OBJECT and kind_of(name) == kind
    )
