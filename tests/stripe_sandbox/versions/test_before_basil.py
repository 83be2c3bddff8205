"""What the versions before basil changed, back to 2022-11-15."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for


def test_refunds_of_charges_have_no_events_of_their_own_before(server: SandboxServer) -> None:
    """An endpoint of before 2024-10-28 gets the charge's alone."""
    wanted = ["refund.created", "charge.refunded"]
    for version in ("2024-09-30.acacia", "2024-10-28.acacia"):
        params: Any = {"url": server.receiver.url, "enabled_events": wanted, "api_version": version}
        server.stripe.v1.webhook_endpoints.create(params=params)
    session = server.create()
    server.pay(session.id)
    intent = str(server.retrieve(session.id).payment_intent)
    server.stripe.v1.refunds.create(params={"payment_intent": intent})
    wait_for(lambda: len(server.receiver.received) == 3)
    got = sorted((event["api_version"], event["type"]) for event in server.receiver.events())
    assert got == [
        ("2024-09-30.acacia", "charge.refunded"),
        ("2024-10-28.acacia", "charge.refunded"),
        ("2024-10-28.acacia", "refund.created"),
    ]


def test_products_have_features_before(shared_server: SandboxServer) -> None:
    """And `marketing_features` since 2024-04-10, as parameters and in lists as well."""
    older, newer = Older(shared_server, "2023-10-16"), Older(shared_server, "2024-04-10")
    features = [{"name": "Hot"}]
    product = older.post("/v1/products", name="Tea", features=features)
    path = f"/v1/products/{product['id']}"
    assert product["features"] == older.get("/v1/products")["data"][0]["features"] == features
    assert "marketing_features" not in product
    assert newer.get(path)["marketing_features"] == features
    changed = older.post(path, features=[{"name": "Cold"}])
    assert changed["features"] == [{"name": "Cold"}]
    assert newer.refusal("POST", path, features=features)["code"] == "parameter_unknown"


def test_payments_are_captured_at_once_before(shared_server: SandboxServer) -> None:
    """Asynchronously since 2024-04-10, unless the request says otherwise."""

    def method(version: str, **params: Any) -> str:
        older = Older(shared_server, version)
        session = older.post("/v1/checkout/sessions", **shared_server.params(**params))
        shared_server.pay(session["id"])
        path = f"/v1/checkout/sessions/{session['id']}"
        found: str = older.get(path, "payment_intent")["payment_intent"]["capture_method"]
        return found

    data = {"capture_method": "automatic_async"}
    assert method("2023-10-16") == "automatic"
    assert method("2023-10-16", payment_intent_data=data) == "automatic_async"
    assert method("2024-04-10") == "automatic_async"


def test_invoices_have_rendering_options_before(shared_server: SandboxServer) -> None:
    """Beside `rendering`, which stands alone since 2024-04-10."""
    shared_server.paid_subscription()
    [older] = Older(shared_server, "2023-10-16").get("/v1/invoices")["data"]
    [newer] = Older(shared_server, "2024-04-10").get("/v1/invoices")["data"]
    assert older["rendering_options"] is newer["rendering"] is None
    assert "rendering_options" not in newer


def test_a_payment_intent_has_its_latest_charge(shared_server: SandboxServer) -> None:
    """No list of charges, from 2022-11-15 on."""
    session = shared_server.create()
    shared_server.pay(session.id)
    path = f"/v1/checkout/sessions/{session.id}"
    found = Older(shared_server, "2022-11-15").get(path, "payment_intent.latest_charge")
    assert found["payment_intent"]["latest_charge"]["paid"] is True
    assert "charges" not in found["payment_intent"]


def test_metadata_are_nobodys_object(shared_server: SandboxServer) -> None:
    """Whatever they are called."""
    metadata = {"object": "invoice", "status": "draft"}
    older = Older(shared_server, "2022-11-15")
    assert older.post("/v1/products", name="Tea", metadata=metadata)["metadata"] == metadata


def test_objects_have_fields_before_that_later_ones_lack(shared_server: SandboxServer) -> None:
    """A charge's dispute and a product's attributes before 2023-08-16, the aggregate usage of
    prices and plans before basil."""
    session = shared_server.create()
    shared_server.pay(session.id, "4000000000000259")
    charge = shared_server.retrieve(session.id, "payment_intent").payment_intent.latest_charge
    dispute = shared_server.get("/v1/disputes", limit=1)["data"][0]
    oldest, newer = Older(shared_server, "2022-11-15"), Older(shared_server, "2023-08-16")
    path = f"/v1/charges/{charge}"
    assert (oldest.get(path)["dispute"], oldest.get(path)["destination"]) == (dispute["id"], None)
    assert not {"dispute", "destination"} & newer.get(path).keys()
    product = newer.post("/v1/products", name="Tea")
    path = f"/v1/products/{product['id']}"
    assert (product.get("attributes"), oldest.get(path)["attributes"]) == (None, [])
    subscribed = shared_server.paid_subscription()["id"]
    for version, has in (("2025-02-24.acacia", True), ("2025-03-31.basil", False)):
        found = Older(shared_server, version).get(f"/v1/subscriptions/{subscribed}")
        item = found["items"]["data"][0]
        assert ("aggregate_usage" in item["plan"]) is has
        assert ("aggregate_usage" in item["price"]["recurring"]) is has
