"""Stripe's objects are found by whose they are."""

from __future__ import annotations

from functools import partial

import pytest

from billing.domain.stripe_json import JSON
from billing.store import Store, stripe_objects
from billing.store.stripe_objects import ObjectReading, ObjectType

pytestmark = pytest.mark.anyio


def subscription(name: str, customer: str | None, created: int) -> ObjectReading:
    data: JSON = {"object": "subscription", "id": name, "customer": customer, "created": created}
    return ObjectReading(data, 1.0)


async def test_customers_with_several_subscriptions_are_found_the_newest_first(
    store: Store,
) -> None:
    found = [
        subscription("sub_1", "cus_1", 1),
        subscription("sub_2", "cus_1", 2),
        subscription("sub_3", "cus_2", 9),
        subscription("sub_4", "cus_3", 3),
        subscription("sub_5", "cus_3", 4),
        subscription("sub_6", None, 5),
        subscription("sub_7", None, 6),
        ObjectReading({"object": "customer", "id": "cus_2", "created": 1}, 1.0),
    ]
    await store.write(lambda c: stripe_objects.store(c, found))
    wanted = partial(stripe_objects.customers_with_several, kind=ObjectType.SUBSCRIPTION)
    assert await store.read(partial(wanted, limit=9)) == ["cus_3", "cus_1"]
    assert await store.read(partial(wanted, limit=1)) == ["cus_3"]
