"""The filters of the Events page. The state is set by the buttons above the table."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from billing.domain.events.event import EventFilter, EventSource, EventState
from billing.events.log import ID_LENGTH
from pages.components.query_params import QueryFilters, QueryParam, one_of
from pages.components.text.markdown import code, plain

ALL, REFUSED = "all", "refused"
STATE_OPTIONS = (ALL, *EventState, REFUSED)
SOURCES = {
    "": "Any source",
    EventSource.WEBHOOK: "Webhook",
    EventSource.THIN: "Thin webhook",
    EventSource.POLL: "Polling only",
}


def _text(value: str) -> str:
    return value.strip()[:ID_LENGTH]


FILTERS = QueryFilters(
    "events",
    (
        QueryParam("state", "state", one_of((state, state) for state in STATE_OPTIONS)),
        QueryParam("by", "source", one_of(SOURCES.items())),
        QueryParam("type", "event type", _text),
        QueryParam("about", "object", _text),
    ),
)


@dataclass(frozen=True)
class EventQuery:
    """What the address asks for; ``refused`` asks for refused deliveries instead of events."""

    filter: EventFilter
    refused: bool

    @property
    def is_default(self) -> bool:
        return not self.refused and self.filter == EventFilter(relevant=True)


def event_query() -> EventQuery:
    """What the address asks for. Where it asks for no state, type or object: relevant events."""
    state, source = FILTERS.value("state"), FILTERS.value("by")
    event_type, about = FILTERS.value("type"), FILTERS.value("about")
    wanted = EventFilter(
        state=EventState(state) if state in set(EventState) else None,
        source=EventSource(source) if source else None,
        type=event_type or None,
        about=about or None,
        relevant=not (state or event_type or about),
    )
    return EventQuery(wanted, refused=state == REFUSED)


def filter_widgets(types: list[str]) -> None:
    """The filters but the state, with the event ``types`` to choose from."""
    event_type, source = FILTERS.value("type"), FILTERS.value("by")
    active = bool(event_type) + bool(source)
    with st.container(horizontal=True, gap="small", wrap=False, key="event_filters"):
        st.text_input(
            "Object",
            type="search",
            placeholder="Start of an ID, or a type",
            help=(
                "The start of the ID of an event or of its object (nobody knows just the middle "
                "of one), or any part of a type."
            ),
            max_chars=ID_LENGTH,
            key=FILTERS.widget("about", FILTERS.value("about")),
            on_change=FILTERS.write,
            label_visibility="collapsed",
            width="stretch",
        )
        with st.popover(f"Filters ({active})" if active else "Filters", key="more_filters"):
            st.selectbox(
                "Type",
                list(dict.fromkeys(("", *types, event_type))),
                format_func=lambda name: name or "Any type",
                key=FILTERS.widget("type", event_type),
                on_change=FILTERS.write,
                width=340,
            )
            st.selectbox(
                "Source",
                list(SOURCES),
                format_func=SOURCES.__getitem__,
                key=FILTERS.widget("by", source),
                on_change=FILTERS.write,
                width=340,
            )


def describe(wanted: EventFilter) -> str:
    """The filter as Markdown: ``failed event about `cs_test_…` ``, after "No"."""
    parts = [*([plain(wanted.state)] if wanted.state else []), "event"]
    if wanted.relevant:
        parts.append("that tells of a payment")
    if wanted.type:
        parts.append(f"of type {code(wanted.type)}")
    if wanted.about:
        parts.append(f"about {code(wanted.about)}")
    if wanted.source:
        is_webhook = wanted.source is EventSource.WEBHOOK
        parts.append("received by webhook" if is_webhook else "found only by polling")
    return " ".join(parts)
