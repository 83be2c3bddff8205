"""The lines of drafts, several at once, and the discounts of invoices and of their items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server
from tests.support.stripe.stripe_types import assert_fits


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One sandbox; each test has customers of its own."""
    with sandbox_server(None) as found:
        yield found


def _draft(server: SandboxServer, **params: Any) -> Any:
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    given: Any = {"customer": customer, **params}
    return server.stripe.v1.invoices.create(given)


def _get(server: SandboxServer, invoice: str, *expand: str) -> Any:
    paths = {f"expand[{index}]": path for index, path in enumerate(expand)}
    found = server.get(f"/v1/invoices/{invoice}", **paths)
    assert_fits(found)
    return found


def _coupon(server: SandboxServer, percent: int) -> str:
    return server.stripe.v1.coupons.create({"percent_off": percent, "duration": "once"}).id


def test_lines_are_added_changed_and_removed(server: SandboxServer) -> None:
    """New ones, and an item that waits; what is due follows, with one event each time."""
    service, draft = server.stripe.v1, _draft(server)
    waiting = service.invoice_items.create(
        {"customer": str(draft.customer), "amount": 300, "description": "Travel"}
    ).id
    product = server.get(f"/v1/prices/{server.credit}")["product"]
    data = {"currency": "usd", "product": product, "unit_amount": 700}
    known = server.event_types()
    service.invoices.add_lines(
        draft.id,
        {
            "lines": [
                {"amount": 500, "description": "Work", "metadata": {"day": "1"}},
                {"pricing": {"price": server.credit}, "quantity": 2},
                {"price_data": data},  # type: ignore[typeddict-item]
                {"invoice_item": waiting},
            ],
            "invoice_metadata": {"order": "7"},
        },
    )
    assert server.event_types_since(known).count("invoice.updated") == 1
    added = _get(server, draft.id)
    assert (added["total"], added["metadata"]) == (500 + 198 + 700 + 300, {"order": "7"})
    work, bought, _, travel = added["lines"]["data"]
    assert (work["metadata"], bought["quantity"]) == ({"day": "1"}, 2)
    assert travel["parent"]["invoice_item_details"]["invoice_item"] == waiting
    service.invoices.update_lines(
        draft.id,
        {
            "lines": [
                {"id": work["id"], "amount": 600, "description": "More work"},
                {"id": bought["id"], "quantity": 3},
            ]
        },
    )
    line: Any = service.invoices.line_items.update(draft.id, travel["id"], {"amount": 400})
    assert (line.id, line.amount) == (travel["id"], 400)
    changed = _get(server, draft.id)
    assert changed["total"] == 600 + 297 + 700 + 400
    assert changed["lines"]["data"][0]["description"] == "More work"
    service.invoices.remove_lines(
        draft.id,
        {
            "lines": [
                {"id": work["id"], "behavior": "delete"},
                {"id": travel["id"], "behavior": "unassign"},
            ]
        },
    )
    assert _get(server, draft.id)["total"] == 297 + 700
    pending = server.get("/v1/invoiceitems", customer=draft.customer, pending="true")["data"]
    assert [(item["id"], item["amount"]) for item in pending] == [(waiting, 400)]


def test_lines_that_make_no_sense_are_refused(server: SandboxServer) -> None:
    """By where the parameter stands."""
    service, draft = server.stripe.v1, _draft(server)
    other = _draft(server)
    foreign = service.invoice_items.create({"customer": str(other.customer), "amount": 300}).id
    for lines, param in (
        ([{"amount": 500}, {"pricing": {"price": "NONE"}}], "lines[1][pricing][price]"),
        ([{"description": "Work"}], "lines[0][amount]"),
        ([{"invoice_item": foreign}], "lines[0][invoice_item]"),
        ([{"amount": 5, "discounts": [{"coupon": "NONE"}]}], "lines[0][discounts][0][coupon]"),
    ):
        given: Any = {"lines": lines}
        error = refused(lambda given=given: service.invoices.add_lines(draft.id, given))  # type: ignore[misc]
        assert getattr(error, "param", "") == param
    unknown = refused(lambda: service.invoices.line_items.update(draft.id, "il_9", {}))
    assert unknown.http_status == 404
    taxed: Any = {"lines": [{"amount": 500, "tax_rates": ["txr_1"]}]}
    error = refused(lambda: service.invoices.add_lines(draft.id, taxed))
    assert (error.code, getattr(error, "param", "")) == (
        "sandbox_not_simulated",
        "lines[0][tax_rates]",
    )
    service.invoices.finalize_invoice(draft.id)
    late: Any = {"lines": [{"amount": 500}]}
    assert "no longer editable" in str(refused(lambda: service.invoices.add_lines(draft.id, late)))
    nowhere = refused(lambda: service.invoices.add_lines("in_none", late))
    assert (nowhere.http_status, getattr(nowhere, "param", "")) == (404, "invoice")


def test_a_line_of_a_subscription_stays_and_says_what_it_is_to(server: SandboxServer) -> None:
    """Its text and its discounts change, its price does not."""
    paid = server.paid_subscription()
    [item] = paid["items"]["data"]
    server.advance(item["current_period_end"] - server.sandbox.clock.now())
    renewal = server.get(f"/v1/subscriptions/{paid['id']}")["latest_invoice"]
    [line] = _get(server, renewal)["lines"]["data"]
    update = server.stripe.v1.invoices.line_items.update
    half: Any = {"description": "Pro", "discounts": [{"coupon": _coupon(server, 50)}]}
    update(renewal, line["id"], half)
    found = _get(server, renewal)
    assert (found["lines"]["data"][0]["description"], found["amount_due"]) == ("Pro", 4_950)
    error = refused(lambda: update(renewal, line["id"], {"amount": 5}))
    assert getattr(error, "param", "") == "amount"
    gone: Any = {"lines": [{"id": line["id"], "behavior": "delete"}]}
    refused(lambda: server.stripe.v1.invoices.remove_lines(renewal, gone))


def test_an_invoice_has_discounts_of_its_own_and_of_its_items(server: SandboxServer) -> None:
    """Those of the items count first; an empty string clears them."""
    service = server.stripe.v1
    draft = _draft(server, discounts=[{"coupon": _coupon(server, 10)}])
    half: Any = {
        "customer": str(draft.customer),
        "invoice": draft.id,
        "amount": 1_000,
        "discounts": [{"coupon": _coupon(server, 50)}],
    }
    item = service.invoice_items.create(half)
    service.invoice_items.create(
        {"customer": str(draft.customer), "invoice": draft.id, "amount": 500}
    )
    found = _get(server, draft.id, "discounts", "lines.data.discounts")
    assert (found["subtotal"], found["total"]) == (1_500, 900)
    assert [part["amount"] for part in found["total_discount_amounts"]] == [500, 100]
    assert found["discounts"][0]["invoice"] == draft.id
    assert found["lines"]["data"][0]["discounts"][0]["invoice_item"] == item.id
    service.invoice_items.update(item.id, {"discounts": ""})
    assert _get(server, draft.id)["total"] == 1_350
    service.invoices.update(draft.id, {"discounts": ""})
    cleared = _get(server, draft.id)
    assert (cleared["total"], cleared["total_discount_amounts"]) == (1_500, [])
    code: Any = {"promotion": {"type": "coupon", "coupon": _coupon(server, 20)}}
    promotion = service.promotion_codes.create(code).id
    service.invoices.update(draft.id, {"discounts": [{"promotion_code": promotion}]})
    assert _get(server, draft.id)["amount_due"] == 1_200
    paid = service.invoices.pay(draft.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid) == ("paid", 1_200)


def test_a_preview_shows_what_a_coupon_would_take_off(server: SandboxServer) -> None:
    """And a new period, an end of the trial or of the subscription."""
    preview = server.stripe.v1.invoices.create_preview
    paid = server.paid_subscription()
    of: dict[str, Any] = {"subscription": paid["id"]}
    coupon: Any = {**of, "discounts": [{"coupon": _coupon(server, 25)}]}
    assert preview(coupon).amount_due == 7_425
    assert server.get(f"/v1/coupons/{coupon['discounts'][0]['coupon']}")["times_redeemed"] == 0
    [item] = paid["items"]["data"]
    server.advance((item["current_period_end"] - item["current_period_start"]) // 2)
    anew: Any = {**of, "subscription_details": {"billing_cycle_anchor": {"type": "now"}}}
    assert preview(anew).amount_due == 4_950
    later = server.sandbox.clock.now() + 40 * 86_400
    trial: Any = {**of, "subscription_details": {"trial_end": later}}
    assert preview(trial).total == -4_950
    ends: Any = {**of, "subscription_details": {"cancel_at_period_end": True}}
    assert refused(lambda: preview(ends)).code == "invoice_upcoming_none"
