"""Which events to show. The address holds it, so that a link opens the same view."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from billing.domain.event import POLL, STATES, WEBHOOK, EventFilter
from billing.events.log import ID_LENGTH
from pages.components.markdown import code, plain

REFUSED = "refused"
VIEWS = ("", *STATES, REFUSED)  # what ?state= may say; "" is all
WAYS = {"": "Any source", WEBHOOK: "Webhook", POLL: "Polling only"}
ANY_TYPE = ""
PARAMETERS = ("state", "by", "type", "about")


@dataclass(frozen=True)
class EventQuery:
    """What the address asks for. ``refused`` asks for refused deliveries instead of events;
    ``nonsense`` says, as Markdown, what in the address means nothing."""

    wanted: EventFilter
    refused: bool
    nonsense: tuple[str, ...]

    @property
    def is_all(self) -> bool:
        return not self.refused and self.wanted == EventFilter()


def asked() -> EventQuery:
    """Read the address. What means nothing is told and left out."""
    state, by, kind, about = (
        st.query_params.get(name, "").strip()[:ID_LENGTH] for name in PARAMETERS
    )
    nonsense = []
    if state not in VIEWS:
        nonsense.append(_nonsense("state", state, VIEWS[1:]))
        state = ""
    if by not in WAYS:
        nonsense.append(_nonsense("by", by, (WEBHOOK, POLL)))
        by = ""
    refused = state == REFUSED
    wanted = EventFilter("" if refused else state, by, kind, about)
    return EventQuery(_without_blanks(wanted), refused, tuple(nonsense))


def show_filters(types: list[str]) -> None:
    """The filters besides the state. They follow the address, and the address them."""
    now = asked().wanted
    kinds = [ANY_TYPE, *types]
    if now.type and now.type not in kinds:
        kinds.append(now.type)
    with st.container(horizontal=True, gap="small"):
        st.text_input(
            "Object",
            type="search",
            placeholder="Start of an ID: cs_test_…, evt_…",
            max_chars=ID_LENGTH,
            key=_following("about", now.about or ""),
            on_change=_write,
            args=("about",),
            label_visibility="collapsed",
            width=380,
        )
        st.selectbox(
            "Type",
            kinds,
            format_func=lambda kind: kind or "Any type",
            key=_following("type", now.type or ANY_TYPE),
            on_change=_write,
            args=("type",),
            label_visibility="collapsed",
            width=300,
        )
        st.selectbox(
            "Source",
            list(WAYS),
            format_func=lambda way: WAYS[way],
            key=_following("by", now.way or ""),
            on_change=_write,
            args=("by",),
            label_visibility="collapsed",
            width=200,
        )


def show_state(state: str) -> None:
    """Ask for the events of a state, for all (``""``) or for refused deliveries."""
    _put("state", state)


def clear() -> None:
    """Ask for everything."""
    here = st.query_params
    # At once, so that the browser's way back leads to what was filtered.
    here.from_dict({name: here.get_all(name) for name in here if name not in PARAMETERS})


def _following(name: str, value: str) -> str:
    """The key of a widget that shows what the address says."""
    key = f"events_{name}"
    st.session_state[key] = value
    return key


def _write(name: str) -> None:
    _put(name, st.session_state.get(f"events_{name}") or "")


def _put(name: str, value: str) -> None:
    # The browser may still speak from an old address: to write that down would bring it back.
    if value.strip() == st.query_params.get(name, ""):
        return
    if value.strip():
        st.query_params[name] = value.strip()
    else:
        st.query_params.pop(name, None)


def _nonsense(name: str, value: str, known: tuple[str, ...]) -> str:
    choices = ", ".join(code(choice) for choice in known)
    return f"{code(f'{name}={value}')} is not a valid filter and was ignored. Valid are: {choices}."


def _without_blanks(wanted: EventFilter) -> EventFilter:
    return EventFilter(*(value or None for value in wanted.__dict__.values()))


def in_words(wanted: EventFilter) -> str:
    """The filter as Markdown: ``failed event about `cs_test_…` ``, after "No"."""
    words = [*([plain(wanted.state)] if wanted.state else []), "event"]
    if wanted.type:
        words.append(f"of type {code(wanted.type)}")
    if wanted.about:
        words.append(f"about {code(wanted.about)}")
    if wanted.way:
        words.append("received by webhook" if wanted.way == WEBHOOK else "found only by polling")
    return " ".join(words)
