"""The notice that our copy of Stripe's sessions is not up to date: since when, and why."""

from __future__ import annotations

from billing.errors import BillingError
from pages.components.frame.notices import Notice, Severity
from pages.components.text.markdown import code, plain
from pages.components.text.times import exact_time
from pages.services import page_services


def copy_outdated() -> Notice | None:
    """The last sync with Stripe failed, or was too long ago."""
    billing = page_services()
    try:
        state = billing.call(billing.services.health.sync_state)
    except BillingError:
        return None  # the page itself says that the database does not answer
    failure = state.last_failure or (state.stale_reason if state.complete and state.as_of else None)
    if failure is None:
        return None
    lines = [
        plain(failure.message),
        plain(failure.next_step),
        f"Stripe request ID: {code(failure.request_id)}" if failure.request_id else "",
    ]
    titles = [
        "Can't reach Stripe." if state.failure_is_temporary else "Sessions are not up to date.",
        f"Showing data from {exact_time(state.as_of)}" if state.as_of else "",
    ]
    title = " ".join(titles).strip().removesuffix(".")
    return Notice(Severity.WARNING, title, " ".join(filter(None, lines)), "cloud_off")
