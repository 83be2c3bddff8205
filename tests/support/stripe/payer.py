"""A person at the sandbox's Checkout page, over HTTP."""

from __future__ import annotations

import requests

from pages.scenarios.steps.checkout import ROUTING_NUMBER

WITHIN = 30.0


def pay_at_checkout(url: str, number: str, *, by_bank: bool = False, confirm: bool = True) -> None:
    """Pay the session whose Checkout is at ``url`` with this card, or from this bank account;
    ``confirm`` answers 3-D Secure where the card asks for it."""
    page = url.partition("#")[0]
    form = {"name": "Test Customer", "country": "US"}
    if by_bank:
        form |= {"payment_method_type": "us_bank_account", "routing_number": ROUTING_NUMBER}
        form |= {"account_number": number}
    else:
        form |= {"number": number, "expiry": "12 / 40", "cvc": "123"}
    answer = requests.post(f"{page}/pay", json=form, timeout=WITHIN).json()
    if intent := answer.get("payment_intent"):
        given = {"payment_intent": intent, "result": "complete" if confirm else "fail"}
        requests.post(f"{page}/authenticate", json=given, timeout=WITHIN)
