"""How far our copy of Stripe's sessions goes, in a line."""

from __future__ import annotations

import streamlit as st

from billing.sync.mirror import SyncState


def sync_progress(state: SyncState) -> None:
    """Say how far the history is read, while it is not read wholly."""
    if not state.failure and not state.complete and state.read:
        st.caption(
            f":material/sync: Loading the history from Stripe: {state.read:,} sessions so far"
        )
