"""The Checkout page takes posts from itself alone, and guards and hides what it answers."""

from __future__ import annotations

import pytest

from tests.stripe_sandbox.checkout_page.form_client import GOOD, ask, pay, still_untouched
from tests.support.stripe.storefront import Storefront


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 15_000, b'{"number": '],
)
def test_a_body_that_is_no_json_object_is_refused(storefront: Storefront, body: bytes) -> None:
    """Rubbish is a 400 that says what is wanted."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, body)

    assert (reply.status, reply.fields) == (400, ["body"])
    assert still_untouched(storefront, session.id)


def test_a_huge_body_is_refused(storefront: Storefront) -> None:
    """A body that is no payment form by its size is not read to its end."""
    reply = pay(storefront, storefront.sell_credits().id, {**GOOD, "name": "x" * 20_000})

    assert (reply.status, reply.json["status"]) == (413, "too_large")


def test_fields_that_the_form_lacks_are_ignored(storefront: Storefront) -> None:
    """Nobody can set an amount by posting one."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, {**GOOD, "amount_total": 1, "status": "complete"})

    assert reply.status == 200
    assert storefront.session(session.id).amount_total == 990


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Content_Type": "application/x-www-form-urlencoded"},
        {"Origin": "https://evil.example", "Content_Type": "text/plain"},
    ],
)
def test_a_post_from_another_site_is_refused(
    storefront: Storefront, headers: dict[str, str]
) -> None:
    """A page of another origin cannot make its visitors pay."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, GOOD, **headers)

    assert reply.status == 403
    assert still_untouched(storefront, session.id)


@pytest.mark.parametrize("own", ["same-origin", "Origin"])
def test_a_post_from_the_page_itself_is_taken(storefront: Storefront, own: str) -> None:
    """The page's own posts pass, recognized by either of the headers that browsers add."""
    headers = {"Origin": storefront.url} if own == "Origin" else {"Sec_Fetch_Site": own}
    reply = pay(storefront, storefront.sell_credits().id, GOOD, **headers)

    assert reply.status == 200


@pytest.mark.parametrize("path", ["", "/pay", "/authenticate"])
def test_every_answer_is_guarded(storefront: Storefront, path: str) -> None:
    """Each answer carries the strict policy, and is neither framed, sniffed nor cached."""
    session = storefront.sell_credits()
    reply = ask(storefront, "POST" if path else "GET", f"/c/pay/{session.id}{path}", b"{}")

    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "same-origin"
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_card_number_is_never_printed_back(storefront: Storefront) -> None:
    """The page that a plain form gets back holds the payer's name, and nothing of the card."""
    session = storefront.sell_credits()
    body = (
        b"email=a%40example.com&number=4000+0000+0000+9995&expiry=12/34&cvc=987&name=Ann&country=DE"
    )
    reply = pay(storefront, session.id, body, Content_Type="application/x-www-form-urlencoded")
    page = reply.body.decode()

    assert reply.status == 402
    assert 'value="Ann"' in page
    assert '<option value="DE" selected>' in page
    assert 'role="alert">Your card has insufficient funds.' in page
    assert "4000 0000 0000 9995" not in page
    assert "987" not in page.replace('data-number="4000000000009987"', "").replace("9987", "")


def test_assets_are_cached_under_their_hash_only(storefront: Storefront) -> None:
    """The address with the content's hash may be cached for ever, any other not."""
    page = ask(storefront, "GET", f"/c/pay/{storefront.sell_credits().id}").body.decode()
    version = page.split("checkout.js?v=")[1].split('"')[0]

    hashed = ask(storefront, "GET", f"/c/static/checkout.js?v={version}")
    assert hashed.headers["Cache-Control"].endswith("immutable")
    assert hashed.headers["Content-Type"].startswith("text/javascript")
    assert (
        ask(storefront, "GET", "/c/static/checkout.js?v=old").headers["Cache-Control"] == "no-cache"
    )
    assert ask(storefront, "GET", "/c/static/..%2Fcheckout_page.py").status == 404
