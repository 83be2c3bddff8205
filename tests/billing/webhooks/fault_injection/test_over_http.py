"""Faults behind the signature check while a sandbox delivers over HTTP, as Stripe would."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.receiver_faults import NO_FAULTS, Answer, ReceiverFaults
from billing.domain.sessions.checkout_session import Kind
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.webhooks.fault_injection.service import FaultState

VISA = "4242424242424242"
COMPLETED = "checkout.session.completed"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(autouse=True)
def no_faults_afterwards(shop: ConnectedShop) -> Iterator[None]:
    yield
    shop.pages.call(shop.services.fault_injection.end)


def set_faults(shop: ConnectedShop, faults: ReceiverFaults) -> None:
    shop.pages.call(partial(shop.services.fault_injection.set, faults))


def state(shop: ConnectedShop) -> FaultState:
    return shop.pages.call(shop.services.fault_injection.state)


def buy(shop: ConnectedShop, quantity: int) -> str:
    """The id of a session that is paid."""
    create = shop.services.checkout.create
    session = shop.pages.call(lambda: create(Kind.CREDITS, quantity, made_by="test"))
    shop.controls.pay(session.id, email="payer@example.com", card=VISA)
    return session.id


def granted(shop: ConnectedShop, session_id: str) -> list[int]:
    records = shop.pages.call(lambda: shop.services.sessions.records(session_id, ""))
    return [line.quantity for line in records.lines]


@pytest.mark.parametrize(
    ("faults", "name"),
    [
        (ReceiverFaults(answer=Answer.ERROR), "answered 500"),
        (ReceiverFaults(answer=Answer.LATE_ERROR), "answered 500 after 20 s"),
        (ReceiverFaults(drop_every=1), "dropped"),
        (ReceiverFaults(repeats=2), "repeated"),
        (ReceiverFaults(crash=True), "crashed"),
    ],
    ids=["500", "500 late", "dropped", "repeated", "crashed"],
)
def test_a_payment_is_granted_exactly_once_whatever_becomes_of_its_deliveries(
    shop: ConnectedShop, faults: ReceiverFaults, name: str
) -> None:
    """The sender repeats what was refused, polling finds what was dropped, the sweep the rest."""
    set_faults(shop, faults)
    session_id = buy(shop, 5)
    wait_for(lambda: granted(shop, session_id), "the grant")
    wait_for(lambda: state(shop).injected.get(name), f"a delivery that is {name}")
    wait_for(lambda: not shop.controls.state().waiting, "the sender to have done")
    assert granted(shop, session_id) == [5]


def test_what_is_held_is_let_go_in_another_order_and_each_grants_its_own(
    shop: ConnectedShop,
) -> None:
    set_faults(shop, ReceiverFaults(hold=True))
    bought = {buy(shop, quantity): quantity for quantity in (1, 2, 3)}

    def held() -> dict[str, int]:
        """The numbers of the deliveries that say that a session is complete, by the session."""
        found = [one for one in state(shop).held if one.type == COMPLETED]
        return {one.object_id: one.number for one in found}

    wait_for(lambda: held().keys() == bought.keys(), "three deliveries that are held")
    for session_id, number in reversed(held().items()):
        assert shop.pages.call(partial(shop.services.fault_injection.release, number))
        wait_for(partial(granted, shop, session_id), "the grant")
    assert {one: granted(shop, one) for one in bought} == {one: [n] for one, n in bought.items()}
    set_faults(shop, NO_FAULTS)
    wait_for(lambda: not state(shop).held, "nothing that is held")
    assert {one: granted(shop, one) for one in bought} == {one: [n] for one, n in bought.items()}
