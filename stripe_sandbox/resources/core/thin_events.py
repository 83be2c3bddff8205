"""The thin events of what happens (https://docs.stripe.com/event-destinations#thin-payload).

Every recorded event has one, whose id is made of its own; some events are thin only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from stripe_sandbox.event_log import THIN_ID, is_thin_only
from stripe_sandbox.schema.objects import build
from stripe_sandbox.schema.sdk_types import object_class
from stripe_sandbox.storage.objects import Object

KIND = "v2.core.event"
_SNAPSHOT_ID = "evt_"
_SINGLETONS = ("balance",)
_UPCOMING = "invoice.upcoming"
_UNRELATED = (_UPCOMING, "billing_portal.session.created")


def moment(seconds: int) -> str:
    """Unix seconds as /v2 writes times: `2026-09-30T12:00:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stored_id(thin_id: str) -> list[str]:
    """The ids under which the event of a thin one may be recorded: its own, or the snapshot's."""
    return [thin_id, _SNAPSHOT_ID + thin_id.removeprefix(THIN_ID)]


def notification(event: Object) -> Object:
    """What a thin destination is sent of a recorded event."""
    found = {**_values(event), "related_object": _related(event)}
    return {
        name: value
        for name, value in found.items()
        if name != "snapshot_event" and value is not None
    }


def thin_event(event: Object) -> Object:
    """The thin event as it is retrieved: with what changed, and the id of its snapshot event."""
    shown = build(KIND, _values(event))
    shown["changes"] = _changes(event["data"])
    if related := _related(event):
        shown["related_object"] = related
    if event["type"] == _UPCOMING:
        shown["data"] = _of_upcoming(event["data"]["object"])
    return shown


def _values(event: Object) -> Object:
    request = event["request"]
    thin_only = is_thin_only(event["type"])
    reason = None
    if request["id"] is not None:
        key = request["idempotency_key"] or ""
        reason = {"type": "request", "request": {"id": request["id"], "idempotency_key": key}}
    return {
        "id": event["id"] if thin_only else THIN_ID + event["id"].removeprefix(_SNAPSHOT_ID),
        "object": KIND,
        "type": event["type"] if thin_only else f"v1.{event['type']}",
        "created": moment(event["created"]),
        "livemode": False,
        "context": None,
        "reason": reason,
        "snapshot_event": None if thin_only else event["id"],
    }


def _of_upcoming(invoice: Object) -> Object:
    found = {"customer": invoice["customer"]}
    if parent := invoice["parent"]:
        found["subscription"] = parent["subscription_details"]["subscription"]
    return found


def _related(event: Object) -> Object | None:
    """The object that an event is about, without an id where there is but one of its kind; None
    where Stripe names none, since it cannot be fetched."""
    subject = event["data"]["object"]
    kind, identifier = subject["object"], subject.get("id")
    if kind in _SINGLETONS:
        return {"type": kind, "url": _url(kind)}
    if kind == "discount":
        owner = "subscription" if subject.get("subscription") else "customer"
        return {"type": kind, "url": f"{_url(owner)}/{subject[owner]}/discount"}
    if event["type"] in _UNRELATED:
        return None
    return {"id": identifier, "type": kind, "url": f"{_url(kind)}/{identifier}"}


@cache
def _url(kind: str) -> str:
    if kind.startswith("v2."):
        return f"/{kind.replace('.', '/')}s"
    cls: Any = object_class(kind)
    return str(cls.class_url())


def _changes(data: Object) -> Object | None:
    before: Object | None = data.get("previous_attributes")
    if not before:
        return None
    return {"before": before, "after": {name: data["object"].get(name) for name in before}}
