"""Erases a person: their names, emails and addresses, in everything that is stored here.

The ledger names ids alone and stays as it is. Those ids are remembered: what Stripe still says of
the person is stored without names and addresses from then on. See docs/operations.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.logged_request import MICROSECONDS
from billing.errors import InvalidInput, StripeFailure
from billing.store import erased_ids
from billing.store.maintenance import erasure
from billing.store.maintenance.erasure import Person, StoredIds

if TYPE_CHECKING:
    from billing.domain.stripe_json import JSON
    from billing.request_log.recorder import RequestRecorder
    from billing.settings.model import Settings
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway

SANDBOX_IDS_AT_ONCE = 20
TABLES = ("sessions", "objects", "events", "requests")


@dataclass(frozen=True)
class ErasureReport:
    """Who it is, and what is, or was, stored of them. ``not_asked`` says why Stripe could not be
    asked what else is theirs."""

    person: Person
    stored: StoredIds
    not_asked: StripeFailure | None = None

    @property
    def is_nobody(self) -> bool:
        """Nothing is known of such a person, here or at Stripe."""
        return not (self.person.ids or any(vars(self.stored).values()))

    @property
    def named(self) -> str:
        """The ids that the audit log names."""
        return self.person.named

    @property
    def stays_at_stripe(self) -> list[str]:
        """The ids of Customers, else of Checkout Sessions, that Stripe still has with names."""
        return sorted(self.person.customers or self.person.sessions)


class Erasure:
    """Raises ``StoreFailure``, and ``InvalidInput`` unless either an email or a Customer (id) is
    given."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        store: Store,
        request_recorder: RequestRecorder,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._store = store
        self._request_recorder = request_recorder

    @requires(Permission.ERASE, reads=True)
    async def find(self, *, email: str | None = None, customer: str | None = None) -> ErasureReport:
        """What would be erased. The requests by which this asks Stripe are none of it."""
        began = int(time.time() * MICROSECONDS)
        if bool(email) == bool(customer):
            raise InvalidInput("Give either an email or a Customer's ID.", "Nothing was changed.")
        if email and "@" not in email:
            raise InvalidInput("This is not an email.", "Write it like jo@example.com.")
        emails = [email] if email else []
        customers = [customer] if customer else []
        sessions: list[JSON] = []
        not_asked: StripeFailure | None = None
        try:
            if email:
                customers = [one["id"] for one in await self._gateway.list_customers(email)]
                sessions = await self._gateway.sessions_with_email(email)
            for one in customers:
                sessions += await self._gateway.sessions_of_customer(one)
        except StripeFailure as failure:
            not_asked = failure
        find = partial(erasure.find_person, emails=emails, customers=customers, more=sessions)
        person = await self._store.read(find)
        report = await self._with_stored(ErasureReport(person, StoredIds(), not_asked))
        earlier = frozenset(one for one in report.stored.requests if int(one) < began)
        return replace(report, stored=replace(report.stored, requests=earlier))

    @requires(Permission.ERASE, creates="named")
    async def erase(
        self, *, email: str | None = None, customer: str | None = None
    ) -> ErasureReport:
        """Erase them; what was. Of the embedded sandbox, in there as well, and then it raises
        ``StripeFailure``, too."""
        report = await self.find(email=email, customer=customer)
        return report if report.is_nobody else await self._erase(report, report.person)

    async def _erase(self, report: ErasureReport, person: Person) -> ErasureReport:
        now = time.time()
        remembered = person.ids | report.stored.sessions | report.stored.objects
        ids = {name: person.owner_of(name) for name in remembered}
        # From here on nothing of theirs is stored anew; what was, since it was looked for, is
        # found now.
        await self._store.write(partial(erased_ids.add, ids=ids, at=now))
        await self._request_recorder.write()  # those that asked for them are erased as well
        report = await self._with_stored(report)
        stored = report.stored
        for names, change in (
            (stored.sessions, erasure.anonymize_sessions),
            (stored.objects, erasure.anonymize_objects),
            (stored.events, partial(erasure.anonymize_events, at=now)),
            (stored.requests, erasure.delete_requests),
        ):
            await self._in_parts(names, change)
        await self._store.write(partial(erasure.forget_customers, person=person))
        if self._settings.is_embedded:
            theirs = sorted(person.customers | person.sessions)
            for start in range(0, len(theirs), SANDBOX_IDS_AT_ONCE):
                await self._gateway.erase_in_sandbox(theirs[start : start + SANDBOX_IDS_AT_ONCE])
        return report

    async def _in_parts(self, names: frozenset[str], change: Callable[..., None]) -> None:
        chosen = sorted(names)
        for start in range(0, len(chosen), erasure.AT_ONCE):
            some = chosen[start : start + erasure.AT_ONCE]
            await self._store.write(partial(change, ids=some))

    async def _with_stored(self, report: ErasureReport) -> ErasureReport:
        """With what is stored: where ids lead, and, row by row, wherever an email stands."""
        person = report.person
        stored = await self._store.read(partial(erasure.stored_ids, person=person))
        found = {table: set(getattr(stored, table)) for table in TABLES}
        for table in TABLES:
            after: str | None = ""
            while after is not None:
                look = partial(erasure.mentions, table=table, person=person, after=after)
                some, after = await self._store.read(look)
                found[table] |= some
        stored = StoredIds(*(frozenset(found[table]) for table in TABLES))
        return replace(report, stored=stored)
