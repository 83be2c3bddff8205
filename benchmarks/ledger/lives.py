"""Sales in a real sandbox, and what becomes of them: refunds, disputes, renewals, cancellations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.ledger.oracle import listed
from billing.domain.events.event import SUBJECTS
from billing.domain.sessions.checkout_session import APP, Kind
from pages.scenarios.sandbox_requests import ControlFailure

if TYPE_CHECKING:
    import random

    from pages.scenarios.sandbox_client import Controls

JSON = dict[str, Any]
HOUR = 3_600
DAY = 86_400
ACTIONS = 25  # between two looks at the events that they brought
CREDITS_CARDS = (
    *(["4242424242424242"] * 6),
    "4000000000005126",  # its refunds fail later
    "4000000000007726",  # its refunds are pending first
    "4000000000000259",  # disputed
    "4000000000001976",  # asked about
)
PRO_CARDS = ("4242424242424242", "4242424242424242", "4000000000000341")
EVIDENCE = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence")


class Lives:
    """Sells through Stripe's API, as this app does, and acts on what was sold, at random; whatever
    Stripe refuses does not happen. ``prices`` by what they sell."""

    def __init__(self, controls: Controls, prices: dict[Kind, str], chance: random.Random) -> None:
        self.sales = 0
        self._controls = controls
        self._stripe = controls.stripe
        self._prices = prices
        self._chance = chance
        self._sold: list[str] = []
        self._last_event = ""

    def go_on(self, events: int) -> list[JSON]:
        """Days pass, people buy, and act on what they have, until there are so many new events of
        types that are handled; the events, in Stripe's order."""
        found: list[JSON] = []
        while len(found) < events:
            self._controls.advance(self._chance.choice((HOUR, DAY, 9 * DAY)))
            for _ in range(ACTIONS):
                self._chance.choice((self._buy, self._change, self._change))()
            found += self._new_events()
        return found

    def _new_events(self) -> list[JSON]:
        found: list[JSON] = []
        for event in listed(self._stripe, "events"):
            if event["id"] == self._last_event:
                break
            found.append(event)
        if found:
            self._last_event = found[0]["id"]
        return [event for event in reversed(found) if event["type"] in SUBJECTS]

    def _buy(self) -> None:
        kind = self._chance.choice((Kind.CREDITS, Kind.CREDITS, Kind.PRO))
        quantity = 1 if kind is Kind.PRO else self._chance.randint(1, 50)
        session = self._stripe.post(
            "checkout/sessions",
            {
                "mode": kind.mode,
                "line_items[0][price]": self._prices[kind],
                "line_items[0][quantity]": quantity,
                "success_url": "https://shop.example/thanks",
                "metadata[app]": APP,
                "metadata[kind]": kind.value,
                "metadata[quantity]": quantity,
            },
        )
        cards = PRO_CARDS if kind is Kind.PRO else CREDITS_CARDS
        self.sales += 1
        email = f"customer-{self.sales}@example.com"
        self._controls.pay(session["id"], email=email, card=self._chance.choice(cards))
        self._sold.append(session["id"])

    def _change(self) -> None:
        if not self._sold:
            return
        session = self._stripe.get(f"checkout/sessions/{self._chance.choice(self._sold)}")
        try:
            if session["subscription"]:
                self._change_subscription(session["subscription"])
            else:
                self._change_payment(session["payment_intent"])
        except ControlFailure:  # Stripe refuses it
            return

    def _change_payment(self, intent: str) -> None:
        (charge,) = self._stripe.page("charges", payment_intent=intent)
        disputes = self._stripe.page("disputes", payment_intent=intent)
        if disputes and self._chance.random() < 0.7:
            self._answer(disputes[0]["id"])
        elif self._chance.random() < 0.2:
            kind = self._chance.choice(("fraudulent", "product_not_received", "inquiry"))
            self._controls.dispute(charge["id"], kind)
        else:
            left = charge["amount"] - charge["amount_refunded"]
            amount = self._chance.choice((left, self._chance.randint(1, max(left, 1))))
            self._stripe.post("refunds", {"charge": charge["id"], "amount": amount})

    def _answer(self, dispute: str) -> None:
        path = f"disputes/{dispute}"
        if self._chance.random() < 0.3:
            self._stripe.post(f"{path}/close")
        else:
            evidence = {"evidence[uncategorized_text]": self._chance.choice(EVIDENCE)}
            self._stripe.post(path, evidence)

    def _change_subscription(self, name: str) -> None:
        path = f"subscriptions/{name}"
        expand = {"expand[]": "latest_invoice.payments"}
        subscription = self._stripe.get(path, **expand)
        match self._chance.randrange(8):
            case 0:
                self._stripe.delete(path)
            case 1 | 2:
                self._stripe.post(path, {"cancel_at_period_end": "true"})
            case 3 | 4:
                self._stripe.post(path, {"cancel_at_period_end": "false"})
            case 5:
                in_days = self._chance.randint(1, 40)
                at = int(self._controls.state().now) + in_days * DAY
                self._stripe.post(path, {"cancel_at": at})
            case 6:
                self._take_back(subscription["latest_invoice"])
            case _:
                self._pay_with_new_card(subscription)

    def _take_back(self, invoice: JSON) -> None:
        """Dispute what paid the invoice, or answer, or refund it."""
        for payment in invoice["payments"]["data"]:
            intent = payment["payment"]["payment_intent"]
            paid = self._stripe.page("charges", payment_intent=intent)
            disputes = self._stripe.page("disputes", payment_intent=intent)
            if disputes:
                self._answer(disputes[0]["id"])
            elif paid and self._chance.random() < 0.7:
                self._controls.dispute(paid[0]["id"], "fraudulent")
            elif paid:
                self._stripe.post("refunds", {"charge": paid[0]["id"]})

    def _pay_with_new_card(self, subscription: JSON) -> None:
        customer = {"customer": subscription["customer"]}
        method = self._stripe.post("payment_methods/pm_card_visa/attach", customer)
        card = {"default_payment_method": method["id"]}
        self._stripe.post(f"subscriptions/{subscription['id']}", card)
        self._stripe.post(f"invoices/{subscription['latest_invoice']['id']}/pay")
