"""Sales as Stripe tells of them, made from two real ones of the sandbox under ever new ids."""

from __future__ import annotations

import json
import random
import re
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.ledger.oracle import listed
from billing.domain.sessions.checkout_session import Kind
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from tests.support.servers.after_sale import controls
from tests.support.servers.sales import create_session

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

JSON = dict[str, Any]
EMAIL = "template@example.com"
# What Stripe makes anew for each sale: ids of all kinds but those of Prices, Products, accounts.
_ID = re.compile(
    r"\b(?:cs_test|pi|ch|evt|cus|sub|si|in|il|ii|li|pm|seti|txn|req|inpay|py)_[A-Za-z0-9]{8,}\b"
)
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Sale:
    """Stripe's objects of one sale: the session when it was created and once it was paid (with
    line items and subscription), the ``events`` that its endpoint is sent, the Customer and the
    invoices."""

    opened: JSON
    paid: JSON
    events: list[JSON]
    customer: JSON | None
    invoices: list[JSON]


class SaleTemplate:
    """A sale that really happened; ``another`` is the same with other ids, buyer and time."""

    def __init__(self, shop: Shop, kind: Kind) -> None:
        stripe = controls(shop).stripe
        name = create_session(shop, kind, 10 if kind is Kind.CREDITS else 1)
        opened = stripe.get(f"checkout/sessions/{name}")
        controls(shop).pay(name, email=EMAIL, card="4242424242424242")
        expand = {"expand[0]": "line_items", "expand[1]": "subscription"}
        paid = stripe.get(f"checkout/sessions/{name}", **expand)
        customer = paid["customer"] and stripe.get(f"customers/{paid['customer']}")
        subscription = (paid["subscription"] or {}).get("id")
        events = [one for one in listed(stripe, "events") if one["type"] in ENDPOINT_EVENTS]
        about = {
            name: one
            for one in events
            for name in (one["id"],)
            if not _is_of_another(one, paid, subscription)
        }
        self._created = paid["created"]
        self._reference = paid["client_reference_id"]
        self._text = json.dumps(
            {
                "opened": opened,
                "paid": paid,
                "events": list(reversed(about.values())),
                "customer": customer,
                "invoices": stripe.page("invoices", subscription=subscription)
                if subscription
                else [],
            }
        )
        self._ids = sorted(set(_ID.findall(self._text)), key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(map(re.escape, (*self._ids, self._reference, EMAIL, str(self._created))))
        )

    def another(self, number: int, created: int, chance: random.Random) -> Sale:
        """The ``number``-th sale, at a time (Unix seconds)."""
        new = {one: _like(one, chance) for one in self._ids} | {
            self._reference: secrets.token_hex(16),
            EMAIL: f"buyer{number}@mail{number % 50}.example",
            str(self._created): str(created),
        }
        return Sale(**json.loads(self._pattern.sub(lambda found: new[found[0]], self._text)))


def _is_of_another(event: JSON, paid: JSON, subscription: str | None) -> bool:
    text = json.dumps(event)
    ids = (paid["id"], paid["payment_intent"], subscription, paid["customer"])
    return not any(one and one in text for one in ids)


def _like(identifier: str, chance: random.Random) -> str:
    """An id of the same kind and length."""
    kind, _, rest = identifier.rpartition("_")
    return f"{kind}_{''.join(chance.choices(_LETTERS, k=len(rest)))}"
