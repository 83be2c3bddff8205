"""Why sessions were not paid, and which want somebody's attention: counts that filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.reason import Reason, reason_label
from pages.components.sessions.filters import FILTERS
from pages.components.text.markdown import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.sessions.stats import SessionStats

CODES_SHOWN = 8
ATTENTION = [reason for reason in Reason if reason.wants_attention]


def reasons(numbers: SessionStats) -> None:
    """Declines by code, the most frequent first, then sessions that ended without one."""
    codes = [code for code, _ in numbers.reasons.most_common() if code not in set(Reason)]
    others = [reason for reason in Reason if not reason.wants_attention]
    _counts("Reasons", "session_reasons", [*codes[:CODES_SHOWN], *others], numbers)


def attention(numbers: SessionStats) -> None:
    """What somebody should look at; nothing where there is nothing."""
    _counts("Needs attention", "session_attention", ATTENTION, numbers)


def _counts(label: str, key: str, options: Iterable[str], numbers: SessionStats) -> None:
    """The options that there are, as pills of which one filters."""
    chosen = FILTERS.value("reason") or None
    shown = [str(one) for one in options if numbers.reasons[one] or one == chosen]
    if not shown:
        return
    st.session_state[key] = chosen if chosen in shown else None
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="content", key=f"{key}_row"
    ):
        st.caption(label, width="content")
        st.pills(
            label,
            shown,
            format_func=lambda one: f"{plain(reason_label(one))} {numbers.reasons[one]:,}",
            key=key,
            on_change=_on_reason,
            args=(key,),
            label_visibility="collapsed",
            wrap=True,
        )


def _on_reason(key: str) -> None:
    chosen = st.session_state[key]
    FILTERS.choose("reason", [chosen] if chosen else [])
