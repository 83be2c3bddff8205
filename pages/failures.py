"""How a page tells that something went wrong."""

from __future__ import annotations

import streamlit as st

from billing.errors import BillingError, StripeFailure
from pages.markdown import code, plain


def show_failure(failure: BillingError, title: str) -> None:
    """A short message, the next step, and Stripe's request id where there is one."""
    lines = [plain(failure.message), plain(failure.next_step)]
    if isinstance(failure, StripeFailure) and failure.request_id:
        lines.append(f"Stripe request id: {code(failure.request_id)}")
    st.error("  \n".join(line for line in lines if line), title=title, icon=":material/error:")
