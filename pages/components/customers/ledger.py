"""The lines of the ledger about a customer: what changed, why, and by which event we know."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.domain.ledger.line import Cause, LedgerLine, Origin
from billing.domain.sessions.checkout_session import Kind
from billing.safe_text import sanitize
from pages.components.actions.wording import day
from pages.components.text.ids import short_id
from pages.components.text.markdown import code, link, plain
from pages.components.text.times import exact_time, local

if TYPE_CHECKING:
    from billing.domain.customers.details import CustomerDetails, LedgerEntry

SHOWN = 20
ICONS = {
    Cause.PURCHASE: "redeem",
    Cause.REFUND: "undo",
    Cause.REFUND_FAILED: "redo",
    Cause.DISPUTE_OPENED: "flag",
    Cause.DISPUTE_WON: "flag",
    Cause.DISPUTE_LOST: "flag",
    Cause.RENEWAL: "autorenew",
    Cause.PAYMENT_FAILED: "credit_card_off",
    Cause.CANCELED: "event_busy",
    Cause.PAUSED: "pause",
    Cause.RESUMED: "play_arrow",
    Cause.RECONCILED: "balance",
}
_ORIGINS = {
    Origin.RETURN: "when the customer came back from Checkout",
    Origin.SYNC: "when Stripe was read",
    Origin.RECONCILIATION: "by reconciliation",
}
_BEHIND = ("payment_intent", "subscription", "invoice", "refund", "dispute")


def ledger(details: CustomerDetails) -> None:
    """The newest lines first; all of them on demand."""
    st.subheader("Ledger", anchor=False)
    if not details.entries:
        st.caption("Nothing was granted yet.")
        return
    every = len(details.entries) <= SHOWN or st.toggle(
        f"All {len(details.entries):,} lines", key="all_lines"
    )
    with st.container(gap=None, key="ledger_lines"):
        for entry in details.entries if every else details.entries[:SHOWN]:
            line = entry.line
            with st.expander(
                label(line),
                type="step",
                icon=f":material/{ICONS[line.cause]}:",
                key=f"line_{line.subject}_{line.sequence}",
            ):
                st.markdown(why(entry))


def label(line: LedgerLine) -> str:
    """The line as Markdown: what changed, why, and when."""
    at = local(line.at)
    return f"**{plain(change(line))}** · {line.cause.label} · {at.day} {at:%b}, {at:%H:%M:%S}"


def change(line: LedgerLine) -> str:
    """What changed: ``+10 credits``, ``Pro until 3 Dec 2026``, ``Pro ended``."""
    if line.kind is Kind.CREDITS:
        sign = "+" if line.quantity > 0 else "\N{MINUS SIGN}" if line.quantity else ""
        number = abs(line.quantity)
        return f"{sign}{number:,} credit{'' if number == 1 else 's'}"
    if line.quantity < 0:
        return "Pro ended"
    if line.access_until is None:
        return "Pro began"
    return f"Pro until {day(line.access_until)}"


def why(entry: LedgerEntry) -> str:
    """How we know, and Stripe's objects behind it, in small type, as Markdown."""
    line = entry.line
    if entry.event_type:
        address = f"events?event={quote(sanitize(line.origin))}"
        known = f"by {link(plain(entry.event_type), address)}"
    else:
        known = _ORIGINS.get(line.origin) or f"by {code(line.origin)}"  # type: ignore[call-overload] # an origin may be an event's id
    lines = [f"Written {exact_time(line.at)}, {known}"]
    if line.session_id:
        address = f"sessions?session={quote(sanitize(line.session_id))}"
        lines.append(f"Session {link(plain(short_id(line.session_id)), address)}")
    behind = [code(value) for name in _BEHIND if (value := getattr(line, name))]
    if behind:
        lines.append(", ".join(behind))
    return "  \n".join(f":small[{text}]" for text in lines)
