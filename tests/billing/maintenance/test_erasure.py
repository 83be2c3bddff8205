"""A person is erased: nothing stored names them, whatever is read of them from Stripe again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from sqlalchemy import String, Text, select

from billing.access.caller import acting_as
from billing.domain.access import AuditFilter, Permission
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.filters import SessionFilter
from billing.errors import InvalidInput
from billing.settings.model import LOCAL_SANDBOX, SECRET_KEY
from billing.store import sessions, tables
from billing.store.ledger import lines
from billing.sync import checkpoint
from stripe_sandbox.payments.checkout import Payer
from tests.billing.commands.test_check_command import run, settings_of
from tests.billing.test_entitlements_route import answer
from tests.support.servers.after_sale import DAY, payment_of, refund
from tests.support.servers.deliveries import deliver
from tests.support.servers.sales import GOOD_CARD, refresh
from tests.support.servers.shop import connected_shop
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import until, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from billing.domain.ledger.line import LedgerLine
    from tests.support.servers.shop import ConnectedShop

EMAIL = "Jo.Doe@person.example"
PERSONAL = (EMAIL.lower(), "jo.doe%40person.example", "jo surname", "person.example")
PERSON = Payer(EMAIL, "Jo Surname")
OTHER = Payer("ann@other.example", "Ann Other")


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path, database_url=SecretStr(database_url)) as opened:
        yield opened


def buy(shop: ConnectedShop, kind: Kind, payer: Payer, **values: Any) -> str:
    """A session that this person paid; its id."""
    checkout = shop.services.checkout
    quantity = 10 if kind is Kind.CREDITS else 1
    call = shop.server.portal.call
    session = call(lambda: checkout.create(kind, quantity, made_by="test", **values))
    shop.sandbox.payments.pay(session.id, GOOD_CARD, payer)
    return refresh(shop, session.id)


def places(shop: ConnectedShop) -> set[str]:
    """Where in the database something personal stands, as table and column."""

    def look(connection: Connection) -> set[str]:
        return {
            f"{table.name}.{column.name}"
            for table in tables.metadata.sorted_tables
            for column in table.c
            if isinstance(column.type, String | Text)
            for value in connection.scalars(select(column).where(column.is_not(None)))
            if any(personal in value.lower() for personal in PERSONAL)
        }

    call, store = shop.server.portal.call, shop.services.store
    return call(lambda: store.read(look))


def ledger(shop: ConnectedShop) -> list[LedgerLine]:
    def read(connection: Connection) -> list[LedgerLine]:
        return [line for some in lines.all_subjects(connection) for line in some]

    call, store = shop.server.portal.call, shop.services.store
    return call(lambda: store.read(read))


def wait_until_quiet(shop: ConnectedShop) -> None:
    """Every event that Stripe has is here and handled."""

    def is_quiet() -> bool:
        known = {one.id for one in shop.stripe.v1.events.list({"limit": 100}).data}
        rows = shop.server.events()
        waiting = [row for row in rows.values() if row["state"] in ("pending", "failed")]
        return known <= rows.keys() and not waiting

    wait_for(is_quiet, "every event")


def read_everything_again(shop: ConnectedShop) -> None:
    """The whole history, every event, the ledger's comparison with Stripe, the customers."""
    call, services = shop.server.portal.call, shop.services
    before = call(lambda: services.store.read(checkpoint.load))["as_of"]
    call(services.sync_worker.restart_backfill)

    async def is_complete() -> bool:
        saved = await services.store.read(checkpoint.load)
        return bool(saved.get("caught_up")) and saved.get("as_of", 0) > before

    call(until, is_complete, "the history to be read again")
    (secret,) = services.settings.webhook_secrets
    for event in shop.controls.stripe.page("events", limit=100):
        assert deliver(shop, event, secret.get_secret_value()).ok
    rows = shop.server.events().items()
    handled = [event_id for event_id, row in rows if row["state"] == "handled"]
    assert call(lambda: services.event_processor.replay(handled)) == len(handled)
    wait_until_quiet(shop)
    report = call(lambda: services.reconciliation.run(fix=True))
    assert report.is_proof
    call(services.customer_refresh.catch_up)


def test_after_an_erasure_nothing_names_the_person_whatever_is_read_again(
    shop: ConnectedShop,
) -> None:
    call, services = shop.server.portal.call, shop.services
    pro = buy(shop, Kind.PRO, PERSON, email=EMAIL)
    guest = buy(shop, Kind.CREDITS, PERSON, label=f"for {EMAIL}")
    another = buy(shop, Kind.CREDITS, OTHER, label=EMAIL.lower())
    customer = str(shop.stripe.v1.checkout.sessions.retrieve(pro).customer)
    shop.stripe.v1.customers.update(customer, {"phone": "+1 555 0100"})
    refund(shop, payment_of(shop, guest), amount=297)
    shop.controls.advance(32 * DAY)  # a renewal, whose invoice names them
    wait_until_quiet(shop)
    call(services.customer_refresh.catch_up)
    assert {
        *("checkout_sessions.data", "session_terms.term", "session_search.text"),
        "events.payload",
        *("stripe_objects.data", "stripe_objects.email", "customers.email"),
    } <= places(shop)
    had = answer(shop, customer=customer)
    assert (had["credits"], had["pro"]["active"], had["email"]) == (7, True, EMAIL)
    sums = ledger(shop)

    dry = call(lambda: services.erasure.find(email=EMAIL.upper()))
    assert dry.stays_at_stripe == [customer]
    assert {pro, guest} <= dry.stored.sessions
    assert "checkout_sessions.data" in places(shop)

    with acting_as(services.access.command()):
        call(lambda: services.erasure.erase(email=EMAIL.upper()))
    assert places(shop) == set()
    assert ledger(shop) == sums
    for part in ("jo.doe", "@person.example", "surname"):
        search = partial(sessions.page, wanted=SessionFilter(search=part), limit=9)
        assert call(services.store.read, search).sessions == ()
    wanted = AuditFilter(action=Permission.ERASE)
    (line,) = call(lambda: services.access.audit.find(wanted)).entries
    assert (line.object_id, line.result, line.detail) == (customer, "done", "")
    known = shop.server.portal.call(services.mirror.session, another)
    assert known is not None
    read_everything_again(shop)
    assert places(shop) == set()

    shop.stripe.v1.customers.update(customer, {"name": "Jo Surname again"})
    shop.controls.advance(32 * DAY)
    refund(shop, payment_of(shop, guest), amount=99)
    read_everything_again(shop)
    assert places(shop) == set()
    has = answer(shop, customer=customer)
    assert (has["credits"], has["pro"]["active"], has["email"]) == (6, True, None)
    nobody = answer(shop, email=EMAIL)
    assert (nobody["credits"], nobody["pro"]["active"]) == (0, False)
    again = buy(shop, Kind.CREDITS, PERSON)  # anew, and known anew
    assert answer(shop, email=EMAIL)["credits"] == 10
    assert again not in dry.stored.sessions


def test_the_command_says_what_would_be_erased_and_what_stays_at_stripe(
    shop: ConnectedShop, tmp_path: Path
) -> None:
    pro = buy(shop, Kind.PRO, PERSON)
    wait_until_quiet(shop)
    shop.server.portal.call(shop.services.customer_refresh.catch_up)
    customer = str(shop.stripe.v1.checkout.sessions.retrieve(pro).customer)
    url = shop.services.settings.database_url
    assert url is not None
    settings = settings_of(shop) | {"DATABASE_URL": url.get_secret_value()}
    dry = run(tmp_path, "erase", "--customer", customer, "--dry-run", settings=settings)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert dry.stdout.startswith("Would erase names and addresses in 1 session, ")
    assert places(shop) != set()
    done = run(tmp_path, "erase", "--customer", customer, settings=settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"  {customer}\n" in done.stdout
    assert places(shop) == set()
    nobody = run(tmp_path, "erase", "--email", "nobody@other.example", settings=settings)
    assert (nobody.returncode, nobody.stdout) == (1, "Nothing is known of them.\n")
    assert run(tmp_path, "erase", settings=settings).returncode == 2


def test_of_a_customer_others_with_the_same_email_stay_as_they_are(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as shop:
        first, second = (buy(shop, Kind.PRO, PERSON) for _ in range(2))
        call, services = shop.server.portal.call, shop.services
        wait_until_quiet(shop)
        call(services.customer_refresh.catch_up)
        customer = str(shop.stripe.v1.checkout.sessions.retrieve(first).customer)
        call(lambda: services.erasure.erase(customer=customer))
        emails = [call(services.mirror.session, one) for one in (first, second)]
        assert [one and one.customer_email for one in emails] == [None, EMAIL]
        with pytest.raises(InvalidInput):
            call(lambda: services.erasure.erase(email=EMAIL, customer=customer))


def test_the_embedded_sandbox_erases_as_well_and_still_answers_as_stripe(tmp_path: Path) -> None:
    embedded = {SECRET_KEY: LOCAL_SANDBOX}
    with connected_shop(tmp_path, sources=embedded) as shop:
        pro, guest = buy(shop, Kind.PRO, PERSON), buy(shop, Kind.CREDITS, PERSON)
        buy(shop, Kind.CREDITS, OTHER)
        refund(shop, payment_of(shop, guest), amount=297)
        shop.controls.dispute(charge_of(shop, pro), "fraudulent")
        wait_until_quiet(shop)
        assert "jo surname" in sandbox_text(tmp_path)
        erasure = shop.services.erasure
        shop.server.portal.call(lambda: erasure.erase(email=EMAIL))
        text = sandbox_text(tmp_path)
        assert [one for one in PERSONAL if one in text] == []
        assert "ann other" in text
        api = shop.controls.stripe
        session = api.get(f"checkout/sessions/{pro}")
        assert_fits(
            session,
            api.get(f"customers/{session['customer']}"),
            *api.page("charges"),
            *api.page("invoices"),
            *api.page("disputes"),
            *api.page("events", limit=100),
        )
        shop.controls.advance(32 * DAY)
        assert api.page("invoices")[0]["status"] == "paid"


def charge_of(shop: ConnectedShop, session_id: str) -> str:
    intent = payment_of(shop, session_id)
    (charge,) = shop.controls.stripe.page("charges", payment_intent=intent)
    return str(charge["id"])


def sandbox_text(folder: Path) -> str:
    """All that is in the sandbox's database, in lower case."""
    with closing(sqlite3.connect(folder / "sandbox.sqlite3")) as connection:
        return "\n".join(connection.iterdump()).lower()
