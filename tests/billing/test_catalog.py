"""The two Prices, as a page that does not wait reads them, in front of a Stripe that misbehaves."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from billing.catalog import LOOKUP_KEYS, Catalog
from billing.domain.sessions.checkout_session import Kind
from billing.errors import NotConfigured, StripeFailure
from billing.store import Store
from billing.stripe_api.gateway import StripeGateway
from billing.timings import DEFAULT_TIMINGS
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import NO_FAULTS, SILENT, StripeAccount, always
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.servers.shop import Shop

pytestmark = pytest.mark.anyio


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def selling(folder: Path, account: StripeAccount, clock: Clock) -> AsyncIterator[Catalog]:
    settings = working_settings(folder, account.url)
    gateway = StripeGateway(settings)
    store = Store(SecretStr(f"sqlite:///{folder}/billing.sqlite3"))
    catalog = Catalog(settings, gateway, store, monotonic=clock)
    yield catalog
    await catalog.aclose()
    await gateway.aclose()
    store.close()


async def test_both_are_asked_for_side_by_side_and_nobody_waits(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = SILENT

    async def both_were_asked_for() -> bool:
        await catalog.wait_for_prices(0.01)
        return len(account.paths("GET")) >= 2

    async with selling(tmp_path, account, Clock()) as catalog:
        await until(both_were_asked_for)
        assert (await catalog.cached_price(Kind.PRO)).is_empty
        assert sorted(account.paths("GET")) == ["/v1/prices/price_credit", "/v1/prices/price_pro"]


async def test_the_last_that_stripe_reported_stays_while_it_cannot_be_asked(
    tmp_path: Path, account: StripeAccount
) -> None:
    clock = Clock()

    async def has_failed() -> bool:
        return (await catalog.cached_price(Kind.CREDITS)).failure is not None

    async def is_told_again() -> bool:
        return not await has_failed()

    async with selling(tmp_path, account, clock) as catalog:
        assert (await catalog.price(Kind.CREDITS)).short == "$0.99"
        account.faults = always("rate_limited")
        clock.now += DEFAULT_TIMINGS.price_max_age_seconds + 1
        assert (await catalog.price(Kind.CREDITS)).short == "$0.99"
        await until(has_failed)
        assert (await catalog.cached_price(Kind.CREDITS)).price
        assert len(account.paths("GET")) == 2
        account.faults = NO_FAULTS
        clock.now += DEFAULT_TIMINGS.price_retry_seconds + 1
        await until(is_told_again)


async def test_a_price_that_stripe_knows_no_more_is_not_kept(
    tmp_path: Path, account: StripeAccount
) -> None:
    clock = Clock()

    async def is_gone() -> bool:
        return (await catalog.cached_price(Kind.PRO)).price is None

    async with selling(tmp_path, account, clock) as catalog:
        await catalog.price(Kind.PRO)
        account.faults = always("missing")
        clock.now += DEFAULT_TIMINGS.price_max_age_seconds + 1
        await until(is_gone)
        with pytest.raises(StripeFailure):
            await catalog.price(Kind.PRO)


async def test_a_price_that_cannot_be_read_is_a_failure_that_says_so(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("not_json")
    async with selling(tmp_path, account, Clock()) as catalog:
        with pytest.raises(StripeFailure):
            await catalog.price(Kind.PRO)
        assert (await catalog.cached_price(Kind.PRO)).failure


async def test_where_none_is_set_the_price_with_our_lookup_key_is_sold(shop: Shop) -> None:
    unset = replace(shop.services.settings, price_pro_monthly=None)
    gateway = StripeGateway(unset)
    catalog = Catalog(unset, gateway, shop.services.store)
    with pytest.raises(NotConfigured, match="STRIPE_PRICE_PRO_MONTHLY is not set"):
        await catalog.price_id(Kind.PRO)
    created = shop.stripe.v1.prices.create(
        {
            "currency": "eur",
            "unit_amount": 4900,
            "recurring": {"interval": "month"},
            "product_data": {"name": "Pro"},
            "lookup_key": LOOKUP_KEYS[Kind.PRO],
        }
    )
    catalog.expire()
    assert await catalog.price_id(Kind.PRO) == created.id
    assert (await catalog.price(Kind.PRO)).short == "€49/month"
    assert await catalog.price_id(Kind.CREDITS) == shop.services.settings.price_extra_credit
    await catalog.aclose()
    await gateway.aclose()


async def test_every_price_that_the_setting_has_named_is_still_known(
    tmp_path: Path, account: StripeAccount
) -> None:
    settings = working_settings(tmp_path, account.url)
    store = Store(SecretStr(f"sqlite:///{tmp_path}/billing.sqlite3"))
    gateway = StripeGateway(settings)
    for price_id in ("price_first", "price_second", "price_first"):
        renamed = replace(settings, price_pro_monthly=price_id)
        catalog = Catalog(renamed, gateway, store)
        await catalog.store_named_prices()
    sold = await catalog.named_prices(Kind.PRO)
    assert (sold.id, sold.former) == ("price_first", frozenset({"price_second"}))
    assert (await catalog.named_prices(Kind.CREDITS)).former == frozenset()
    yearly = {"price": {"id": "price_second", "recurring": {"interval": "year"}}}
    assert sold.sells_price_of(yearly)
    assert not sold.sells_price_of({"price": {"id": "price_second", "recurring": None}})
    assert not sold.sells_price_of({"price": {"id": "price_third", "recurring": {}}})
    await gateway.aclose()
    store.close()
