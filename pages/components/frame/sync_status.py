"""How far our copy of Stripe's sessions goes back."""

from __future__ import annotations

import streamlit as st

from billing.domain.sync_state import SyncState


def sync_progress(state: SyncState) -> None:
    """How many sessions have been read, while the history is not read completely."""
    if not state.failure and not state.complete and state.read:
        st.caption(
            f":material/sync: Loading the history from Stripe: {state.read:,} sessions so far"
        )
