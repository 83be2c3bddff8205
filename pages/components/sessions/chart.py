"""A chart of the sessions created a day by what became of them; a bar or a legend entry filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from billing.domain.sessions.checkout_session import Outcome
from pages.components.sessions.filters import FILTERS
from pages.components.text.chips import OUTCOME_STYLES, outcome_text

if TYPE_CHECKING:
    from datetime import date

    from billing.domain.sessions.stats import SessionStats


PRESSES = "chart_presses"


def chart(numbers: SessionStats) -> None:
    """Its legend are buttons that filter by an outcome, each with its count."""
    outcomes = [outcome for outcome in Outcome if numbers.outcomes[outcome]]
    with st.container(horizontal=True, gap="xsmall", key="chart_legend"):
        for outcome in outcomes:
            shape, color = OUTCOME_STYLES[outcome].shape, OUTCOME_STYLES[outcome].color
            st.button(
                f":{color}[{shape}] {outcome.label} {numbers.outcomes[outcome]:,}",
                key=f"legend_{outcome}",
                type="tertiary",
                on_click=_on_legend,
                args=(outcome,),
            )
    days = list(numbers.days)
    day_format = "%d %b" if len({day.year for day in days}) == 1 else "%d %b %Y"
    source = pd.DataFrame(
        [
            {"Day": f"{day:{day_format}}"}
            | {outcome_text(outcome): counts[outcome] for outcome in outcomes}
            for day, counts in numbers.days.items()
        ]
    )
    series: list[dict[str, Any]] = [
        {
            "type": "bar",
            "id": outcome.value,
            "name": outcome_text(outcome),
            "stack": "all",
            "barMaxWidth": 36,
            "selectedMode": "single",
            "itemStyle": {"color": OUTCOME_STYLES[outcome].chart_color},
            "encode": {"x": "Day", "y": outcome_text(outcome)},
        }
        for outcome in outcomes
    ]
    # After each press the chart is another one, in which every bar can be pressed again.
    key = f"sessions_a_day_{st.session_state.get(PRESSES, 0)}"
    # ECharts measures a Chinese character too: the font that Streamlit adds to the theme's would be
    # loaded for it (170 KB).
    font = {"fontFamily": st.get_option("theme.font")}
    st.echarts_chart(
        {
            "animation": False,
            "textStyle": font,
            "legend": {"show": False},
            "grid": {"left": 8, "right": 28, "top": 12, "bottom": 4, "containLabel": True},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "textStyle": font},
            "dataset": {"source": source},
            "xAxis": {"type": "category", "axisTick": {"show": False}, "axisLabel": font},
            "yAxis": {"type": "value", "minInterval": 1, "splitNumber": 4, "axisLabel": font},
            "series": series,
        },
        key=key,
        height=160,
        on_select=lambda: _on_bar(key, days),
        alt=f"Sessions per day by outcome: {numbers.created:,} created on "
        f"{len(days):,} days, {numbers.paid:,} of them paid",
    )


def _on_legend(outcome: Outcome) -> None:
    """Filter by it alone; pressed again, by none."""
    chosen = FILTERS.values("outcome")
    FILTERS.choose("outcome", [] if chosen == [outcome.value] else [outcome.value])


def _on_bar(key: str, days: list[date]) -> None:
    """Filter by the day and the outcome of the bar."""
    st.session_state[PRESSES] = st.session_state.get(PRESSES, 0) + 1
    for series in st.session_state[key].selection.selected:
        for index in series["data_indices"]:
            if index < len(days) and series["series_id"] in set(Outcome):
                day = str(days[index])
                FILTERS.choose("period", [])
                FILTERS.choose("days", [day, day])
                FILTERS.choose("outcome", [series["series_id"]])
