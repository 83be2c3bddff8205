"""The figures of the sessions that match, and a chart of their outcomes by day."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from billing.domain.checkout_session import Outcome
from billing.domain.durations import format_duration
from billing.domain.money import format_money
from billing.domain.session_stats import STATS_LIMIT, SessionStats
from billing.errors import BillingError
from pages.components.chips import CHART_COLORS
from pages.components.errors import show_failure
from pages.components.markdown import plain
from pages.components.times import local, zone
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.session_filter import SessionFilter

MAX_AGE_SECONDS = 10.0
CURRENCIES_SHOWN = 3


@st.fragment(run_every="15s")
def session_metrics(wanted: SessionFilter) -> None:
    """Created, paid, conversion, revenue, time to pay; and the chart beside them."""
    try:
        numbers = cached_numbers(wanted)
    except BillingError as failure:
        show_failure(failure, "The numbers could not be loaded")
        return
    if not numbers.created:
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        metrics(numbers)
    with right:
        chart(numbers)
    if numbers.since is not None:
        st.caption(
            f"Numbers and chart cover the newest {STATS_LIMIT:,} matching sessions, "
            f"created since {local(numbers.since):%d %b %Y, %H:%M}."
        )


def cached_numbers(wanted: SessionFilter) -> SessionStats:
    """The numbers, calculated again when they are older than ``MAX_AGE_SECONDS``."""
    cached: tuple[SessionFilter, float, SessionStats] | None = st.session_state.get(
        "session_numbers"
    )
    now = time.monotonic()
    if cached and cached[0] == wanted and now - cached[1] < MAX_AGE_SECONDS:
        return cached[2]
    billing, viewer_zone = page_services(), zone()
    numbers = billing.call(lambda: billing.services.sessions.stats(wanted, viewer_zone))
    st.session_state["session_numbers"] = (wanted, now, numbers)
    return numbers


def metrics(numbers: SessionStats) -> None:
    """Created, paid, conversion, median time to pay, and revenue by currency."""
    with st.grid(2, min_column_width=130, gap=("small", "small")):
        more = "" if numbers.since is None else "+"  # older ones match that are not counted
        st.metric("Created", f"{numbers.created:,}{more}")
        st.metric("Paid", f"{numbers.paid:,}{more}")
        st.metric(
            "Conversion",
            "" if numbers.conversion is None else f"{numbers.conversion:.1%}",
            help="How many of the created sessions were paid.",
        )
        st.metric(
            "Median time to pay",
            "Unknown"
            if numbers.seconds_to_pay is None
            else format_duration(numbers.seconds_to_pay),
            help=f"From creating a session to completing Checkout, for the {numbers.timed:,} "
            "payments whose completion event has arrived.",
        )
    revenue = list(numbers.revenue.items()) or [("usd", 0)]
    with st.grid(2, min_column_width=200, gap=("small", "small")):
        for currency, amount in revenue[:CURRENCIES_SHOWN]:
            st.metric(
                f"Revenue, {currency.upper()}",
                plain(format_money(amount, currency, short=True)),
                help="Paid in test mode: no money moved.",
            )
    if others := [format_money(amount, name) for name, amount in revenue[CURRENCIES_SHOWN:]]:
        st.caption(f"Revenue in other currencies: {plain(' · '.join(others))}")


def chart(numbers: SessionStats) -> None:
    """Sessions created a day, by their outcome now."""
    outcomes = [
        outcome for outcome in Outcome if any(day[outcome] for day in numbers.days.values())
    ]
    day_format = "%d %b" if len({day.year for day in numbers.days}) == 1 else "%d %b %Y"
    source = pd.DataFrame(
        [
            {"Day": f"{day:{day_format}}"}
            | {outcome.label: counts[outcome] for outcome in outcomes}
            for day, counts in numbers.days.items()
        ]
    )
    series: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": outcome.label,
            "stack": "all",
            "barMaxWidth": 36,
            "itemStyle": {"color": CHART_COLORS[outcome]},
            "encode": {"x": "Day", "y": outcome.label},
        }
        for outcome in outcomes
    ]
    st.echarts_chart(
        {
            "legend": {"top": 0, "left": 0, "itemWidth": 12, "itemHeight": 12},
            "grid": {"left": 8, "right": 28, "top": 36, "bottom": 4, "containLabel": True},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
            "dataset": {"source": source},
            "xAxis": {"type": "category", "axisTick": {"show": False}},
            "yAxis": {"type": "value", "minInterval": 1, "splitNumber": 4},
            "series": series,
        },
        key="sessions_a_day",
        height=240,
        alt=f"Sessions per day by outcome: {numbers.created:,} created on "
        f"{len(numbers.days):,} days, {numbers.paid:,} of them paid",
    )
