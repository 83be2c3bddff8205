"""All that is known of one Checkout Session, from Stripe and from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.event import Event
    from billing.domain.grant import Grant
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.domain.sessions.line_item import LineItem
    from billing.domain.sessions.timeline import TimelineEntry
    from billing.domain.stripe_json import JSON
    from billing.errors import NotConfigured, StripeFailure


@dataclass(frozen=True)
class SessionReading:
    """A session as Stripe has it: Stripe's object (``data``), what is read of it, its line items
    as far as they were asked for, and how many of what it was created for were ``bought`` (0
    until it is paid). ``unclear`` says why that cannot be told."""

    data: JSON
    session: CheckoutSession
    line_items: tuple[LineItem, ...] = ()
    bought: int = 0
    unclear: NotConfigured | StripeFailure | None = None


@dataclass(frozen=True)
class SessionLookup:
    """What Stripe answered when it was asked for a session, or why it did not."""

    reading: SessionReading | None = None
    failure: StripeFailure | None = None


@dataclass(frozen=True)
class SessionDetails:
    """A session with its timeline, line items and grant.

    ``data`` is Stripe's own object. ``line_items`` are empty when Stripe did not answer.
    ``is_stored``: the table of sessions holds it. ``dashboard_url`` leads to it in Stripe's
    Dashboard; None when the API is not Stripe's.
    """

    session: CheckoutSession
    data: JSON
    entries: tuple[TimelineEntry, ...]
    line_items: tuple[LineItem, ...]
    grant: Grant | None
    is_stored: bool
    dashboard_url: str | None


@dataclass(frozen=True)
class SessionRecords:
    """What is stored about a session: the grants of the session or its customer, and the events
    about the session and its payments, in the order in which Stripe created them."""

    grants: tuple[Grant, ...]
    events: tuple[Event, ...]
