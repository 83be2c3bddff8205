"""Use cases of the Sessions page: find sessions, figures and a CSV of them, one in detail."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import (
    SESSION_ID,
    WAS_PAID,
    CheckoutSession,
    Outcome,
)
from billing.domain.sessions.details import (
    SessionDetails,
    SessionLookup,
    SessionRecords,
)
from billing.domain.sessions.page import Cursor, SessionListing, SessionPage
from billing.domain.sessions.source import NOT_COUNTED
from billing.domain.sessions.stats import SessionFigures
from billing.errors import InvalidInput, StripeFailure
from billing.selling.checkout import parse_quantity
from billing.sessions.csv_export import COLUMNS, csv_row
from billing.sessions.details import read_details
from billing.sessions.records import read_customer_records, read_records
from billing.store import sessions
from billing.sync.mirror import read_sync_state

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from billing.changes.shared_reads import SharedReads
    from billing.domain.sessions.filters import SessionFilter
    from billing.ledger.fulfillment import Fulfillment
    from billing.request_log.recorder import RequestRecorder
    from billing.selling.checkout import Checkout
    from billing.session_reader import SessionReader
    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.mirror import Mirror

LISTED = (Topic.SESSIONS, Topic.STATUS)  # what a list of sessions shows
EXPORT_LIMIT = 100_000
EXPORT_SECONDS = 60.0
_BECAME = {
    **dict.fromkeys(WAS_PAID, "it was paid"),
    Outcome.PROCESSING: "its payment is processing",
    Outcome.FAILED: "its payment failed",
    Outcome.EXPIRED: "it has expired",
}


class Sessions:
    """Reads the stored sessions; Stripe is asked for single ones only.

    Every method raises ``StoreFailure`` when the store cannot be read, and ``StripeFailure`` when
    Stripe cannot be reached or refuses.
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
        shared: SharedReads,
        request_recorder: RequestRecorder,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._reader = reader
        self._store = store
        self._fulfillment = fulfillment
        self._mirror = mirror
        self._checkout = checkout
        self._shared = shared
        self._request_recorder = request_recorder

    @requires(Permission.VIEW)
    async def find(
        self, wanted: SessionFilter, limit: int, below: Cursor | None = None
    ) -> SessionListing:
        """The newest sessions that match, or those below a cursor; ``limit`` at the most."""

        def read(connection: Connection) -> SessionListing:
            page = sessions.page(connection, wanted, limit, below)
            return SessionListing(page, 0, read_sync_state(connection))

        await self._mirror.wait_until_stored()
        return await self._shared.read(("sessions", wanted, limit, below), read, LISTED)

    @requires(Permission.VIEW)
    async def follow(self, page: SessionPage, wanted: SessionFilter) -> SessionListing:
        """A page that was found before, its sessions as they are now; ``new`` counts those that
        belong on it meanwhile, and means something of a first page alone."""
        ids = [session.id for session in page.sessions]

        def read(connection: Connection) -> SessionListing:
            return SessionListing(
                replace(page, sessions=sessions.get_many(connection, ids)),
                sessions.count_new(connection, wanted, ids, page.older),
                read_sync_state(connection),
            )

        await self._mirror.wait_until_stored()
        return await self._shared.read(("follow", wanted, page.older, *ids), read, LISTED)

    @requires(Permission.VIEW)
    async def figures(
        self,
        wanted: SessionFilter,
        zone: ZoneInfo,
        before: tuple[int, int] | None = None,
    ) -> SessionFigures:
        """Figures over the sessions of ``wanted``, whatever their outcome, and over those of the
        period ``before`` (from and until, in Unix seconds); ``days`` are those of the time zone.

        Tests and demo data are left out, unless their sources are asked for or there is nothing
        else."""

        def read(connection: Connection) -> tuple[SessionFigures, set[int]]:
            covered = wanted.for_figures
            stats = sessions.compute_stats(connection, covered, zone)
            aside = replace(covered, sources=NOT_COUNTED)
            left_out = not wanted.sources and bool(
                sessions.compute_totals(connection, aside).created
            )
            nothing_else = left_out and not stats.created
            if nothing_else:
                covered = aside
                stats = sessions.compute_stats(connection, covered, zone)
            earlier = None
            if before:
                earlier = sessions.compute_totals(
                    connection, replace(covered, since=before[0], until=before[1])
                )
            figures = SessionFigures(stats, earlier, left_out and not nothing_else, nothing_else)
            return figures, sessions.missing_phases(connection, covered, zone)

        figures, missing = await self._shared.read(("figures", wanted, zone, before), read)
        if missing:  # the next figures are read from those days
            await self._store.write(partial(sessions.add_phases, wanted=missing))
        return figures

    @requires(Permission.EXPORT)
    async def as_csv(self, wanted: SessionFilter) -> bytes:
        """The sessions that match as a CSV file, the newest ``EXPORT_LIMIT`` at the most. UTF-8
        with the byte order mark that spreadsheets look for."""

        def write(connection: Connection) -> bytes:
            file = io.StringIO()
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for stored in sessions.iter_stored(connection, wanted, EXPORT_LIMIT):
                rows.writerow(csv_row(stored.session, stored.data, stored.completed_at))
            return file.getvalue().encode("utf-8-sig", errors="replace")

        return await self._store.read(write, within=EXPORT_SECONDS)

    @requires(Permission.VIEW)
    async def look_up(self, session_id: str) -> SessionLookup:
        """Ask Stripe for the session with its line items. A failure is part of the result.

        Raises ``InvalidInput`` when it cannot be the id of a test session.
        """
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "This is not the ID of a Checkout Session in test mode.",
                "It starts with cs_test_, followed by letters and digits.",
            )
        try:
            return SessionLookup(await self._reader.retrieve(session_id, with_payments=True))
        except StripeFailure as failure:
            return SessionLookup(failure=failure)

    @requires(Permission.VIEW)
    async def details(self, session_id: str, lookup: SessionLookup) -> SessionDetails:
        """All that is known of a session, from the store and from ``lookup`` (see ``look_up``).

        Raises ``InvalidInput`` when neither has it, and the lookup's failure when only that may.
        """
        read = partial(
            read_details,
            session_id=session_id,
            reading=lookup.reading,
            has_dashboard=not self._settings.api_base,
        )
        await self._mirror.wait_until_stored()  # which request made it is known to nobody else
        await self._request_recorder.write()
        if details := await self._store.read(read):
            return details
        if lookup.failure and not lookup.failure.is_missing:
            raise lookup.failure
        raise InvalidInput(
            "This Checkout Session does not exist in this Stripe account.",
            "The link may be from another account or sandbox, or from before a reset.",
        )

    @requires(Permission.VIEW)
    async def records(self, session_id: str, email: str) -> SessionRecords:
        """The lines of the ledger about the session or others of the customer with this email, and
        the session's events."""
        await self._mirror.wait_until_stored()
        return await self._store.read(
            lambda connection: read_records(connection, session_id, email)
        )

    @requires(Permission.VIEW)
    async def records_of_customer(self, customer: str, object_id: str) -> SessionRecords:
        """The same of a sale that no Checkout Session began: the Customer's lines, and the events
        about a subscription or payment (its id)."""
        return await self._store.read(
            lambda connection: read_customer_records(connection, customer, object_id)
        )

    @requires(Permission.EXPIRE, on="session_id")
    async def expire(self, session_id: str) -> CheckoutSession:
        """Expire an open session, so that its link can no longer be used to pay; the session.

        Raises ``InvalidInput`` when it was paid or expired meanwhile.
        """
        try:
            expired = await self._gateway.expire_checkout_session(session_id)
        except StripeFailure as failure:
            if failure.status != 400:
                raise
            now = (await self._fulfillment.refresh_and_grant(session_id, Origin.SYNC)).session
            if now.status == "open":
                raise
            raise InvalidInput(
                f"This session is no longer open: {_BECAME[now.outcome]} in the meantime.",
                "Nothing was changed.",
            ) from None
        await self._fulfillment.upsert_expired(expired)
        return CheckoutSession.from_stripe(expired)

    @requires(Permission.SELL, on="session.id")
    async def duplicate(
        self, session: CheckoutSession, *, idempotency_key: str, made_by: str
    ) -> CheckoutSession:
        """A new open session for the same. Raises ``InvalidInput`` when another app created it."""
        if session.kind is None:
            raise InvalidInput(
                "This session was created by another app and cannot be duplicated here.",
                "Create a new one on the Billing page.",
            )
        quantity = parse_quantity(session.quantity, self._settings.max_credits)
        return await self._checkout.create(
            session.kind, quantity, idempotency_key=idempotency_key, made_by=made_by
        )
