"""What 2025-09-30.clover changed."""

from __future__ import annotations

from tests.stripe_sandbox.versions.test_translation import OLDEST
from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer

BEFORE, SINCE = "2025-08-27.basil", "2025-09-30.clover"


def test_a_promotion_code_holds_its_whole_coupon(shared_server: SandboxServer) -> None:
    """Named by `coupon`, in the request, in the answer and in errors."""
    older = Older(shared_server, OLDEST)
    coupon = older.post("/v1/coupons", percent_off=10)
    code = older.post("/v1/promotion_codes", coupon=coupon["id"])
    assert (code["coupon"], "promotion" in code) == (coupon, False)
    error = older.refusal("POST", "/v1/promotion_codes", coupon="NONE")
    assert (error["param"], error["message"]) == ("coupon", "No such coupon: 'NONE'")


def test_a_discount_holds_its_whole_coupon(shared_server: SandboxServer) -> None:
    """In a session's breakdown and in its line items."""
    older = Older(shared_server, OLDEST)
    coupon = older.post("/v1/coupons", percent_off=10)
    made = shared_server.create(discounts=[{"coupon": coupon["id"]}]).id
    session = older.get(f"/v1/checkout/sessions/{made}", "total_details.breakdown", "line_items")
    [line] = session["line_items"]["data"]
    [part] = session["total_details"]["breakdown"]["discounts"]
    assert line["discounts"] == [part]
    assert (part["discount"]["coupon"], "source" in part["discount"]) == (coupon, False)


def test_a_preview_of_an_invoice_has_no_id_before(shared_server: SandboxServer) -> None:
    """Since then one that can be told from those of invoices."""
    subscription = shared_server.paid_subscription()["id"]
    path = "/v1/invoices/create_preview"
    before, since = (Older(shared_server, version) for version in (BEFORE, SINCE))
    assert "id" not in before.post(path, subscription=subscription)
    assert since.post(path, subscription=subscription)["id"].startswith("upcoming_in_")


def test_thin_events_are_listed_by_times_of_the_top_before(shared_server: SandboxServer) -> None:
    """Since 2025-11-17 those stand in `created`."""
    shared_server.stripe.v1.customers.create()
    path, now = "/v2/core/events", "2100-01-01T00:00:00Z"
    older, newer = Older(shared_server, SINCE), Older(shared_server, "2025-11-17.clover")
    assert older.get(path, lt=now)["data"]
    assert not older.get(path, gt=now)["data"]
    assert newer.refusal("GET", path, gt=now)["code"] == "parameter_unknown"
