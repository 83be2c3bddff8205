"""What arrived from Stripe: verified or refused, handled or failed, how late and how often."""

from __future__ import annotations

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.events.delivery_health import DeliveryHealth, Level
from billing.domain.sessions.timeline import TIMELINE_EVENTS
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.events.drawer import event_drawer
from pages.components.events.filters import FILTERS, event_query, filter_widgets
from pages.components.events.sending import sending_dialog
from pages.components.events.table import event_table
from pages.components.live import live
from pages.components.text.markdown import plain
from pages.components.text.times import short_time
from pages.services import page_services


@live(Topic.EVENTS, Topic.STATUS)
def health_banner() -> None:
    """Whether events arrive, by webhook or polling, and how old the newest is."""
    billing = page_services()
    try:
        delivery_health = billing.call(billing.services.event_log.delivery_health)
    except BillingError as failure:
        show_failure(failure, "The state of webhooks could not be loaded")
        return
    alert, icon = {
        Level.GOOD: (st.success, "check_circle"),
        Level.INFO: (st.info, "info"),
        Level.WARNING: (st.warning, "warning"),
        Level.WRONG: (st.error, "error"),
    }[delivery_health.level]
    sentences = [plain(delivery_health.text), plain(delivery_health.next_step)]
    sentences.insert(0 if delivery_health.level is Level.GOOD else 2, last_event(delivery_health))
    text, title = " ".join(filter(None, sentences)), plain(delivery_health.title)
    icon = f":material/{icon}:"
    if delivery_health.level is Level.GOOD:  # in one line: there is nothing to do
        alert(f"**{title}.** {text}", icon=icon)
    else:
        alert(text, title=title, icon=icon)


def last_event(delivery_health: DeliveryHealth) -> str:
    """The newest event's time and source as Markdown; empty while there is none."""
    if delivery_health.last is None or delivery_health.source is None:
        return ""
    at = short_time(delivery_health.last.received_at)
    return f"Last event **{plain(at)}**, by {delivery_health.source.label}."


billing = page_services()
if billing.services.settings.stripe_is_configured:  # otherwise the notice on top says why
    health_banner()
FILTERS.restore()
try:
    types = billing.call(billing.services.event_log.types)
except BillingError as failure:
    show_failure(failure, "The event types could not be loaded")
else:
    if set(TIMELINE_EVENTS).intersection(types) or not event_query().is_default:
        filter_widgets(types)
event_table()
sending_dialog()
event_drawer()
