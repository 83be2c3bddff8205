"""New payment methods, as requests name them: by a test card's number, token or name
(https://docs.stripe.com/testing), or by a test bank account."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import bank_accounts, cards
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.payments.outcomes import Card
from stripe_sandbox.payments.validation import check_card
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods, billing_details
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_email

COUNTRY = "US"
YEARS_GOOD = 3
SIMULATED = (
    *("allow_redisplay", "billing_details.address", "billing_details.email"),
    *("billing_details.name", "billing_details.phone", "card.cvc", "card.exp_month"),
    *("card.exp_year", "card.number", "card.token", "metadata", "type"),
    *("us_bank_account.account_holder_type", "us_bank_account.account_number"),
    *("us_bank_account.account_type", "us_bank_account.routing_number"),
)
"""What a request may say of a new payment method."""


class NewMethods:
    """Creates payment methods, attached to no customer."""

    def __init__(self, backend: Backend, methods: PaymentMethods) -> None:
        self._backend = backend
        self._methods = methods

    def create(self, params: dict[str, Any], path: str = "") -> Object:
        """A new method of what a request says; its parameters are at `path`. StripeError: it is no
        test card or account, or refused without its bank being asked."""
        kind = params.get("type")
        if kind not in ("card", "us_bank_account"):
            name = at(path, "type")
            raise errors.not_simulated(name, f"{name}={kind}")
        if kind not in params:
            raise errors.parameter_missing(at(path, kind))
        billing = changed_billing(
            billing_details(None, "", None), params.get("billing_details") or {}, path
        )
        display = params.get("allow_redisplay", "unspecified")
        given = params[kind]
        if kind == "card":
            method = self._of_card(given, billing, display, at(path, "card"))
        else:
            method = self._of_bank_account(given, billing, display, path)
        if "metadata" in params:
            method["metadata"] = merge_metadata({}, params["metadata"])
            self._backend.objects.save(method)
        return method

    def _of_card(self, given: dict[str, Any], billing: Object, display: str, path: str) -> Object:
        if "token" in given:
            card = cards.by_token(given["token"])
            if card is None:
                raise errors.no_such("token", given["token"], at(path, "token"))
            year, month = self._backend.clock.year_and_month()
            return self._methods.create_card(card, month, year + YEARS_GOOD, billing, display)
        for name in ("number", "exp_month", "exp_year"):
            if name not in given:
                raise errors.parameter_missing(at(path, name))
        known = cards.find(given["number"])
        cvc = given.get("cvc") or "1" * (known.cvc_length if known else 3)
        held = Card(given["number"], given["exp_month"], given["exp_year"], cvc)
        made = self.of_card(held, billing, display)
        if isinstance(made, CardRefusal):
            raise refused(made)
        return made

    def of_card(
        self, card: Card, billing: Object, display: str = "unspecified"
    ) -> Object | CardRefusal:
        """A new card, or why it is refused without its bank being asked."""
        test_card, refusal = check_card(card, self._backend.clock)
        if test_card is None or refusal is not None:
            return refusal or cards.NOT_A_TEST_CARD
        return self._methods.create_card(test_card, card.exp_month, card.exp_year, billing, display)

    def _of_bank_account(
        self, given: dict[str, Any], billing: Object, display: str, path: str
    ) -> Object:
        if not billing["name"]:
            raise errors.parameter_missing(at(path, "billing_details", "name"))
        for name in ("account_holder_type", "account_number", "routing_number"):
            if name not in given:
                raise errors.parameter_missing(at(path, "us_bank_account", name))
        if given["routing_number"] != bank_accounts.ROUTING_NUMBER:
            raise errors.invalid(
                "You must use a test bank account's routing number in test mode.",
                at(path, "us_bank_account", "routing_number"),
                "routing_number_invalid",
            )
        account = bank_accounts.find(given["account_number"])
        if account is None:
            raise errors.invalid(
                "You must use a test bank account number in test mode.",
                at(path, "us_bank_account", "account_number"),
                "account_number_invalid",
            )
        return self._methods.create_bank_account(
            account,
            billing,
            display,
            holder=given["account_holder_type"],
            account_type=given.get("account_type", "checking"),
        )

    def named(self, name: str, customer: Object | None) -> Object | None:
        """A new card or bank account of the customer's, not attached yet, for a name such as
        `pm_card_visa`; None: it is no such name."""
        email, owner = (customer["email"], customer["name"]) if customer else (None, None)
        billing = billing_details(email, owner or "", COUNTRY)
        account = bank_accounts.by_name(name)
        if account is not None:
            return self._methods.create_bank_account(account, billing, "unspecified")
        card = cards.by_name(name)
        if card is None:
            return None
        year, month = self._backend.clock.year_and_month()
        return self._methods.create_card(card, month, year + YEARS_GOOD, billing, "unspecified")


def at(path: str, *names: str) -> str:
    """The name of a parameter inside those at the path."""
    first, *rest = (path, *names) if path else names
    return first + "".join(f"[{name}]" for name in rest)


def changed_billing(former: Object, given: Object, path: str = "") -> Object:
    """The `billing_details` with what a request says of them, at `path`; an address replaces the
    former one."""
    if given.get("email"):
        check_email(given["email"], at(path, "billing_details", "email"))
    if "address" in given:
        address = build("payment_method.BillingDetails.Address", given["address"] or {})
        given = {**given, "address": address}
    return {**former, **given}


def refused(refusal: CardRefusal) -> errors.StripeError:
    """The error of a card that is refused before anything is paid or saved."""
    return errors.card_error(refusal.message, refusal.code, refusal.decline_code, refusal.param)
