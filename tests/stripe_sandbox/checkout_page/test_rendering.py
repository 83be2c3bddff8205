"""The Checkout page's words and links, without a server."""

from __future__ import annotations

import pytest

from stripe_sandbox.checkout_page.rendering import CheckoutHtml
from stripe_sandbox.checkout_page.text import OrderText
from stripe_sandbox.checkout_page.view import CheckoutView, LineItemView
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.hosted_page.samples import bank_account_group, card_groups
from stripe_sandbox.hosted_page.security import web_link
from stripe_sandbox.payment_methods.bank_accounts import TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import TEST_CARDS

BAD_LINKS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example",
    "/relative",
    "https://",
    "http://[broken",
    "",
    None,
]


def view(
    *lines: LineItemView,
    status: str = "open",
    payment_status: str = "paid",
    mode: str = "payment",
    submit_type: str | None = None,
    payment_method_types: tuple[str, ...] = ("card",),
    cancel_url: str | None = None,
    return_url: str | None = None,
) -> CheckoutView:
    lines = lines or (LineItemView("Credits", None, 10, 99, 990, None),)
    return CheckoutView(
        id="cs_test_x",
        status=status,
        payment_status=payment_status,
        mode=mode,
        submit_type=submit_type,
        currency="usd",
        amount_subtotal=sum(line.amount for line in lines),
        amount_total=sum(line.amount for line in lines),
        discount=None,
        allows_promotion_codes=False,
        asks_payment_method=True,
        trial_days=None,
        line_items=lines,
        payment_method_types=payment_method_types,
        customer_email=None,
        cancel_url=cancel_url,
        return_url=return_url,
        expires_at=1_800_000_000,
    )


@pytest.mark.parametrize("link", BAD_LINKS)
def test_only_web_addresses_are_linked(link: str | None) -> None:
    """A cancel or return address that is no http or https address is never a link."""
    html = CheckoutHtml()

    assert web_link(link) is None
    assert 'class="back"' not in html.open(view(cancel_url=link))
    assert "<a " not in html.closed(view(status="expired", cancel_url=link))
    assert "<a " not in html.closed(view(status="complete", return_url=link))


def test_a_web_address_is_linked_with_its_quotes_escaped() -> None:
    """A good address is linked, and cannot break out of the attribute."""
    page = CheckoutHtml().open(view(cancel_url='https://shop.example/?a="><b>&c=1'))

    assert 'href="https://shop.example/?a=&#34;&gt;&lt;b&gt;&amp;c=1"' in page


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (990, "usd", "$9.90"),
        (5, "usd", "$0.05"),
        (123_456_789, "eur", "€1,234,567.89"),
        (500, "jpy", "¥500"),
        (1500, "kwd", "KWD\N{NO-BREAK SPACE}1.500"),
        (990, "chf", "CHF\N{NO-BREAK SPACE}9.90"),
        (-990, "usd", "-$9.90"),
        (0, "usd", "$0.00"),
    ],
)
def test_amounts_are_written_as_people_read_them(amount: int, currency: str, text: str) -> None:
    """Minor units become money, with the currency's own number of decimals."""
    assert format_amount(amount, currency) == text


def test_an_order_of_several_names_the_first() -> None:
    """The heading stays short however much is bought."""
    lines = [LineItemView(name, None, 1, 100, 100, None) for name in ("Tea", "Cake", "Jam")]

    assert OrderText.of(view(*lines)).heading == "Pay for Tea and 2 more"


def test_a_subscription_with_something_paid_once_names_its_period() -> None:
    """What is due today and what renews are distinguished."""
    order = OrderText.of(
        view(
            LineItemView("Pro", None, 2, 9900, 19800, "month"),
            LineItemView("Setup", None, 1, 500, 500, None),
            mode="subscription",
        )
    )

    assert (order.total_label, order.total) == ("Total due today", "$203.00")
    assert order.lines[0].each == "2 \N{MULTIPLICATION SIGN} $99.00 per month"
    assert order.renewal == "Renews every month until canceled."
    assert order.button == "Subscribe"


def test_every_test_card_is_on_the_page() -> None:
    """The page offers all of the sandbox's test cards, each in one group."""
    groups = card_groups(view().expires_at)
    offered = [sample.fields["number"] for group in groups for sample in group.samples]

    assert sorted(offered) == sorted(card.number for card in TEST_CARDS)
    assert [group.heading for group in groups] == ["Paid", "3-D Secure", "Declined"]


def test_test_bank_accounts_are_offered_where_the_session_takes_them() -> None:
    """A session for cards only has neither the choice nor the accounts on its page."""
    banks = bank_account_group()
    html = CheckoutHtml()

    assert banks.heading == "US bank account"
    offered = [sample.fields["account_number"] for sample in banks.samples]
    assert offered == [account.number for account in TEST_BANK_ACCOUNTS]
    assert "bank account" not in html.open(view())
    both = html.open(view(payment_method_types=("card", "us_bank_account")))
    assert both.count('name="payment_method_type"') == 2
    assert all(number in both for number in offered)


def test_a_plain_form_comes_back_with_its_payment_method_chosen() -> None:
    """What was chosen stays chosen; what is no choice is a card."""
    html = CheckoutHtml()
    session = view(payment_method_types=("card", "us_bank_account"))
    for submitted, chosen in (
        ("us_bank_account", "us_bank_account"),
        ('"><script>', "card"),
        ("", "card"),
    ):
        page = html.open(session, submitted={"payment_method_type": submitted})
        assert page.count(" checked") == 1
        assert f'value="{chosen}" checked' in page
        assert "<script>" not in page


def test_a_debit_under_way_is_not_called_paid() -> None:
    """A complete session whose bank has yet to answer says so."""
    html = CheckoutHtml()
    assert "already been paid" in html.closed(view(status="complete"))
    under_way = html.closed(view(status="complete", payment_status="unpaid"))
    assert "This payment has been submitted" in under_way
    assert "already been paid" not in under_way


@pytest.mark.parametrize(
    ("submit_type", "button"),
    [
        (None, "Pay $9.90"), ("auto", "Pay $9.90"), ("pay", "Pay $9.90"), ("book", "Book"),
        ("donate", "Donate $9.90"), ("subscribe", "Subscribe"),
    ],
)  # fmt: skip
def test_the_button_says_what_the_shop_asked_for(submit_type: str | None, button: str) -> None:
    """As `submit_type` does at Stripe."""
    assert OrderText.of(view(submit_type=submit_type)).button == button


def test_the_business_is_named_above_the_order_as_text() -> None:
    assert "Acme &lt;b&gt;" in CheckoutHtml("Acme <b>").open(view())
    assert 'class="business"' not in CheckoutHtml().open(view())
