"""`POST /_control/charges/{charge}/dispute`: a paid charge is disputed afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, types
from tests.support.stripe.stripe_types import assert_fits


def paid_charge(server: SandboxServer) -> str:
    session = server.create().id
    server.pay(session)
    intent = server.retrieve(session, "payment_intent").payment_intent
    return str(intent.latest_charge)


@pytest.mark.parametrize(
    ("body", "status", "reason", "withdrawn"),
    [
        ({}, "needs_response", "fraudulent", True),
        ({"kind": "fraudulent"}, "needs_response", "fraudulent", True),
        ({"kind": "product_not_received"}, "needs_response", "product_not_received", True),
        ({"kind": "inquiry"}, "warning_needs_response", "fraudulent", False),
    ],
)
def test_a_paid_charge_is_disputed(
    shared_server: SandboxServer, body: Any, status: str, reason: str, withdrawn: bool
) -> None:
    charge = paid_charge(shared_server)
    answer = shared_server.control("POST", f"charges/{charge}/dispute", body)
    assert answer["status"] == status
    dispute = shared_server.get(f"/v1/disputes/{answer['dispute']}")
    assert_fits(dispute)
    assert (dispute["charge"], dispute["reason"]) == (charge, reason)
    moved = ["charge.dispute.funds_withdrawn"] if withdrawn else []
    assert types(shared_server.events(answer["events"])) == ["charge.dispute.created", *moved]
    assert shared_server.get(f"/v1/charges/{charge}")["disputed"] is True


def test_what_cannot_be_disputed_is_refused(shared_server: SandboxServer) -> None:
    server = shared_server
    charge = paid_charge(server)
    unknown = server.control("POST", f"charges/{charge}/dispute", {"kind": "wat"}, status=400)
    assert unknown["error"]["param"] == "kind"
    server.control("POST", f"charges/{charge}/dispute")
    twice = server.control("POST", f"charges/{charge}/dispute", status=400)
    assert "already been disputed" in twice["error"]["message"]
    missing = server.control("POST", "charges/ch_none/dispute", status=404)
    assert missing["error"]["code"] == "resource_missing"
    declined = server.create().id
    server.pay(declined, "4000000000000002")
    failed = server.get("/v1/charges")["data"][0]
    assert failed["status"] == "failed"
    server.control("POST", f"charges/{failed['id']}/dispute", status=400)
