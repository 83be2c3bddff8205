"""Renders the Checkout page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stripe_sandbox.checkout_page.form import FIELDS
from stripe_sandbox.checkout_page.text import OrderText
from stripe_sandbox.checkout_page.view import CheckoutView
from stripe_sandbox.hosted_page.form import FieldError
from stripe_sandbox.hosted_page.rendering import Templates
from stripe_sandbox.hosted_page.samples import SampleGroup, bank_account_group, card_groups
from stripe_sandbox.hosted_page.security import web_link
from stripe_sandbox.payments.bank_debits import SETTLES_IN

_REFILLED_FIELDS = (
    "promotion_code",
    "email",
    "name",
    "country",
    "payment_method_type",
    "save_payment_method",
)  # never a card's or an account's number


def _place(error: FieldError, view: CheckoutView) -> str:
    """Where on the page an error is shown: at its field, or below the form."""
    asked = (field.name for field in view.asked)
    places = (*FIELDS, "card", "promotion_code", "quantity", "saved_card", *asked)
    return error.field if error.field in places else "form"


class CheckoutHtml:
    """The pages as HTML text.

    Every link in them is relative, so that they work under any prefix. `up` leads from the
    page's address to that of the session's page: `../` for an answer to one of the posts.
    `business_name` stands above the order, where there is one.
    """

    def __init__(self, business_name: str = "") -> None:
        self._business_name = business_name
        self._templates = Templates(Path(__file__).with_name("templates"))

    def open(
        self,
        view: CheckoutView,
        *,
        up: str = "",
        errors: Sequence[FieldError] = (),
        submitted: Mapping[str, object] | None = None,
    ) -> str:
        """The order and the payment form, with each error beside its field."""
        # Reversed: of several errors in one place the first is shown.
        given = submitted or {}
        values = {name: str(given.get(name, "")) for name in _REFILLED_FIELDS}
        values |= {field.name: str(given.get(field.name, field.default)) for field in view.asked}
        kind = values["payment_method_type"]
        return self._render(
            "checkout.html",
            up=up,
            view=view,
            order=OrderText.of(view),
            business_name=self._business_name,
            cancel_url=web_link(view.cancel_url),
            values={
                **values,
                "country": values["country"] or "US",
                "payment_method_type": _chosen(view, kind),
            },
            errors={_place(error, view): error.message for error in reversed(errors)},
            sample_groups=_sample_groups(view),
            settles_in=round(SETTLES_IN),
        )

    def elsewhere(self, view: CheckoutView) -> str:
        """The page of a session whose form is not Stripe's page but drawn by Stripe's script."""
        return self._render(
            "closed.html",
            up="",
            heading="This session has no page",
            text=f"Its ui_mode is {view.ui_mode}: Stripe's script (Stripe.js) draws the form on "
            "the shop's own page, and asks Stripe itself, not this sandbox. Pay the session with "
            f"POST /_control/sessions/{view.id}/pay, or create it with ui_mode hosted_page.",
            link=None,
            link_text="",
            go_on=False,
        )

    def challenge(self, view: CheckoutView, payment_intent: str) -> str:
        """The 3-D Secure step as a page of its own, for browsers without JavaScript."""
        return self._render(
            "challenge.html",
            up="../",
            action="authenticate",
            total=OrderText.of(view).total,
            hidden={"payment_intent": payment_intent},
        )

    def complete(self, view: CheckoutView, return_url: str | None, *, paid: bool) -> str:
        """The answer to a plain form that paid, saved a card, or began a debit; it goes on to
        `return_url` by itself."""
        done = "Card saved" if view.mode == "setup" else "Payment complete"
        return self._render(
            "closed.html",
            up="../",
            heading=done if paid else "Payment processing",
            text="Thank you. No money moved: this was a local sandbox.",
            link=return_url,
            link_text="Return to the shop",
            go_on=True,
        )

    def closed(self, view: CheckoutView, *, up: str = "") -> str:
        """The page of a session that is no longer open: what became of it, and a link back to the
        shop."""
        if view.status == "complete" and view.payment_status == "unpaid":
            heading = "This payment has been submitted"
            text = "Checkout is complete. A bank debit takes a while to succeed or fail."
            link, link_text = web_link(view.return_url), "Return to the shop"
        elif view.status == "complete" and view.mode == "setup":
            heading = "This card has been saved"
            text = "Checkout is complete. Nothing was charged."
            link, link_text = web_link(view.return_url), "Return to the shop"
        elif view.status == "complete":
            heading = "This has already been paid"
            text = "Checkout is complete. You won't be charged again."
            link, link_text = web_link(view.return_url), "Return to the shop"
        else:
            heading = "This link has expired"
            text = "It can no longer be used to pay, and nothing was charged."
            link, link_text = web_link(view.cancel_url), "Return to the shop"
        return self._render(
            "closed.html",
            up=up,
            heading=heading,
            text=text,
            link=link,
            link_text=link_text,
            go_on=False,
        )

    def unknown(self, *, up: str = "") -> str:
        """The page for an id that the sandbox does not know."""
        return self._render(
            "closed.html",
            up=up,
            heading="Checkout Session not found",
            text="This link may be incomplete, or belong to another sandbox or to one that was "
            "reset. Ask the shop for a new link.",
            link=None,
            link_text="",
            go_on=False,
        )

    def _render(self, template: str, *, up: str, **context: object) -> str:
        return self._templates.render(template, root=f"{up}../../", up=up, **context)


def _sample_groups(view: CheckoutView) -> tuple[SampleGroup, ...]:
    groups = card_groups(view.expires_at)
    if "us_bank_account" in view.payment_method_types:
        return (*groups, bank_account_group())
    return groups


def _chosen(view: CheckoutView, kind: str) -> str:
    """The payment method that is chosen: as submitted, else a new card."""
    saved = [card.id for card in view.saved_cards]
    return kind if kind in (*saved, *view.payment_method_types) else "card"
