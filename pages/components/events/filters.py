"""The filters of the Events page. The state is set by the buttons above the table."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from billing.domain.events.event import EventFilter, EventSource, EventState
from billing.events.log import ID_LENGTH
from pages.components.query_params import QueryFilters, QueryParam, at_most, one_of
from pages.components.text.markdown import code, plain

ALL, REFUSED = "all", "refused"
STATE_OPTIONS = (ALL, *EventState, REFUSED)
SOURCES = {
    "": "Any source",
    EventSource.WEBHOOK: "Webhook",
    EventSource.THIN: "Thin webhook",
    EventSource.POLL: "Polling only",
}


FILTERS = QueryFilters(
    "events",
    (
        QueryParam("state", "state", one_of((state, state) for state in STATE_OPTIONS)),
        QueryParam("by", "source", one_of(SOURCES.items())),
        QueryParam("type", "event type", at_most(ID_LENGTH)),
        QueryParam("about", "object", at_most(ID_LENGTH)),
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
    active = bool(FILTERS.value("type")) + bool(FILTERS.value("by"))
    with st.container(horizontal=True, gap="small", wrap=False, key="event_filters"):
        FILTERS.search(
            "about",
            "Object",
            longest=ID_LENGTH,
            placeholder="Start of an ID, or a type",
            help=(
                "The start of the ID of an event or of its object (nobody knows just the middle "
                "of one), or any part of a type."
            ),
            width="stretch",
        )
        with st.popover(f"Filters ({active})" if active else "Filters", key="more_filters"):
            by_name = {"": "Any type"} | {name: name for name in types}
            FILTERS.choice("type", "Type", by_name, width=340)
            FILTERS.choice("by", "Source", SOURCES, width=340)


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
