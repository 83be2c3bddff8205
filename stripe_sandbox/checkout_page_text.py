"""The Checkout page's words: what is bought, for how much, how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stripe_sandbox.cards import TEST_CARDS, Brand
from stripe_sandbox.currencies import ZERO_DECIMAL
from stripe_sandbox.payments import CheckoutView

# https://docs.stripe.com/currencies#three-decimal
_THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
_SYMBOLS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "inr": "₹",
    "krw": "₩",
    "aud": "A$",
    "cad": "CA$",
    "nzd": "NZ$",
    "brl": "R$",
}


def amount_text(amount: int, currency: str) -> str:
    """An amount in minor units as a person reads it: `$1,234.50`, `¥500`, `CHF 9.90`."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    whole, part = divmod(abs(amount), 10**decimals)
    figure = f"{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
    # The no-break space keeps a currency code and its figure on one line.
    symbol = _SYMBOLS.get(currency, currency.upper() + "\N{NO-BREAK SPACE}")
    return ("-" if amount < 0 else "") + symbol + figure


@dataclass(frozen=True)
class LineText:
    """One line of what is bought; `each` is empty when it would only repeat `total`."""

    name: str
    description: str
    each: str
    total: str


@dataclass(frozen=True)
class OrderText:
    """What the page says of an order, ready to print."""

    heading: str
    amount: str
    period: str
    lines: tuple[LineText, ...]
    total_label: str
    total: str
    button: str
    renewal: str

    @classmethod
    def of(cls, view: CheckoutView) -> OrderText:
        """The words for that session."""
        total = amount_text(view.amount_total, view.currency)
        subscribes = view.mode == "subscription"
        intervals = {line.interval for line in view.line_items if line.interval}
        interval = intervals.pop() if len(intervals) == 1 else ""
        names = [line.name for line in view.line_items]
        bought = names[0] if names else "your order"
        if len(names) > 1:
            bought = f"{bought} and {len(names) - 1} more"
        return cls(
            heading=f"Subscribe to {bought}" if subscribes else f"Pay for {bought}",
            amount=total,
            period=f"per {interval}" if interval else "",
            lines=tuple(
                LineText(
                    name=line.name,
                    description=line.description or "",
                    each=_each(line.quantity, line.unit_amount, view.currency, line.interval),
                    total=amount_text(line.amount_total, view.currency),
                )
                for line in view.line_items
            ),
            total_label="Total due today" if subscribes else "Total due",
            total=total,
            button="Subscribe" if subscribes else f"Pay {total}",
            renewal=f"Renews every {interval} until canceled." if interval else "",
        )


def _each(quantity: int, unit_amount: int, currency: str, interval: str | None) -> str:
    unit = amount_text(unit_amount, currency)
    if quantity != 1:
        return f"{quantity:,} \N{MULTIPLICATION SIGN} {unit}" + (
            f" per {interval}" if interval else ""
        )
    return f"Billed every {interval}" if interval else ""


BRAND_NAMES: dict[Brand, str] = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "Amex",
    "discover": "Discover",
    "diners": "Diners",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


@dataclass(frozen=True)
class CardText:
    """A test card as its button shows it, and what it fills into the form."""

    number: str
    brand: str
    label: str
    cvc: str


@dataclass(frozen=True)
class CardGroup:
    """Test cards that lead to much the same; `heading` names what."""

    heading: str
    cards: tuple[CardText, ...]


def card_groups() -> tuple[CardGroup, ...]:
    """The test cards in the order of their table, by what they lead to."""
    groups: dict[str, list[CardText]] = {"Paid": [], "3-D Secure": [], "Declined": []}
    for card in TEST_CARDS:
        heading = "3-D Secure" if card.authentication else "Declined" if card.refusal else "Paid"
        groups[heading].append(
            CardText(
                number=card.number,
                brand=BRAND_NAMES[card.brand],
                label=_label_under(heading, card.label),
                cvc="1234" if card.brand == "amex" else "123",
            )
        )
    return tuple(CardGroup(heading, tuple(cards)) for heading, cards in groups.items())


def _label_under(heading: str, label: str) -> str:
    """The label without the words that the heading above it says already."""
    if heading == "Paid":
        return label
    rest = label.removeprefix(heading).lstrip(":, ")
    return rest[:1].upper() + rest[1:] if rest else label


def future_expiry(view: CheckoutView) -> str:
    """A card expiry `MM / YY` well in the future by the sandbox's clock, which may be moved."""
    year = datetime.fromtimestamp(view.expires_at, UTC).year + 4
    return f"12 / {year % 100:02d}"
