"""Stripe's events: what became of each, and pages of them. https://docs.stripe.com/api/events"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from billing.domain.events.thin_event import type_of, unread_path
from billing.domain.sessions.checkout_session import REFERENCE
from billing.domain.stripe_json import JSON, id_at, object_at, subscription_of, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
    from billing.domain.sessions.checkout_session import CheckoutSession

COUNT_LIMIT = 10_000  # more than so many are not counted


# How the ids of test events begin, snapshot and thin.
TEST_IDS = ("evt_00000000", "evt_test_00000000")


class EventState(StrEnum):
    """What became of an event. ``ignored``: of a type, account or mode that is not handled."""

    HANDLED = "handled"
    PENDING = "pending"
    FAILED = "failed"
    IGNORED = "ignored"

    @property
    def label(self) -> str:
        """As people read it: ``Handled``."""
        return self.capitalize()


class EventSource(StrEnum):
    """How an event got here: Stripe sent it, whole or thin, or it was found in Stripe's list of
    events, which has no thin ones."""

    WEBHOOK = "webhook"
    THIN = "thin"
    POLL = "poll"

    @property
    def label(self) -> str:
        """As people read it: ``webhook``, ``polling``."""
        return "webhook" if self.is_webhook else "polling"

    @property
    def is_webhook(self) -> bool:
        """Whether Stripe sent it."""
        return self is not EventSource.POLL


@dataclass(frozen=True)
class EventFilter:
    """Which events: in a state, of a type, ``about`` an object or an event whose id begins so,
    or of a type that holds this. By ``source``: ``webhook`` when at least one webhook delivered
    them, ``thin`` when one brought them as thin ones, ``poll`` when none did.
    ``relevant``: of the types that a session's timeline tells of."""

    state: EventState | None = None
    source: EventSource | None = None
    type: str | None = None
    about: str | None = None
    relevant: bool = False


@dataclass(frozen=True)
class Cursor:
    """A place in the list of events, for the page that begins below it."""

    received_at: float
    id: str


@dataclass(frozen=True)
class Event:
    """An event and what became of it. Times are Unix seconds UTC: ``created`` by Stripe's clock
    and whole, the others by ours. ``source`` says how it arrived first, ``deliveries`` how many
    webhooks delivered it, ``error`` why handling failed, in words, ``retry_at`` when it is handled
    again by itself. ``ours``: whether this app created the session that it is about; None when
    it is about no session that is stored. ``payload_removed_at`` is None while its payload is
    whole."""

    id: str
    type: str
    created: int
    object_id: str
    received_at: float
    source: EventSource
    deliveries: int
    state: EventState
    attempts: int
    error: str | None
    processed_at: float | None
    retry_at: float | None = None
    payload_removed_at: float | None = None
    ours: bool | None = None

    @property
    def delay(self) -> float:
        """Seconds from its creation to its first arrival; below 0 when a clock is wrong."""
        return self.received_at - self.created

    @property
    def is_test(self) -> bool:
        """Nothing happened: somebody had the sandbox send it, or Stripe's Dashboard a sample."""
        return self.id.startswith(TEST_IDS)

    @property
    def payload(self) -> str:
        """How much Stripe sent, in Stripe's word: ``Snapshot``, ``Thin``."""
        return "Thin" if self.source is EventSource.THIN else "Snapshot"

    @property
    def cursor(self) -> Cursor:
        """Where the page below it begins."""
        return Cursor(self.received_at, self.id)


@dataclass(frozen=True)
class EventPage:
    """Events, the newest arrival first; ``older`` is where the next page begins, None at the
    end."""

    events: tuple[Event, ...]
    older: Cursor | None


@dataclass(frozen=True)
class EventCounts:
    """How many events match in each state, how many of all are ``relevant`` (see ``EventFilter``),
    and how many refused deliveries are stored. A number over ``COUNT_LIMIT`` means that many and
    more."""

    states: dict[EventState, int]
    relevant: int
    refused: int


@dataclass(frozen=True)
class EventOverview:
    """A page of the events that match, how many match in each state, how many failed whatever
    the filter, and the sessions that the page's events belong to, by the event's id."""

    page: EventPage
    counts: EventCounts
    failed: int
    sessions: Mapping[str, CheckoutSession]


@dataclass(frozen=True)
class EventDetails:
    """An event with its ``payload``: JSON text as Stripe sent it, or what is left of that once it
    was removed; one JSON string where what is stored is damaged. ``session`` is the one that it
    belongs to, where that is known. ``deliveries`` are those that reached our webhook, as far as
    they are stored, the oldest first; ``refusals`` those that were refused, of whatever event,
    between its creation and its arrival, and ``claims`` those that say that they are this one.
    ``dashboard_url`` leads to it in Stripe's Dashboard; None
    when the API is not Stripe's."""

    event: Event
    payload: str
    session: CheckoutSession | None = None
    deliveries: tuple[ReceivedDelivery, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    claims: tuple[ClaimedDelivery, ...] = ()
    dashboard_url: str | None = None

    @property
    def will_retry(self) -> bool:
        """It failed and is handled again by itself; otherwise it waits for a replay."""
        return self.event.retry_at is not None


@dataclass(frozen=True)
class WaitingEvents:
    """How many events wait: ``pending`` to be handled, ``retrying`` failed ones that are handled
    again by themselves, ``failed`` those that wait for a replay; over ``COUNT_LIMIT`` means that
    many and more. ``oldest_age``: seconds since the oldest of the first two arrived, 0 for none."""

    pending: int
    retrying: int
    failed: int
    oldest_age: float


@dataclass(frozen=True)
class Refusal:
    """``count`` deliveries that were refused for one reason, from ``started_at`` (Unix seconds) on
    and within a minute. ``reason`` and ``next_step`` are sentences; ``received_at`` is when the
    last of them arrived, ``size`` its bytes."""

    reason: str
    started_at: float
    received_at: float
    count: int
    next_step: str
    size: int


# An attempt to pay failed: handled where the payment names the session that it belongs to.
PAYMENT_FAILED = "payment_intent.payment_failed"


class Subject(StrEnum):
    """What an event that is handled says to look at."""

    SESSION = "session"
    DECLINE = "decline"  # nothing to read: the event says it all
    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    OBJECT = "object"  # what a thin event names, by its path; when it is read it says the rest


# What each type of event says to look at; every other event is stored as ignored.
# https://docs.stripe.com/api/events/types
SUBJECTS = {
    "checkout.session.completed": Subject.SESSION,
    "checkout.session.async_payment_succeeded": Subject.SESSION,
    "checkout.session.async_payment_failed": Subject.SESSION,
    "checkout.session.expired": Subject.SESSION,
    PAYMENT_FAILED: Subject.DECLINE,
    "charge.refunded": Subject.PAYMENT,
    "charge.refund.updated": Subject.PAYMENT,
    "refund.created": Subject.PAYMENT,
    "refund.updated": Subject.PAYMENT,
    "refund.failed": Subject.PAYMENT,
    "charge.dispute.created": Subject.PAYMENT,
    "charge.dispute.updated": Subject.PAYMENT,
    "charge.dispute.closed": Subject.PAYMENT,
    "charge.dispute.funds_withdrawn": Subject.PAYMENT,
    "charge.dispute.funds_reinstated": Subject.PAYMENT,
    "customer.subscription.created": Subject.SUBSCRIPTION,
    "customer.subscription.updated": Subject.SUBSCRIPTION,
    "customer.subscription.deleted": Subject.SUBSCRIPTION,
    "customer.subscription.paused": Subject.SUBSCRIPTION,
    "customer.subscription.resumed": Subject.SUBSCRIPTION,
    "invoice.paid": Subject.SUBSCRIPTION,
    "invoice.payment_failed": Subject.SUBSCRIPTION,
    "invoice.voided": Subject.SUBSCRIPTION,
    "invoice.marked_uncollectible": Subject.SUBSCRIPTION,
    "customer.updated": Subject.CUSTOMER,
    "customer.deleted": Subject.CUSTOMER,
}


def subject_of(event: JSON) -> tuple[Subject, str] | None:
    """What an event (Stripe's object) says to look at, and its id: that of the event's object, or
    of the PaymentIntent or subscription that the object belongs to. None where it belongs to none,
    and where the event is of a type that is not handled."""
    kind = type_of(event)
    subject = SUBJECTS.get(kind)
    if subject and (path := unread_path(event)):
        return Subject.OBJECT, path
    found = object_at(event, "data", "object")
    own = id_at(found, "id")
    match subject:
        case Subject.SESSION:
            return Subject.SESSION, own or ""
        case Subject.PAYMENT:
            own = id_at(found, "payment_intent")
        case Subject.SUBSCRIPTION if kind.startswith("invoice."):
            own = subscription_of(found)
        case Subject.DECLINE if not value_at(found, "metadata", REFERENCE):
            return None
    return (subject, own) if subject and own else None
