"""Every function of the store that asks the database something, as the product calls them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from billing.domain.access import AccessToken, AuditEntry, AuditFilter, Role
from billing.domain.customers.customer import ProStatus
from billing.domain.customers.page import Cursor as CustomerCursor
from billing.domain.customers.page import CustomerFilter
from billing.domain.events import event as events_domain
from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
from billing.domain.events.event import EventFilter, EventSource, EventState, Refusal
from billing.domain.ledger.line import Origin
from billing.domain.logged_request import RequestFilter
from billing.domain.login import SignInRecord
from billing.domain.reason import Reason
from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.store import (
    change_numbers,
    customers,
    erased_ids,
    events,
    leases,
    requests,
    reset,
    scenario_runs,
    sessions,
    sold_prices,
    stale_customers,
    stripe_objects,
    sync_state,
)
from billing.store.access import audit, sign_ins, tokens
from billing.store.events import claims, deliveries, random_run, refusals
from billing.store.ledger import lines
from billing.store.maintenance import erasure, retention, sizes
from billing.store.sessions import rollups
from billing.store.stripe_objects import ObjectReading, ObjectType
from tests.billing.store.customers.test_queries import ADA, GUEST
from tests.billing.store.ledger.test_lines import LINE
from tests.billing.store.plans.large_tables import NOW
from tests.support.database.stored import copies
from tests.support.logged_request import REQUEST, batch_of
from tests.support.servers.timings import RETRIES
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAGE = 25
AMONG = tuple(range(5_000, 5_000 + PAGE))  # rows as any page shows them
SESSIONS = [f"cs_test_{number}" for number in AMONG]
EVENTS = [f"evt_{number}" for number in AMONG]
PAYMENTS = [f"pi_{number}" for number in AMONG]
CUSTOMERS = [f"cus_{number}" for number in AMONG]
OBJECTS = [f"obj_{number}" for number in AMONG]
EMAIL = "buyer5000@example.com"
MONTH = (NOW - 30 * 86_400, NOW)
BELOW = Cursor(NOW - 600 * 5_000, "cs_test_5000")
EVENTS_BELOW = events_domain.Cursor(NOW - 600.0 * 5_000, "evt_5000")
JSON = dict[str, Any]


def walk(connection: Connection) -> None:
    """Use everything once; at last everything is deleted."""
    for part in (_sessions, _searches, _writes, _events, _replays, _customers, _ledger, _objects):
        part(connection)
    for part in (_access, _requests, _synchronization, _retention, _erasure, _rollups):
        part(connection)
    reset.delete_everything(connection)


def _sessions(connection: Connection) -> None:
    counted = {str(-hours * 3600 % 86_400): None for hours in (1, 2)}
    sync_state.save(connection, rollups.PHASES, counted)  # the days of Berlin
    filters = [
        SessionFilter(),
        SessionFilter(since=MONTH[0], until=MONTH[1]),
        SessionFilter(outcomes=frozenset((Outcome.PAID,))),
        SessionFilter(outcomes=frozenset((Outcome.PAID, Outcome.REFUNDED, Outcome.DECLINED))),
        SessionFilter(kinds=frozenset((Kind.PRO,)), since=MONTH[0]),
        SessionFilter(sources=frozenset((Source.API,))),
        SessionFilter(sources=frozenset((Source.OTHER,)), outcomes=frozenset((Outcome.OPEN,))),
        SessionFilter().for_figures,
        *(SessionFilter(reason=reason) for reason in (*Reason, "lost_card")),
    ]
    for wanted in filters:
        page = sessions.page(connection, wanted, PAGE)
        sessions.page(connection, wanted, PAGE, BELOW)
        shown = [one.id for one in page.sessions]
        sessions.count_new(connection, wanted, shown, page.older)
        for zone in map(ZoneInfo, ("UTC", "Europe/Berlin")):
            sessions.compute_stats(connection, wanted, zone)
            sessions.missing_phases(connection, wanted, zone)
        sessions.compute_totals(connection, wanted)
    list(sessions.iter_stored(connection, SessionFilter(), PAGE))
    sessions.recent(connection, PAGE)
    sessions.get(connection, SESSIONS[0])
    sessions.by_reference(connection, "reference-5000")
    sessions.request_id_of(connection, SESSIONS[0])
    sessions.ids_by_object(connection, "payment_intent", PAYMENTS)
    sessions.sessions_of_events(connection, EVENTS)
    sessions.events_of_session(connection, _session(5_000), PAYMENTS)
    declined = _session(5_001) | {"payment_intent": None, "client_reference_id": "reference-5001"}
    sessions.events_of_session(connection, declined)
    sessions.payment_has_failed(connection, SESSIONS[0])


def _rollups(connection: Connection) -> None:
    rollups.add_phases(connection, [18 * 3600])
    rollups.has_deltas(connection)
    rollups.fold(connection, PAGE)
    rollups.count_days(connection, PAGE)
    rollups.differences(connection, *rollups.grids(connection)[-1])
    rollups.rebuild(connection)


def _searches(connection: Connection) -> None:
    texts = (SESSIONS[0], EMAIL, "example.com", "yer50", "zebra", "@e", "pi_5000")
    for search in (*texts, "4.95", "$4.95", "4.95 EUR"):
        wanted = SessionFilter(search=search)
        for narrowed in (
            wanted,
            replace(wanted, outcomes=frozenset((Outcome.PAID,)), kinds=frozenset((Kind.CREDITS,))),
            replace(wanted, since=MONTH[0], until=MONTH[1]),
            replace(wanted, reason=Reason.ABANDONED),
            replace(wanted, reason=Reason.FAILED_DEBIT),
        ):
            page = sessions.page(connection, narrowed, PAGE, BELOW)
            sessions.count_new(connection, narrowed, SESSIONS, page.older)
        sessions.compute_stats(connection, wanted, ZoneInfo("UTC"))
    list(sessions.iter_stored(connection, SessionFilter(search="yer50"), PAGE))
    sync_state.save(connection, "session_search", {"created": NOW, "id": ""})
    sessions.page(connection, SessionFilter(search="buyer50"), PAGE)
    sessions.fill_texts(connection, PAGE)
    sync_state.delete(connection, "session_search")


def _writes(connection: Connection) -> None:
    found = [_session(number) for number in AMONG]
    referred = [one | {"client_reference_id": f"reference-{one['id'][8:]}"} for one in found]
    sessions.upsert_sessions(connection, [copies(referred)])
    sessions.record_reversals(connection, dict.fromkeys(SESSIONS, (99, 0)))
    created = CheckoutSession.from_stripe(referred[0])
    rows = sessions.SessionRows.of_created(created, referred[0], "req_1")
    sessions.upsert_sessions(connection, [rows])
    sessions.record_declined_payments(connection, PAYMENTS)


def _events(connection: Connection) -> None:
    for wanted in (
        EventFilter(),
        *(EventFilter(state=state) for state in EventState),
        *(EventFilter(source=source) for source in EventSource),
        EventFilter(type="invoice.paid"),
        EventFilter(type="invoice.paid", state=EventState.FAILED),
        EventFilter(about="evt_5000"),
        EventFilter(about="pi_"),
        EventFilter(about="pi_5000", state=EventState.HANDLED),
        EventFilter(relevant=True),
        EventFilter(relevant=True, state=EventState.HANDLED, source=EventSource.POLL),
    ):
        events.page(connection, wanted, PAGE)
        events.page(connection, wanted, PAGE, EVENTS_BELOW)
        events.count_by_state(connection, wanted)
    events.get(connection, EVENTS[0])
    events.types_of(connection, EVENTS)
    events.payload_of(connection, EVENTS[0])
    events.newest_about(connection, PAYMENTS)
    events.count_failed(connection)
    events.waiting(connection, NOW)
    events.known_types(connection)


def _replays(connection: Connection) -> None:
    arrivals = [
        events.ReceivedEvent(_event(number), EventSource.WEBHOOK, EventState.PENDING, NOW)
        for number in AMONG
    ]
    events.record(connection, arrivals)
    events.record_processed(connection, arrivals)
    events.due(connection, NOW, RETRIES, PAGE)
    failed = events.ProcessingResult(EVENTS[:5], EventState.FAILED, NOW, "Failed.", RETRIES)
    handled = events.ProcessingResult(EVENTS[5:], EventState.HANDLED, NOW)
    events.mark_processed(connection, [handled, failed])
    events.mark_for_retry(connection)
    events.mark_for_replay(connection, EVENTS)
    events.add_object(connection, EVENTS[:5], {"id": PAYMENTS[0], "object": "payment_intent"})
    events.thin_twins(connection, [_event(number) for number in AMONG])
    events.mark_for_replay(connection)
    refusal = Refusal("No signature.", NOW, NOW, 1, "Sign it.", 10)
    refusals.add(connection, [refusal])
    refusals.newest(connection, PAGE)
    refusals.count_since(connection, NOW)
    refusals.between(connection, NOW - 60, NOW, PAGE)
    received = [ReceivedDelivery(name, NOW, 200, 0.01) for name in EVENTS]
    deliveries.add(connection, received)
    deliveries.of_events(connection, EVENTS)
    claims.add(connection, [ClaimedDelivery(EVENTS[0], "No signature.", NOW, 1)])
    claims.of_events(connection, EVENTS)


def _customers(connection: Connection) -> None:
    for wanted in (
        CustomerFilter(),
        CustomerFilter(pro=frozenset((ProStatus.ACTIVE,))),
        CustomerFilter(with_refunds=True, with_disputes=True),
        CustomerFilter(search=EMAIL),
        CustomerFilter(search="buyer"),
        CustomerFilter(search="cus_500", pro=frozenset((ProStatus.ENDED,)), with_refunds=True),
    ):
        page = customers.page(connection, wanted, PAGE)
        below = CustomerCursor(BELOW.created, "cus_5000")
        customers.page(connection, wanted, PAGE, below)
        customers.count_new(connection, wanted, CUSTOMERS, page.older or below)
        list(customers.iter_matching(connection, wanted, PAGE))
    customers.get(connection, CUSTOMERS[0])
    customers.previous_emails(connection, CUSTOMERS)
    customers.with_emails(connection, [EMAIL], CUSTOMERS)
    customers.replace(connection, [ADA, GUEST], CUSTOMERS)
    customers.delete_named(connection, CUSTOMERS, [EMAIL])
    customers.version(connection)
    stale_customers.mark(connection, CUSTOMERS)
    marked = stale_customers.first(connection, PAGE)
    stale_customers.count(connection, 1_000)
    stale_customers.are_marked(connection, CUSTOMERS)
    stale_customers.unmark(connection, marked)


def _ledger(connection: Connection) -> None:
    lines.of_subjects(connection, SESSIONS)
    next(lines.all_subjects(connection))
    lines.passed(connection, NOW - 600 * 5_000, PAGE)
    lines.of_customers(connection, CUSTOMERS)
    lines.of_sessions(connection, SESSIONS)
    lines.of_email(connection, EMAIL)
    lines.of_email(connection, EMAIL, kind=Kind.PRO, limit=PAGE)
    lines.count_purchases(connection, Origin.SYNC, *MONTH)
    lines.add(connection, [replace(LINE, subject="cs_test_new")])
    sold_prices.add(connection, Kind.PRO, "price_1")


def _objects(connection: Connection) -> None:
    stripe_objects.load(connection, OBJECTS)
    for kind, parents in ((ObjectType.REFUND, PAYMENTS), (ObjectType.INVOICE, ["sub_1"])):
        stripe_objects.of_parents(connection, kind, parents)
    stripe_objects.of_customers(connection, ObjectType.SUBSCRIPTION, CUSTOMERS)
    stripe_objects.customers_with_several(connection, ObjectType.SUBSCRIPTION, PAGE)
    stripe_objects.customers_with_email(connection, EMAIL)
    refund = {"id": "re_1", "object": "refund", "payment_intent": PAYMENTS[0]}
    stripe_objects.store(connection, [ObjectReading(refund, NOW)])
    stripe_objects.drop(connection, OBJECTS[:1])


def _access(connection: Connection) -> None:
    entry = AuditEntry(NOW, EMAIL, "oidc", "tester", "refund", SESSIONS[0], "done", "", "::1")
    audit.add(connection, [entry])
    for wanted in (
        AuditFilter(),
        AuditFilter(identity="person3@example.com"),
        AuditFilter(action="refund"),
        AuditFilter(object_id=SESSIONS[0]),
        AuditFilter(result="refused"),
        AuditFilter(identity="person3@example.com", action="refund", result="refused"),
    ):
        audit.find(connection, wanted, limit=PAGE)
        audit.find(connection, wanted, below=5_000, limit=PAGE)
    next(audit.every(connection, AuditFilter()))
    audit.get(connection, 5_000)
    audit.identities(connection)
    tokens.add(connection, AccessToken("new", "A program", Role.VIEWER, NOW, EMAIL), "digest")
    tokens.every(connection)
    tokens.by_digest(connection, "digest-5")
    tokens.mark_used(connection, "token-5", NOW)
    tokens.revoke(connection, "token-5", NOW)
    record = SignInRecord("key", "person-3", EMAIL, NOW, NOW, "::1")
    sign_ins.add(connection, record, none_before=NOW - 600 * 29_900)
    sign_ins.find(connection, "key")
    sign_ins.mark_seen(connection, "key", NOW)
    sign_ins.end(connection, "key", NOW)
    sign_ins.end_all(connection, "person-3", NOW)


def _requests(connection: Connection) -> None:
    for wanted in (
        RequestFilter(),
        RequestFilter(errors=True),
        RequestFilter(status="402"),
        RequestFilter(status="402", errors=True),
        RequestFilter(cause="POST /v1/refunds: 50"),
        RequestFilter(path="/v1/checkout/sessions/cs_test_500"),
        RequestFilter(path="/v1/", errors=True),
        RequestFilter(object_id=CUSTOMERS[0]),
        RequestFilter(object_id="req_5000"),
        RequestFilter(object_id=CUSTOMERS[0], path="/v1/", status="200"),
    ):
        requests.page(connection, wanted, PAGE)
        requests.page(connection, wanted, PAGE, (NOW - 600 * 5_000) * 1_000_000)
    requests.get(connection, (NOW - 600) * 1_000_000)
    requests.touching(connection, SESSIONS, PAGE)
    requests.causes(connection, PAGE)
    list(requests.texts(connection, (NOW - 600 * 5_000) * 1_000_000, (NOW - 600) * 1_000_000))
    requests.add(connection, batch_of(REQUEST))
    requests.delete_before(connection, (NOW - 600 * 29_000) * 1_000_000, PAGE)
    requests.delete_each(connection, [REQUEST.id, (NOW - 600 * 5_000) * 1_000_000])
    requests.trim(connection, 29_000)


def _synchronization(connection: Connection) -> None:
    sync_state.save(connection, "mirror", {})
    sync_state.load(connection, "mirror")
    scenario_runs.begin(connection, "pro-paid", "run-1", "{}")
    scenario_runs.save(connection, "run-1", "{}")
    scenario_runs.keep(connection, "run-1")
    scenario_runs.end(connection, "run-1", "{}")
    scenario_runs.request_stop(connection, "pro-paid")
    scenario_runs.every(connection)
    random_run.count(connection, "evt_1", "invoice.paid", "in_1")
    random_run.count(connection, "evt_0", "invoice.paid", "in_1")
    random_run.every(connection)
    random_run.delete_all(connection)
    leases.acquire(connection, "work", "this process", 10)
    leases.release(connection, "work", "this process")
    change_numbers.announce(connection, ["sessions"], "this process")
    change_numbers.load(connection)


def _retention(connection: Connection) -> None:
    found = retention.leftovers(connection, NOW - 600 * 1_000, PAGE)
    retention.remove_payloads(connection, found, time.time())
    retention.delete_ignored(connection, NOW - 600 * 29_000, PAGE)
    sizes.table_sizes(connection)
    sizes.database_bytes(connection)


def _erasure(connection: Connection) -> None:
    erasure.find_person(connection, [], [CUSTOMERS[0]])
    person = erasure.find_person(connection, [EMAIL], [CUSTOMERS[0]], [_session(5_000)])
    stored = erasure.stored_ids(connection, person)
    for table in vars(stored):
        erasure.mentions(connection, table, person, "")
    erasure.anonymize_sessions(connection, SESSIONS)
    erasure.anonymize_objects(connection, OBJECTS)
    erasure.anonymize_events(connection, EVENTS, NOW)
    erasure.delete_requests(connection, ["1", "2"])
    erasure.forget_customers(connection, person)
    erased_ids.add(connection, dict.fromkeys(SESSIONS, CUSTOMERS[0]), NOW)
    erased_ids.sessions_of(connection, CUSTOMERS)


def _session(number: int) -> JSON:
    return session_object(number, "credits", 1, NOW - 600 * number) | {"id": f"cs_test_{number}"}


def _event(number: int) -> JSON:
    about = {"id": f"pi_{number}", "object": "payment_intent"}
    kind = "payment_intent.payment_failed"
    return {"id": f"evt_{number}", "type": kind, "created": NOW, "data": {"object": about}}
