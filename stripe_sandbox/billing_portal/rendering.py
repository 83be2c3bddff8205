"""Renders the portal's pages and the page of an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stripe_sandbox.billing_portal.view import (
    InvoiceText,
    PlanText,
    PortalText,
    PreviewText,
    SubscriptionText,
)
from stripe_sandbox.hosted_page.form import FieldError
from stripe_sandbox.hosted_page.rendering import Templates
from stripe_sandbox.hosted_page.samples import card_groups
from stripe_sandbox.hosted_page.security import web_link
from stripe_sandbox.resources.billing_portal.portal_configurations import REASONS
from stripe_sandbox.storage.objects import Object

_REASON_TEXTS = {
    "customer_service": "Customer service was less than expected",
    "low_quality": "Quality was less than expected",
    "missing_features": "Some features are missing",
    "other": "Other reason",
    "switched_service": "I'm switching to a different service",
    "too_complex": "Ease of use was less than expected",
    "too_expensive": "It's too expensive",
    "unused": "I don't use it enough",
}
_NOTES = {
    "cancel": "Your subscription has been canceled.",
    "card": "Your payment method has been updated.",
    "keep": "Your subscription goes on.",
    "update": "Your subscription has been updated.",
}
"""What a page says of the step before it, by what its address says."""
_DONE = {
    "payment_method_update": "card",
    "subscription_cancel": "cancel",
    "subscription_update": "update",
    "subscription_update_confirm": "update",
}
"""Which note says what a flow has done, by its type."""
_CARD_FIELDS = ("number", "expiry", "cvc", "name", "country", "card")
_REFILLED = ("name", "country")


class PortalHtml:
    """The pages as HTML. `root` leads from a page's address to where the sandbox is served, `home`
    to the session's first page."""

    def __init__(self) -> None:
        self._templates = Templates(Path(__file__).with_name("templates"))

    def home(
        self, session: Object, configuration: Object, portal: PortalText, note: str | None
    ) -> str:
        """The plan, the card and the invoices, and what can be done with them."""
        profile = configuration["business_profile"]
        return self._templates.render(
            "portal.html",
            root="../../",
            home=session["id"],
            portal=portal,
            features=configuration["features"],
            back=web_link(session["return_url"]),
            privacy=web_link(profile["privacy_policy_url"]),
            terms=web_link(profile["terms_of_service_url"]),
            note=_NOTES.get(note or "", ""),
        )

    def card(
        self,
        session: Object,
        now: int,
        *,
        errors: Sequence[FieldError] = (),
        submitted: Mapping[str, object] | None = None,
    ) -> str:
        """The form of a new card."""
        return self._templates.render(
            "payment_method.html",
            root="../../../",
            leave=_leave(session, f"../{session['id']}"),
            action="payment-method",
            button="Save card",
            **_form(now, errors, submitted),
        )

    def cancel(self, session: Object, configuration: Object, subscription: SubscriptionText) -> str:
        """Asks whether the subscription is to be canceled, and why."""
        cancel = configuration["features"]["subscription_cancel"]
        asked = cancel["cancellation_reason"]
        options = [one for one in REASONS if one in asked["options"]] if asked["enabled"] else []
        return self._templates.render(
            "cancel.html",
            root="../../../../../",
            leave=_leave(session, f"../../../{session['id']}"),
            subscription=subscription,
            at_period_end=cancel["mode"] == "at_period_end",
            reasons={one: _REASON_TEXTS[one] for one in options},
        )

    def plans(
        self,
        session: Object,
        subscription: SubscriptionText,
        plans: Sequence[PlanText],
        *,
        quantity: bool,
    ) -> str:
        """Asks for another plan and, where there is a choice, a `quantity`."""
        return self._templates.render(
            "update.html",
            root="../../../../../",
            leave=_leave(session, f"../../../{session['id']}"),
            subscription=subscription,
            plans=plans,
            quantity=quantity,
        )

    def confirm(
        self,
        session: Object,
        subscription: SubscriptionText,
        plan: PlanText,
        quantity: int,
        preview: PreviewText,
        *,
        error: str = "",
    ) -> str:
        """Asks to confirm a change of the plan, and says what it costs."""
        home = f"../../../../{session['id']}"
        return self._templates.render(
            "update_confirm.html",
            root="../../../../../../",
            leave=_leave(session, home),
            subscription=subscription,
            plan=plan,
            quantity=quantity,
            preview=preview,
            error=error,
        )

    def flow_end(self, session: Object) -> str:
        """What a flow has done, at its end; where it is to lead back to the shop, it goes on there
        by itself (browsers do not let the form itself do so)."""
        flow, root = session["flow"], "../../../"
        after = flow["after_completion"]
        done = _DONE[flow["type"]]
        if after["type"] == "redirect":
            link = after["redirect"]["return_url"]
            return self.notice(_NOTES[done], "Thank you.", link, root, go_on=True)
        message = after["hosted_confirmation"]["custom_message"] or "You can close this page."
        return self.notice(_NOTES[done], message, session["return_url"], root)

    def closed(self, root: str) -> str:
        """The page for a link that has expired, or never was one."""
        return self.notice(
            "This link has expired",
            "It no longer opens the billing portal. Ask the shop for a new link.",
            None,
            root,
        )

    def notice(
        self, heading: str, text: str, link: str | None, root: str, *, go_on: bool = False
    ) -> str:
        """A page that only says something, and links to the shop; `go_on`: it leads there by
        itself."""
        return self._templates.render(
            "closed.html",
            root=root,
            heading=heading,
            text=text,
            link=web_link(link),
            link_text="Return to the shop",
            go_on=go_on,
        )

    def invoice(
        self,
        invoice: InvoiceText,
        now: int,
        root: str,
        *,
        errors: Sequence[FieldError] = (),
        submitted: Mapping[str, object] | None = None,
    ) -> str:
        """The invoice, and, while it can be paid, the form that pays it."""
        return self._templates.render(
            "invoice.html",
            root=root,
            invoice=invoice,
            action=f"{root}i/{invoice.id}/pay",
            button=f"Pay {invoice.due}",
            **_form(now, errors, submitted),
        )

    def challenge(self, invoice: InvoiceText, method: str) -> str:
        """The 3-D Secure step of paying the invoice."""
        return self._templates.render(
            "challenge.html",
            root="../../",
            action="authenticate",
            total=invoice.due,
            hidden={"payment_intent": method},
        )


def _leave(session: Object, home: str) -> str | None:
    """Where the link leads that leaves a step undone: home, or, in a flow, back to the shop."""
    return home if session["flow"] is None else web_link(session["return_url"])


def _form(
    now: int, errors: Sequence[FieldError], submitted: Mapping[str, object] | None
) -> dict[str, object]:
    """What the card form's template needs."""
    values = {name: str((submitted or {}).get(name, "")) for name in _REFILLED}
    placed = {
        error.field if error.field in _CARD_FIELDS else "form": error.message
        for error in reversed(errors)
    }
    return {
        "errors": placed,
        "sample_groups": card_groups(now),
        "values": {**values, "country": values["country"] or "US"},
    }
