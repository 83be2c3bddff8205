"""The filters of the Sessions page. The address holds them, so that a link opens the same view."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.checkout_session import Kind
from billing.session_filter import SessionFilter
from pages.markdown import code
from pages.times import zone

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUSES = {"Open": "open", "Complete": "complete", "Expired": "expired"}
PAYMENTS = {"Paid": "paid", "Unpaid": "unpaid", "No payment required": "no_payment_required"}
KINDS = {"Pro plan": Kind.PRO, "Extra credits": Kind.CREDITS}
LONGEST_SEARCH = 200
# The names in the address, and what each is called.
NAMES = {
    "q": "search",
    "days": "date",
    "status": "status",
    "payment": "payment status",
    "kind": "kind",
    "ours": "choice of whose",
}


def session_filter() -> SessionFilter:
    """The row of filters, and what they say. What the address says in vain is told."""
    asked = {name: st.query_params.get_all(name) for name in NAMES}
    with st.container(gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            search = st.text_input(
                "Search",
                key="q",
                bind="query-params",
                type="search",
                width=420,
                max_chars=LONGEST_SEARCH,
                placeholder="Email, domain, id, amount like 9.90, metadata",
                help="The beginning is enough: of a session, customer, payment or subscription "
                "id, an email or its domain, a metadata value. Or an amount: 9.90, $9.90, 9 EUR.",
            )
            days = st.date_input(
                "Made between",
                value=[],
                key="days",
                bind="query-params",
                format="YYYY-MM-DD",
                width=260,
            )
            ours = st.toggle(
                "Only made here",
                key="ours",
                bind="query-params",
                help="Leave out sessions that other programs made in the same Stripe account.",
            )
        with st.container(horizontal=True, gap="small"):
            statuses = pills("Status", "status", STATUSES)
            payments = pills("Payment", "payment", PAYMENTS)
            kinds = pills("Kind", "kind", KINDS)
    found: dict[str, Sequence[Any]] = {
        "q": [search],
        "days": list(days),
        "status": statuses,
        "payment": payments,
        "kind": kinds,
        "ours": [str(ours).lower()],
    }
    tell_what_was_left_out(asked, found)
    since, until = bounds(days)
    return SessionFilter(
        statuses=frozenset(STATUSES[one] for one in statuses if one in STATUSES),
        payment_statuses=frozenset(PAYMENTS[one] for one in payments if one in PAYMENTS),
        kinds=frozenset(KINDS[one] for one in kinds if one in KINDS),
        only_ours=ours,
        since=since,
        until=until,
        search=(search or "").strip()[:LONGEST_SEARCH],
    )


def pills(label: str, key: str, options: dict[str, Any]) -> list[str]:
    """Some of the options, or none, which is any."""
    return st.pills(
        label,
        list(options),
        selection_mode="multi",
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        wrap=True,
    )


def bounds(days: tuple[date, ...]) -> tuple[int | None, int | None]:
    """From the beginning of the first day to the end of the last, in the viewer's time zone."""
    if not days:
        return None, None
    since = midnight(min(days))
    return since, midnight(max(days) + timedelta(days=1)) if len(days) > 1 else None


def midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, zone()).timestamp())


def tell_what_was_left_out(asked: dict[str, list[str]], found: dict[str, Sequence[Any]]) -> None:
    """Say which words of the address mean nothing here; the rest of it holds."""
    vain = [
        f"{code(value[:60])} is no {NAMES[name]}"
        for name, values in asked.items()
        for value in values
        if value and value not in [str(one) for one in found[name]]
    ]
    if vain:
        st.warning(
            f"{'; '.join(vain)}. It was left out, the rest of the address holds.",
            title="The address asks for something that does not exist",
            icon=":material/link_off:",
        )


def is_filtered(wanted: SessionFilter) -> bool:
    """Anything is left out."""
    return wanted != SessionFilter()


def clear_filters() -> None:
    """Show everything again; as a button's callback."""
    for name in ("status", "payment", "kind"):
        st.session_state[name] = []
    st.session_state["days"] = ()
    st.session_state["q"] = ""
    st.session_state["ours"] = False
