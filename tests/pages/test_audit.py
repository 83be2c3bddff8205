"""The Audit page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from billing.access.ways import Anonymous
from billing.domain.access import AuditEntry, AuditResult, Permission, Role
from tests.support.audit_entry import ENTRY
from tests.support.browsers.pages import alerts, open_page, rows, run, run_until, text_of

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.support.servers.shop import Shop

AT = 1_800_000_000.0
REFUSAL = "The role tester is needed to refund payments; vera@example.com is a viewer."
DONE = replace(
    ENTRY, at=AT, identity="tom@example.com", action=Permission.SELL, object_id="cs_test_1234567890"
)
REFUSED = replace(
    ENTRY,
    at=AT + 1,
    identity="vera@example.com",
    kind="proxy",
    role="viewer",
    object_id="pi_1234567890abc",
    result=AuditResult.REFUSED,
    detail=REFUSAL,
    address="192.0.2.2",
)
SIGNED_IN = replace(
    REFUSED, at=AT + 2, action="sign_in", object_id="", result=AuditResult.DONE, detail=""
)


def record(shop: Shop, *entries: AuditEntry) -> None:
    for entry in entries:
        shop.services.access.audit.record(entry)


def actions(page: AppTest) -> list[str]:
    return [row["action"] for row in rows(page)]


def test_entries_are_listed_the_newest_first_in_words(shop: Shop) -> None:
    record(shop, DONE, REFUSED, SIGNED_IN)
    page = open_page(shop.server, "audit.py")
    assert actions(page) == ["✓ Sign in", "⊘ Refund payments", "✓ Create Checkout Sessions"]
    refused = rows(page)[1]
    assert list(refused["result"]) == ["Refused"]
    assert refused["object"] == "pi_…0abc"
    assert refused["detail"] == REFUSAL
    assert (refused["role"], refused["signed_in"]) == ("Viewer", "By the proxy")


def test_the_address_filters_the_table_and_the_export(shop: Shop) -> None:
    record(shop, DONE, REFUSED, SIGNED_IN)
    sign_in, refund, sell = "✓ Sign in", "⊘ Refund payments", "✓ Create Checkout Sessions"
    for query, found in (
        ({"who": "vera@example.com"}, [sign_in, refund]),
        ({"action": "sell"}, [sell]),
        ({"result": "refused"}, [refund]),
        ({"object": "cs_test_1234567890"}, [sell]),
        ({"who": "vera@example.com", "action": "sign_in"}, [sign_in]),
    ):
        page = open_page(shop.server, "audit.py", **query)
        assert actions(page) == found
        wanted = page.session_state["audit_paging"].query
        exported = shop.server.portal.call(shop.services.access.audit.as_csv, wanted)
        assert len(list(csv.reader(io.StringIO(exported.decode())))) == 1 + len(found)


def test_whoever_has_an_entry_can_be_chosen(shop: Shop) -> None:
    record(shop, DONE, REFUSED)
    page = run(open_page(shop.server, "audit.py"))
    who = page.selectbox(key="audit_who")
    assert who.options == ["Anybody", "tom@example.com", "vera@example.com"]
    who.select("tom@example.com")
    assert actions(run(page)) == ["✓ Create Checkout Sessions"]
    assert page.query_params["who"] == "tom@example.com"


def test_an_entry_opens_with_all_that_is_known_and_the_way_to_its_object(shop: Shop) -> None:
    record(shop, DONE, REFUSED)
    page = open_page(shop.server, "audit.py")
    run_until(page, lambda: bool(page.dataframe))
    listed = rows(page)
    page = open_page(shop.server, "audit.py", entry=listed[0]["id"])
    assert REFUSAL in text_of(page)
    assert not page.get("page_link")
    page = open_page(shop.server, "audit.py", entry=listed[1]["id"])
    (link,) = page.get("page_link")
    assert link.proto.query_string == "session=cs_test_1234567890"
    for unknown in ("999999", "x", "-1"):
        page = open_page(shop.server, "audit.py", entry=unknown)
        assert "Entry not found" in alerts(page)["warning"][0]


def test_where_nothing_was_done_or_nothing_matches_it_says_so(shop: Shop) -> None:
    page = open_page(shop.server, "audit.py")
    assert "Nothing has been done yet" in alerts(page)["info"][0]
    page = open_page(shop.server, "audit.py", result="failed", action="nonsense")
    assert "No matching entries" in alerts(page)["info"][0]
    assert "nonsense` is not a valid action" in alerts(page)["warning"][0]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TESTER])
def test_who_is_no_admin_sees_why_and_nothing_else_and_is_in_the_log(
    shop: Shop, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(shop, DONE)
    with monkeypatch.context() as patch:
        patch.setattr(shop.services.access, "sign_in", Anonymous(role))
        page = open_page(shop.server, "audit.py", entry="1")
        (said,) = alerts(page)["error"]
        assert said.startswith("Not allowed The role admin is needed to read the audit log")
        assert not page.dataframe
    assert actions(open_page(shop.server, "audit.py"))[0] == "⊘ Read the audit log"
