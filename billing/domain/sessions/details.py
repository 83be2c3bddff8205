"""All that is known of one Checkout Session, from Stripe and from the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.stripe_json import id_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
    from billing.domain.events.event import Event
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.domain.sessions.line_item import LineItem, SoldPrice
    from billing.domain.sessions.timeline import TimelineEntry
    from billing.domain.stripe_json import JSON
    from billing.errors import NotConfigured, StripeFailure


@dataclass(frozen=True)
class SessionReading:
    """A session as Stripe has it: Stripe's object (``data``), what is read of it, its line items
    as far as they were asked for, and how many of what it was created for were ``bought`` (0
    until it is paid). ``unclear`` says why that cannot be told. ``read_at`` is when the request
    that read it began (Unix seconds). ``subscription`` is Stripe's object of the one that it
    began, and ``sold`` the Price by which its item is known, where it is paid."""

    data: JSON
    session: CheckoutSession
    read_at: float
    line_items: tuple[LineItem, ...] = ()
    bought: int = 0
    subscription: JSON | None = None
    sold: SoldPrice | None = None
    unclear: NotConfigured | StripeFailure | None = None


@dataclass(frozen=True)
class SessionLookup:
    """What Stripe answered when it was asked for a session, or why it did not."""

    reading: SessionReading | None = None
    failure: StripeFailure | None = None


@dataclass(frozen=True)
class SessionDetails:
    """A session with its timeline, line items and ``lines`` of the ledger: the purchase, and what
    changed since.

    ``data`` is Stripe's own object. ``line_items`` are empty when Stripe did not answer.
    ``is_stored``: the table of sessions holds it. ``dashboard_url`` leads to it in Stripe's
    Dashboard; None when the API is not Stripe's. ``deliveries`` are those of its events that
    reached our webhook, as far as they are stored, by the event's id, and ``claims`` those that
    were refused and say that they are one of them. ``object_ids`` are those of
    the session, its payment and what followed.
    """

    session: CheckoutSession
    data: JSON
    entries: tuple[TimelineEntry, ...]
    line_items: tuple[LineItem, ...]
    lines: tuple[LedgerLine, ...]
    is_stored: bool
    dashboard_url: str | None
    deliveries: Mapping[str, Sequence[ReceivedDelivery]] = field(default_factory=dict)
    claims: Mapping[str, Sequence[ClaimedDelivery]] = field(default_factory=dict)
    object_ids: frozenset[str] = frozenset()

    @property
    def grant(self) -> LedgerLine | None:
        """The purchase in the ledger; None where there is none."""
        return next(iter(self.lines), None)


@dataclass(frozen=True)
class RelatedObjects:
    """What a sale was followed by, as Stripe's objects, the oldest first: the refunds and disputes
    of its payments, its ``subscription`` with its invoices."""

    refunds: tuple[JSON, ...] = ()
    disputes: tuple[JSON, ...] = ()
    invoices: tuple[JSON, ...] = ()
    subscription: JSON | None = None

    @property
    def ids(self) -> list[str]:
        """Of all of them, and of the charges that were refunded or disputed."""
        back = (*self.refunds, *self.disputes)
        charges = dict.fromkeys(filter(None, (id_at(one, "charge") for one in back)))
        some = (*back, *self.invoices, self.subscription)
        return [*(one["id"] for one in some if one), *charges]


@dataclass(frozen=True)
class SessionRecords:
    """What is stored about a session: the lines of the ledger about the sessions of its customer,
    and the events about the session and its payments, in the order in which Stripe created
    them."""

    lines: tuple[LedgerLine, ...]
    events: tuple[Event, ...]

    @property
    def grants(self) -> tuple[LedgerLine, ...]:
        """The purchases among the lines."""
        return tuple(line for line in self.lines if line.cause is Cause.PURCHASE)
