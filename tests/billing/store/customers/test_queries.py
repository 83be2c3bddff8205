"""Pages of customers find what looking at each customer finds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from billing.domain.customers.customer import Customer, ProNote, ProStatus
from billing.domain.customers.page import CustomerFilter
from billing.store import customers

if TYPE_CHECKING:
    from billing.domain.customers.page import Cursor
    from billing.store import Store

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000
ADA = Customer(
    key="cus_Ada",
    customer="cus_Ada",
    email="ada@example.com",
    credits=12,
    pro=ProStatus.ACTIVE,
    pro_until=NOW + 86_400,
    pro_note=ProNote.RENEWS,
    subscription_status="active",
    paid={"eur": 990, "usd": 9900, "jpy": 500},
    refunded={"usd": 100},
    disputed={},
    has_refunds=True,
    has_disputes=False,
    last_activity=NOW,
)
GUEST = replace(
    ADA,
    key="grace@example.com",
    customer=None,
    email="grace@example.com",
    pro=ProStatus.NONE,
    pro_until=None,
    pro_note=None,
    subscription_status=None,
)


async def add(store: Store, *some: Customer) -> None:
    await store.write(lambda connection: customers.replace(connection, some, ()))


async def found(store: Store, wanted: CustomerFilter, limit: int = 3) -> list[str]:
    """All that match, page by page."""
    keys: list[str] = []
    below: Cursor | None = None
    while True:
        page = await store.read(partial(customers.page, wanted=wanted, limit=limit, below=below))
        keys += [one.key for one in page.customers]
        if page.older is None:
            return keys
        below = page.older


async def test_a_customer_is_read_as_they_were_stored(store: Store) -> None:
    await add(store, ADA, GUEST)
    assert await store.read(partial(customers.get, key="cus_Ada")) == ADA
    read = await store.read(partial(customers.get, key="grace@example.com"))
    assert read == GUEST
    assert list(read.paid) == ["eur", "usd", "jpy"]
    assert await store.read(partial(customers.get, key="cus_ada")) is None


async def test_any_filters_together_find_what_looking_at_each_finds(store: Store) -> None:
    made = [
        replace(
            ADA,
            key=f"cus_{number:03d}",
            email=f"buyer{number}@example.com",
            pro=pro,
            has_refunds=refunds,
            has_disputes=disputes,
            last_activity=NOW - number // 3,  # several in the same second
        )
        for number, (pro, refunds, disputes, _) in enumerate(
            product(ProStatus, (False, True), (False, True), range(4))
        )
    ]
    await add(store, *made)
    made.sort(key=lambda one: (one.last_activity, one.key), reverse=True)
    for pro, refunds, disputes, search in product(
        ((), (ProStatus.ACTIVE,), (ProStatus.ENDED, ProStatus.NONE)),
        (False, True),
        (False, True),
        ("", "buyer1", "uyer1", "s_01", "cus_"),
    ):
        wanted = CustomerFilter(frozenset(pro), refunds, disputes, search)
        expected = [
            one.key
            for one in made
            if (not pro or one.pro in pro)
            and (one.has_refunds or not refunds)
            and (one.has_disputes or not disputes)
            and (search in str(one.email) or search in one.key)
        ]
        assert await found(store, wanted) == expected, wanted


@pytest.mark.parametrize("search", ["ada", " DA@Exa", "s_A", "cus_Ada"])
async def test_a_customer_is_found_by_any_part_of_email_or_id(store: Store, search: str) -> None:
    await add(store, ADA, GUEST)
    assert await found(store, CustomerFilter(search=search)) == ["cus_Ada"]


async def test_those_who_were_not_active_lately_are_found_by_a_beginning(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.store.customers.queries.SCAN_LIMIT", 1)
    await add(store, ADA, replace(GUEST, last_activity=ADA.last_activity + 1))
    assert await found(store, CustomerFilter(search="ada@")) == ["cus_Ada"]
    assert await found(store, CustomerFilter(search="da@")) == []


@pytest.mark.parametrize(
    "search", ["aa@", "%", "a_a", "example.com.", "' OR 1=1 --", "\x00", "\ud800"]
)
async def test_what_stands_in_no_email_and_no_id_finds_nobody(store: Store, search: str) -> None:
    await add(store, ADA, GUEST)
    assert await found(store, CustomerFilter(search=search)) == []


async def test_who_becomes_active_while_turning_pages_shifts_nothing_and_is_counted(
    store: Store,
) -> None:
    made = [replace(ADA, key=f"cus_{n}", last_activity=NOW - n) for n in range(6)]
    await add(store, *made)
    everybody = CustomerFilter()
    first = await store.read(partial(customers.page, wanted=everybody, limit=3))
    await add(store, replace(made[5], last_activity=NOW + 5), replace(GUEST, last_activity=NOW + 9))
    second = await store.read(partial(customers.page, wanted=everybody, limit=3, below=first.older))
    assert [one.key for one in second.customers] == ["cus_3", "cus_4"]
    shown = [one.key for one in first.customers]
    count = partial(customers.count_new, wanted=everybody, shown=shown, end=first.older)
    assert await store.read(count) == 2


async def test_rivals_are_the_other_customers_with_an_email(store: Store) -> None:
    some = [replace(ADA, key=f"cus_{n}", customer=f"cus_{n}") for n in range(4)]
    await add(store, *some, GUEST)
    emails = ["ada@example.com", "grace@example.com"]
    rivals = await store.read(partial(customers.with_emails, emails=emails, besides=["cus_0"]))
    assert list(rivals) == ["ada@example.com"]
    assert rivals["ada@example.com"].number == 3
    assert rivals["ada@example.com"].keys == {"cus_1", "cus_3"}
