"""What a simulated history is made of: when people come, what they buy, how long they take."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stripe_sandbox import errors
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.resources.checkout.line_items import MAXIMUM_QUANTITY
from stripe_sandbox.validation import check_email

MAXIMUM_DAYS = 365
MAXIMUM_SESSIONS = 10_000
MAXIMUM_OFFERS = 20
DEFAULT_URL = "https://example.com/"

BY_WEEKDAY = (1.0, 1.1, 1.15, 1.1, 0.95, 0.45, 0.35)
BY_HOUR = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 12, 14, 15, 15, 14, 12, 10, 8, 5, 3, 2)
GROWTH = 0.6
"""How much busier the last day is than the first."""

_COLORS = (
    "amber",
    "azure",
    "coral",
    "golden",
    "indigo",
    "ivory",
    "jade",
    "olive",
    "ruby",
    "silver",
)
_ANIMALS = (
    "badger",
    "falcon",
    "heron",
    "lynx",
    "marten",
    "otter",
    "owl",
    "puffin",
    "robin",
    "seal",
)
_SESSIONS_A_NAMESAKE = 40
"""So many sessions more, and one more person of each name."""


@dataclass(frozen=True)
class Offer:
    """A Price that visitors buy: the `mode` of its sessions, how often it is bought beside the
    others, from and to which `quantity`, its `metadata` and that of its payments, which may hold
    `{quantity}` and `{reference}`, the session's `client_reference_id`."""

    price: str
    mode: str
    weight: float
    quantity: tuple[int, int]
    metadata: dict[str, str] = field(default_factory=dict)
    payment_metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HistoryPlan:
    """How many days and sessions, of which offers, for whose emails (none: invented ones). The
    same seed gives the same choices."""

    days: int
    sessions: int
    seed: int
    offers: tuple[Offer, ...]
    emails: tuple[str, ...]
    success_url: str
    cancel_url: str

    @classmethod
    def of(cls, fields: JsonFields) -> HistoryPlan:
        """The plan that a request's fields ask for. StripeError: they are wrong."""
        items = fields.objects("sold")
        if not 0 < len(items) <= MAXIMUM_OFFERS:
            raise fields.refusal("sold", f"Give from 1 to {MAXIMUM_OFFERS} offers.")
        emails = fields.items("emails")
        for email in emails:
            if not isinstance(email, str):
                raise fields.refusal("emails", "Each of the emails must be a string.")
            check_email(email, "emails")
        plan = cls(
            days=fields.integer("days", 30, 1, MAXIMUM_DAYS),
            sessions=fields.integer("sessions", 400, 1, MAXIMUM_SESSIONS),
            seed=fields.integer("seed", 7, 0, 2**63),
            offers=tuple(_read_offer(item) for item in items),
            emails=tuple(emails),
            success_url=fields.text("success_url", DEFAULT_URL),
            cancel_url=fields.text("cancel_url", DEFAULT_URL),
        )
        fields.reject_unknown()
        return plan


def _read_offer(fields: JsonFields) -> Offer:
    price = fields.text("price", None)
    if price is None:
        raise errors.parameter_missing("sold[price]")
    bounds = fields.items("quantity") or [1, 1]
    if (
        len(bounds) != 2
        or not all(type(bound) is int for bound in bounds)
        or not 0 < bounds[0] <= bounds[1] <= MAXIMUM_QUANTITY
    ):
        raise fields.refusal("quantity", "Give a minimum and a maximum, such as [1, 50].")
    offer = Offer(
        price=price,
        mode=fields.one_of("mode", ("payment", "subscription"), "payment"),
        weight=fields.number("weight", 1, 0.001, 1_000_000),
        quantity=(bounds[0], bounds[1]),
        metadata=fields.metadata("metadata"),
        payment_metadata=fields.metadata("payment_metadata"),
    )
    fields.reject_unknown()
    if offer.payment_metadata and offer.mode != "payment":
        raise fields.refusal("payment_metadata", "Only a payment's mode takes this.")
    return offer


def visit_times(plan: HistoryPlan, now: int, rng: random.Random) -> list[int]:
    """When each visitor creates a session, in Unix seconds, the earliest first: more on weekdays
    and by day, and a little more from day to day."""
    first = now - plan.days * 86_400
    hours: list[int] = []
    weights: list[float] = []
    for hour in range(first, now, 3_600):
        moment = datetime.fromtimestamp(hour, UTC)
        grown = 1 + GROWTH * (hour - first) / (now - first)
        hours.append(hour)
        weights.append(BY_WEEKDAY[moment.weekday()] * BY_HOUR[moment.hour] * grown)
    chosen = rng.choices(hours, weights, k=plan.sessions)
    return sorted(min(hour + rng.randrange(3_600), now - 1) for hour in chosen)


def payers(plan: HistoryPlan, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Emails and names of payers, without end; some come again."""
    if plan.emails:
        while True:
            email = rng.choice(plan.emails)
            yield email, email.partition("@")[0].replace(".", " ").title()
    namesakes = max(10, plan.sessions // _SESSIONS_A_NAMESAKE)
    while True:
        color, animal = rng.choice(_COLORS), rng.choice(_ANIMALS)
        number = rng.randrange(1, namesakes)
        yield f"{color}.{animal}{number}@example.com", f"{color.title()} {animal.title()}"


def pick_pause(rng: random.Random, median: timedelta, longest: timedelta) -> float:
    """Seconds that a person takes: mostly about the median, sometimes much longer."""
    taken = median.total_seconds() * rng.lognormvariate(0, 0.9)
    return min(max(taken, 8.0), longest.total_seconds())


def pick_quantity(offer: Offer, rng: random.Random) -> int:
    """How many of the offer a visitor buys: few more often than many."""
    least, most = offer.quantity
    return least + int((most - least + 1) * 0.999 * rng.random() ** 2.2)
