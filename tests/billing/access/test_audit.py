"""The audit log in the database: complete, in order, found and exported by admins."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from billing.access.audit import PAGE_SIZE, AuditLog
from billing.access.caller import Caller, acting_as
from billing.domain.access import (
    SYSTEM,
    AuditFilter,
    AuditResult,
    Identity,
    IdentityKind,
    Permission,
    Role,
)
from billing.errors import NotAllowed
from billing.store import Store
from tests.support.audit_entry import ENTRY

ADMIN = Caller(SYSTEM)


@pytest.mark.anyio
async def test_entries_are_found_by_who_what_which_and_how_it_ended(store: Store) -> None:
    log = AuditLog(store)
    failed = replace(ENTRY, object_id="pi_2", result=AuditResult.FAILED, detail="No money")
    another = replace(ENTRY, identity="bob@example.com", action=Permission.SELL, object_id="")
    for entry in (ENTRY, failed, another):
        log.record(entry)
    with acting_as(ADMIN):
        everything = (await log.find(AuditFilter())).entries
        assert [replace(entry, id=0) for entry in everything] == [another, failed, ENTRY]
        for wanted, found in (
            (AuditFilter(identity="bob@example.com"), [another]),
            (AuditFilter(action=Permission.REFUND), [failed, ENTRY]),
            (AuditFilter(object_id="pi_1"), [ENTRY]),
            (AuditFilter(result=AuditResult.FAILED), [failed]),
            (AuditFilter(identity="bob@example.com", object_id="pi_1"), []),
        ):
            entries = (await log.find(wanted)).entries
            assert [replace(entry, id=0) for entry in entries] == found


@pytest.mark.anyio
async def test_pages_follow_one_another_without_a_gap(store: Store) -> None:
    log = AuditLog(store)
    for number in range(PAGE_SIZE + 3):
        log.record(replace(ENTRY, object_id=str(number)))
    with acting_as(ADMIN):
        first = await log.find(AuditFilter())
        second = await log.find(AuditFilter(), first.next_below)
    numbers = [int(entry.object_id) for entry in first.entries + second.entries]
    assert numbers == list(reversed(range(PAGE_SIZE + 3)))
    assert second.next_below is None


@pytest.mark.anyio
async def test_the_export_holds_no_formula(store: Store) -> None:
    log = AuditLog(store)
    log.record(replace(ENTRY, identity="=cmd()"))
    with acting_as(ADMIN):
        exported = await log.as_csv(AuditFilter())
    header, row = csv.reader(io.StringIO(exported.decode()))
    assert row[header.index("who")] == "'=cmd()"
    assert row[header.index("time")] == "2027-01-15T08:00:00.250+00:00"


@pytest.mark.anyio
async def test_of_a_stranger_who_tries_again_and_again_the_first_of_a_minute_is_logged(
    store: Store,
) -> None:
    log = AuditLog(store)
    stranger = replace(ENTRY, identity="stranger", kind="", role="", result=AuditResult.REFUSED)
    for seconds in (0, 1, 2, 60):
        log.record(replace(stranger, at=stranger.at + seconds))
    log.record(replace(stranger, address="192.0.2.2"))
    with acting_as(ADMIN):
        assert len((await log.find(AuditFilter())).entries) == 3


@pytest.mark.anyio
async def test_a_tester_may_not_read_it_and_that_is_logged(store: Store) -> None:
    log = AuditLog(store)
    tester = Identity("bob@example.com", IdentityKind.OIDC, Role.TESTER)
    with acting_as(Caller(tester, log)), pytest.raises(NotAllowed):
        await log.find(AuditFilter())
    with acting_as(ADMIN):
        refused = (await log.find(AuditFilter(result=AuditResult.REFUSED))).entries
    assert [(entry.identity, entry.action) for entry in refused] == [
        ("bob@example.com", "read_audit")
    ]


@pytest.mark.anyio
async def test_reading_the_log_adds_nothing_to_it_and_exporting_it_does(store: Store) -> None:
    log = AuditLog(store)
    log.record(ENTRY)
    admin = Identity("ann@example.com", IdentityKind.OIDC, Role.ADMIN)
    with acting_as(Caller(admin, log)):
        (entry,) = (await log.find(AuditFilter())).entries
        assert await log.get(entry.id) == entry
        assert await log.get(entry.id + 1) is None
        assert await log.identities() == ["ann@example.com"]
        assert len((await log.find(AuditFilter())).entries) == 1
        await log.as_csv(AuditFilter())
        assert (await log.find(AuditFilter())).entries[0].action == Permission.READ_AUDIT


@pytest.mark.anyio
async def test_whoever_has_entries_is_named_once_in_alphabetical_order(store: Store) -> None:
    log = AuditLog(store)
    for name in ("tom", "ann", "tom", "eve"):
        log.record(replace(ENTRY, identity=name))
    with acting_as(ADMIN):
        await log.find(AuditFilter())
        assert await log.identities() == ["ann", "eve", "tom"]


@pytest.mark.anyio
async def test_what_no_column_holds_holds_up_no_other_entry(store: Store) -> None:
    log = AuditLog(store)
    long = replace(ENTRY, identity="a" * 900, object_id="b" * 900, action="c" * 90, detail="\0x")
    log.record(replace(long, address="1" * 90))
    log.record(ENTRY)
    with acting_as(ADMIN):
        found = (await log.find(AuditFilter())).entries
        assert [len(entry.identity) for entry in found] == [15, 200]
        assert (await log.find(AuditFilter(identity="\0"))).entries == []
