"""What is behind `POST /_control/erase/{ids}`: names, emails, addresses and phone numbers of people
go, from every object that belongs to them and from its events; ids, amounts and states stay.

Stripe has redaction jobs for that, which no API version of this sandbox knows:
https://docs.stripe.com/privacy/redaction
"""

from __future__ import annotations

import json
import re
from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.control.state import SURVIVES_RESET
from stripe_sandbox.request_log.log import RequestLog
from stripe_sandbox.storage.json_text import dump
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.storage.tables import TABLES

ERASED = "[erased]"
EVENTS_AT_ONCE = 1_000
_EMAIL = re.compile(r"[^\s\"'<>()\[\],;:@=&?/]+(?:@|%40)[^\s\"'<>()\[\],;:@=&?/]+", re.IGNORECASE)
_TEXTS = frozenset(
    (
        *("email", "customer_email", "receipt_email"),
        *("name", "customer_name", "individual_name", "business_name"),
        *("phone", "customer_phone", "customer_purchase_ip"),
    )
)
_NOBODY = frozenset(("coupon", "product", "price"))
# What an object names that is of the same people, and no more than that.
_OWN = (
    *("customer", "payment_intent", "charge", "invoice", "subscription", "setup_intent"),
    *("payment_method", "latest_charge", "latest_invoice"),
)


class Erasure:
    """Erases what the sandbox holds of people."""

    def __init__(self, backend: Backend, requests: RequestLog) -> None:
        self._backend = backend
        self._requests = requests

    def erase(self, ids: list[str]) -> dict[str, Any]:
        """Erase the people of these Customers and Checkout Sessions; how many objects were
        `erased`. No event tells of it."""
        database = self._backend.database
        with database.transaction():
            theirs = self._belonging(ids)
            deleted = [one for one in ids if self._backend.objects.deleted("customer", one)]
            if not theirs and not deleted:
                return {"erased": 0}
            for value in theirs.values():
                self._backend.objects.save(_erased(value))
            named = re.compile("|".join(map(re.escape, (*theirs, *deleted))))
            self._erase_events(named)
            keys = database.rows("SELECT key, body FROM idempotency_keys")
            for key, text in keys:
                if named.search(text):
                    database.write("DELETE FROM idempotency_keys WHERE key = ?", (key,))
            self._requests.remove(named)
        return {"erased": len(theirs)}

    def _belonging(self, ids: list[str]) -> dict[str, Object]:
        """The objects that belong to the same people, by id."""
        found: dict[str, Object] = {}
        waiting, seen = set(ids), set(ids)
        while waiting:
            for value in self._naming(waiting.pop()):
                found[value["id"]] = value
                named = {value["id"], *(value.get(name) for name in _OWN)}
                more = {one for one in named if isinstance(one, str)} - seen
                waiting |= more
                seen |= more
        return found

    def _naming(self, identifier: str) -> list[Object]:
        """The object itself, and those whose columns name it."""
        found: list[Object] = []
        for kind, table in TABLES.items():
            if kind in SURVIVES_RESET:  # a shop's, not its customers'
                continue
            names = ["id", *(one.name for one in table.columns if one.name in _OWN)]
            condition = " OR ".join(f"{name} = ?" for name in names)
            rows = self._backend.database.rows(
                f"SELECT body FROM {table.name} WHERE {condition}",  # noqa: S608  # literals
                [identifier] * len(names),
            )
            found += [json.loads(body) for (body,) in rows]
        return found

    def _erase_events(self, named: re.Pattern[str]) -> None:
        database, after = self._backend.database, 0
        while rows := database.rows(
            "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, EVENTS_AT_ONCE),
        ):
            for seq, body in rows:
                if named.search(body):
                    event = json.loads(body)
                    event["data"] = {name: _erased(one) for name, one in event["data"].items()}
                    database.write("UPDATE events SET body = ? WHERE seq = ?", (dump(event), seq))
                    # An endpoint may have repeated what it was sent.
                    database.write(
                        "UPDATE delivery_attempts SET headers = NULL, body = NULL WHERE delivery "
                        "IN (SELECT seq FROM deliveries WHERE event = ?)",
                        (event["id"],),
                    )
            after = rows[-1][0]


def _erased(value: Object) -> Object:
    if value.get("object") in _NOBODY:
        return value
    found = {name: _value(name, one) for name, one in value.items()}
    if value.get("object") == "customer":
        found["description"] = None
    return found


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        if name == "evidence" or name.endswith("address"):
            return {key: None if isinstance(one, str) else one for key, one in value.items()}
        if name == "custom_field":
            return {key: _unanswered(one) for key, one in value.items()}
        return _erased(value)
    if isinstance(value, list):
        return [_value("custom_field" if name == "custom_fields" else "", one) for one in value]
    if isinstance(value, str):
        return None if name in _TEXTS or name.endswith("address") else _EMAIL.sub(ERASED, value)
    return value


def _unanswered(part: Any) -> Any:
    """A part of a field that Checkout asked for, without what it was filled in with."""
    if not isinstance(part, dict):
        return part
    return {key: None if key in ("default_value", "value") else one for key, one in part.items()}
