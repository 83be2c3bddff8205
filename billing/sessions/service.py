"""Every Checkout Session: find, count, tell the story of one, and act on it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.checkout import parse_quantity
from billing.domain.checkout_session import REFERENCE, SESSION_ID, CheckoutSession, Outcome
from billing.domain.session_filter import Cursor
from billing.domain.stripe_json import JSON, id_at
from billing.errors import InvalidInput, StripeFailure
from billing.sessions.csv_export import COLUMNS, csv_row
from billing.sessions.records import SessionRecords, read_records
from billing.sessions.timeline import SessionDetails, timeline_entries
from billing.store import sessions
from billing.store.ledger import grants
from billing.store.sessions import StoredSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from billing.checkout import Checkout
    from billing.domain.session_filter import SessionFilter
    from billing.domain.session_stats import Numbers
    from billing.fulfillment import Fulfillment
    from billing.session_reader import SessionReader, SessionReading
    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.mirror import Mirror, SyncState

EXPORTED = 100_000
EXPORT_SECONDS = 60.0
BECAME = {
    Outcome.PAID: "it was paid",
    Outcome.PROCESSING: "its payment is processing",
    Outcome.FAILED: "its payment failed",
    Outcome.EXPIRED: "it has expired",
}
DASHBOARD = "https://dashboard.stripe.com/test"


@dataclass(frozen=True)
class SessionPage:
    """A page of the sessions that match, the newest first; ``older`` is where the next begins.

    ``partial`` says that more hold the searched text than were looked through.
    """

    sessions: tuple[CheckoutSession, ...]
    older: Cursor | None
    partial: bool


@dataclass(frozen=True)
class SessionUpdate:
    """Sessions as they are now, and how many ``new`` ones belong among them."""

    sessions: tuple[CheckoutSession, ...]
    new: int
    state: SyncState


@dataclass(frozen=True)
class Lookup:
    """What Stripe said when it was asked for a session: what was read of it, or why not."""

    reading: SessionReading | None = None
    failure: StripeFailure | None = None


class Sessions:
    """Answers from our copy, and asks Stripe only for the one that is looked at.

    Every method raises ``BillingError``: ``StoreFailure`` when our copy cannot be read,
    ``StripeFailure`` when Stripe does not do its part.
    """

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        reader: SessionReader,
        store: Store,
        fulfillment: Fulfillment,
        mirror: Mirror,
        checkout: Checkout,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._reader = reader
        self._store = store
        self._fulfillment = fulfillment
        self._mirror = mirror
        self._checkout = checkout

    async def find(
        self, wanted: SessionFilter, limit: int, below: Cursor | None = None
    ) -> SessionPage:
        """The newest that match, or those below a place."""
        await self._mirror.catch_up()

        def look_up(connection: Connection) -> SessionPage:
            page = sessions.page(connection, wanted, limit, below)
            return SessionPage(
                page.sessions,
                page.older,
                sessions.searched_too_many(connection, wanted),
            )

        return await self._store.read(look_up)

    async def follow(
        self, ids: Sequence[str], wanted: SessionFilter, end: Cursor | None
    ) -> SessionUpdate:
        """How the sessions of a first page stand now, and whether others belong there meanwhile;
        ``end`` is its last place, None when it is not full."""
        state = await self._mirror.state()

        def look_up(connection: Connection) -> SessionUpdate:
            return SessionUpdate(
                sessions.by_ids(connection, ids),
                sessions.count_new(connection, wanted, ids, end),
                state,
            )

        return await self._store.read(look_up)

    async def numbers(self, wanted: SessionFilter, zone: ZoneInfo) -> Numbers:
        """The numbers over what matches, its days in this time zone."""
        return await self._store.read(lambda connection: sessions.numbers(connection, wanted, zone))

    async def as_csv(self, wanted: SessionFilter) -> bytes:
        """What matches as a CSV file, the newest ``EXPORTED`` at the most. UTF-8 with the mark
        that spreadsheets know it by."""

        def write(connection: Connection) -> bytes:
            file = io.StringIO()
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for kept in sessions.iter_stored(connection, wanted, EXPORTED):
                rows.writerow(csv_row(kept.session, kept.data, kept.completed_at))
            return file.getvalue().encode("utf-8-sig", errors="replace")

        return await self._store.read(write, within=EXPORT_SECONDS)

    async def look_up(self, session_id: str) -> Lookup:
        """The session from Stripe, with its line items. A failure is part of the answer.

        Raises ``InvalidInput`` when it cannot be the id of a test session.
        """
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "This is not the ID of a Checkout Session in test mode.",
                "It starts with cs_test_, followed by letters and digits.",
            )
        try:
            return Lookup(await self._reader.retrieve(session_id, with_payments=True))
        except StripeFailure as failure:
            return Lookup(failure=failure)

    async def details(self, session_id: str, asked: Lookup) -> SessionDetails:
        """All that is known of a session, from our copy and what Stripe said when asked.

        Raises ``InvalidInput`` when neither knows it.
        """

        asked_data = asked.reading.data if asked.reading else {}

        def read(connection: Connection) -> SessionDetails | None:
            copy = next(iter(sessions.stored(connection, [session_id])), None)
            found = _most_advanced(copy, asked.reading)
            if found is None:
                return None
            session, data = found.session, found.data
            grant = grants.of_session(connection, session_id)
            return SessionDetails(
                session=session,
                data=data,
                entries=timeline_entries(
                    session,
                    sessions.events_of_session(connection, data | asked_data, REFERENCE),
                    grant,
                    sessions.request_id_of(connection, session_id),
                ),
                line_items=asked.reading.line_items if asked.reading else (),
                grant=grant,
                in_the_copy=copy is not None,
                dashboard_url=None if self._settings.api_base else _dashboard_url(data),
            )

        await self._mirror.catch_up()  # which request made it is known to nobody else
        if details := await self._store.read(read):
            return details
        if asked.failure and not asked.failure.is_missing:
            raise asked.failure
        raise InvalidInput(
            "This Checkout Session does not exist in this Stripe account.",
            "The link may be from another account or sandbox, or from before a reset.",
        )

    async def records(self, session_id: str, email: str) -> SessionRecords:
        """The ledger's lines for the session or the customer with this email, and its events."""
        return await self._store.read(
            lambda connection: read_records(connection, session_id, email)
        )

    async def expire(self, session_id: str) -> CheckoutSession:
        """The session, expired: its link pays nothing any more.

        Raises ``InvalidInput`` when somebody paid or expired it meanwhile.
        """
        try:
            expired = await self._gateway.expire_checkout_session(session_id)
        except StripeFailure as failure:
            if failure.status != 400:
                raise
            now = (await self._fulfillment.refresh_and_grant(session_id, cause="sync")).session
            if now.outcome is Outcome.OPEN:
                raise
            raise InvalidInput(
                f"This session is no longer open: {BECAME[now.outcome]} in the meantime.",
                "Nothing was changed.",
            ) from None
        await self._fulfillment.upsert_and_grant([expired])
        return CheckoutSession.from_stripe(expired)

    async def duplicate(
        self, session: CheckoutSession, *, idempotency_key: str, made_by: str
    ) -> CheckoutSession:
        """A new open session for the same. Raises ``InvalidInput`` when it is another app's."""
        if session.kind is None:
            raise InvalidInput(
                "This session was created by another app and cannot be duplicated here.",
                "Create a new one on the Billing page.",
            )
        quantity = parse_quantity(session.quantity, self._settings.max_credits)
        return await self._checkout.create(
            session.kind, quantity, idempotency_key=idempotency_key, made_by=made_by
        )


def _most_advanced(
    copy: StoredSession | None, reading: SessionReading | None
) -> StoredSession | SessionReading | None:
    """Of two states of a session the one that has come further."""
    if copy is None or reading is None:
        return copy or reading
    return copy if _progress(copy) > _progress(reading) else reading


def _progress(found: StoredSession | SessionReading) -> int:
    return sessions.PROGRESS[found.session.outcome]


def _dashboard_url(data: JSON) -> str:
    for name, place in (("payment_intent", "payments"), ("subscription", "subscriptions")):
        if found := id_at(data, name):
            return f"{DASHBOARD}/{place}/{found}"
    return f"{DASHBOARD}/search?query={data['id']}"
