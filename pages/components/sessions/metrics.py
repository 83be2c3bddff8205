"""The figures of the sessions that match, beside those of the period before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.durations import format_duration
from billing.domain.money import format_money
from billing.domain.sessions.filters import SEARCH_LIMIT
from billing.domain.sessions.stats import (
    Revenue,
    SessionFigures,
    SessionStats,
    SessionTotals,
)
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.fold import folded_on_phones
from pages.components.live import live
from pages.components.rerun import rerun_page_if_requested
from pages.components.sessions.chart import chart
from pages.components.sessions.filters import FILTERS, OPTIONS
from pages.components.sessions.period import period_before
from pages.components.sessions.reasons import attention, reasons
from pages.components.text.markdown import plain
from pages.components.text.times import zone
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.filters import SessionFilter

PAUSE = 5.0  # seconds between two calculations under many changes
MAX_AGE_SECONDS = 60.0  # a period that ends now moves on
CURRENCIES_SHOWN = 3
THAN_BEFORE = "vs. before"


@live(Topic.SESSIONS, pause=PAUSE)
def session_metrics(wanted: SessionFilter) -> None:
    """Created, paid, conversion, revenue, time to pay; the chart beside them, and why sessions were
    not paid."""
    rerun_page_if_requested()
    try:
        figures = cached_figures(wanted)
    except BillingError as failure:
        show_failure(failure, "The numbers could not be loaded")
        return
    numbers = figures.stats
    if numbers.created:
        with folded_on_phones("Figures", "session_figures"):
            left, right = st.columns(2, gap="medium")
            with left:
                metrics(numbers, figures.before)
            with right:
                chart(numbers)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        attention(numbers)
        reasons(numbers)
        scope(figures)


def scope(figures: SessionFigures) -> None:
    """What the figures leave out, where they do."""
    if figures.left_out:
        st.caption("Figures leave out Test kit and demo sessions.", width="content")
        st.button(
            "Include them",
            key="include_all_sources",
            type="tertiary",
            on_click=FILTERS.choose,
            args=("source", list(OPTIONS["source"])),
        )
    elif figures.nothing_else:
        st.caption("All of these are from the Test kit or demo data.", width="content")
    if figures.stats.is_partial:
        st.caption(
            f"More than {SEARCH_LIMIT:,} sessions contain this text: figures cover those that "
            "were searched.",
            width="content",
        )


def cached_figures(wanted: SessionFilter) -> SessionFigures:
    """The figures, calculated again when a session has changed, or when they are older than
    ``MAX_AGE_SECONDS``."""
    billing = page_services()
    asked = wanted.for_any_outcome, billing.services.changes.numbers()[Topic.SESSIONS]
    cached: tuple[tuple[SessionFilter, int], float, SessionFigures] | None = st.session_state.get(
        "session_numbers"
    )
    now = time.monotonic()
    if cached and cached[0] == asked and now - cached[1] < MAX_AGE_SECONDS:
        return cached[2]
    wanted, viewer_zone, before = asked[0], zone(), period_before(asked[0])
    figures = billing.call(lambda: billing.services.sessions.figures(wanted, viewer_zone, before))
    st.session_state["session_numbers"] = (asked, now, figures)
    return figures


def metrics(numbers: SessionStats, before: SessionTotals | None) -> None:
    """Created, paid, conversion, median time to pay, and revenue by currency."""
    than = THAN_BEFORE if before else None
    revenue = list(numbers.revenue.items()) or [("usd", Revenue())]
    with st.grid(3, min_column_width=140, gap=("small", "small")):
        more = "+" if numbers.is_partial else ""  # others match that are not counted
        st.metric(
            "Created",
            f"{numbers.created:,}{more}",
            numbers.created - before.created if before else None,
            delta_description=than,
        )
        st.metric(
            "Paid",
            f"{numbers.paid:,}{more}",
            numbers.paid - before.paid if before else None,
            delta_description=than,
        )
        st.metric(
            "Conversion",
            "" if numbers.conversion is None else f"{numbers.conversion:.1%}",
            conversion_delta(numbers, before),
            delta_description=than if conversion_delta(numbers, before) else None,
            help="How many of the created sessions were paid.",
        )
        for currency, amounts in revenue[:CURRENCIES_SHOWN]:
            st.metric(
                f"{'Net revenue' if amounts.went_back else 'Revenue'}, {currency.upper()}",
                short_money(amounts.net, currency),
                revenue_delta(currency, amounts.net, before),
                delta_description=than,
                help="Paid in test mode: no money moved. Net of refunds, and of what open and lost "
                "disputes took back.",
            )
            if amounts.went_back:
                st.metric(
                    f"Gross revenue, {currency.upper()}", short_money(amounts.gross, currency)
                )
        st.metric(
            "Median time to pay",
            "Unknown"
            if numbers.seconds_to_pay is None
            else format_duration(numbers.seconds_to_pay),
            help=f"From creating a session to completing Checkout, for the {numbers.timed:,} "
            "payments whose completion event has arrived.",
        )
    others = [format_money(amounts.net, name) for name, amounts in revenue[CURRENCIES_SHOWN:]]
    if others:
        st.caption(f"Revenue in other currencies: {plain(' · '.join(others))}")


def conversion_delta(numbers: SessionTotals, before: SessionTotals | None) -> str | None:
    """In percentage points, where both periods have sessions."""
    if before is None or numbers.conversion is None or before.conversion is None:
        return None
    return f"{(numbers.conversion - before.conversion) * 100:+.1f} pp"


def short_money(amount: int, currency: str) -> str:
    """As short as a figure, as Markdown."""
    return plain(format_money(amount, currency, short=True))


def revenue_delta(currency: str, net: int, before: SessionTotals | None) -> str | int | None:
    """The difference in net revenue as money; 0 where there is none."""
    if before is None:
        return None
    more = net - before.revenue.get(currency, Revenue()).net
    sign = "-" if more < 0 else "+"
    return f"{sign}{short_money(abs(more), currency)}" if more else 0
