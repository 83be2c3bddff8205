"""An outage with everything at work: whoever meets it, the log has a line and not one for each."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from billing.errors import StoreFailure
from tests.support.database.records import event_rows
from tests.support.servers.services import at_work, open_services
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import DOWN
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from billing.services import Services
    from tests.support.stripe_account import StripeAccount

pytestmark = pytest.mark.anyio

OFTEN = 50  # as often as in some minutes of an outage


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        one.getMessage()
        for one in caplog.records
        if one.levelno >= logging.WARNING and one.name.startswith("billing")
    ]


async def test_a_database_that_is_away_is_one_line_whoever_needs_it(
    account: StripeAccount, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("a file where the folder belongs")
    event = account.say("completed", account.pay(account.sell("credits", 5)))

    async def fails(services: Services) -> None:
        for need in (
            deliver(services, event),
            services.mirror.recent(10),
            services.health.database(),
        ):
            with pytest.raises(StoreFailure):
                await need
        services.mirror.enqueue(account.sell("pro"))

    url = f"sqlite:///{tmp_path}/data/store.sqlite3"
    async with (
        open_services(account.url, url) as services,
        at_work(services.sync_worker.run, services.event_processor.run),
    ):
        for _ in range(OFTEN):
            await fails(services)
    (told,) = warnings(caplog)
    assert told.startswith("The database file cannot be created")


async def test_a_stripe_that_is_away_is_one_line_however_many_events_wait_for_it(
    account: StripeAccount, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    account.faults = DOWN
    events = [account.say("completed", account.pay(account.sell("credits", 5))) for _ in range(3)]
    async with (
        open_services(account.url, sqlite_url) as services,
        at_work(services.sync_worker.run, services.event_processor.run),
    ):
        for event in events:
            await deliver(services, event)

        async def tried_often() -> bool:
            rows = await event_rows(services.store)
            return bool(sum(row["attempts"] for row in rows.values()) > OFTEN / 2)

        await until(tried_often, "many tries of the events")
    (told,) = warnings(caplog)
    assert "HTTP 500" in told
