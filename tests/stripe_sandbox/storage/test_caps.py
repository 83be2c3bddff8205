"""Of finished objects that nobody needs the newest stay; of what was paid, everything."""

from __future__ import annotations

from stripe_sandbox.storage import caps
from stripe_sandbox.storage.caps import Caps
from tests.support.stripe.sandbox_server import sandbox_server

FEW = Caps(sessions=3, portal_sessions=1, events=4)


def test_the_newest_stay_and_what_was_paid_stays_whole() -> None:
    with sandbox_server(None) as server:
        paid = server.create()
        server.pay(paid.id)
        declined = server.create()
        server.pay(declined.id, "4000000000000002")
        expired = [declined, *(server.create() for _ in range(3))]
        for session in expired:
            server.stripe.v1.checkout.sessions.expire(session.id)
        open_one = server.create()
        database = server.sandbox._database
        caps.remove_surplus(database, FEW)
        stays = {one.id for one in server.stripe.v1.checkout.sessions.list().data}
        assert stays == {paid.id, open_one.id, *(one.id for one in expired[2:])}
        intents = server.get("/v1/payment_intents")["data"]
        assert [one["id"] for one in intents] == [server.retrieve(paid.id).payment_intent]
        assert len(server.get("/v1/charges")["data"]) == 1
        assert len(server.event_types()) == FEW.events
        caps.remove_surplus(database, FEW)
        assert len(server.event_types()) == FEW.events


def test_in_front_of_so_many_nothing_is_removed() -> None:
    with sandbox_server(None) as server:
        server.stripe.v1.checkout.sessions.expire(server.create().id)
        known = server.event_types()
        caps.remove_surplus(server.sandbox._database, Caps())
        assert server.event_types() == known
