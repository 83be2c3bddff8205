"""The filters of the Sessions page. The address holds them, so that a link opens the same view."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.domain.checkout_session import Kind, Outcome
from billing.domain.session_filter import SessionFilter
from pages.components.markdown import code
from pages.components.times import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What the address may say, and what it is called on the page.
OPTIONS = {
    "outcome": {outcome.value: outcome.label for outcome in Outcome},
    "kind": {Kind.PRO.value: "Pro plan", Kind.CREDITS.value: "Extra credits"},
}
_COMPLETE = {Outcome.PROCESSING, Outcome.PAID, Outcome.FAILED}
_PAYMENTS = {
    "paid": {Outcome.PAID},
    "unpaid": set(Outcome) - {Outcome.PAID},
    "no payment required": {Outcome.PAID},
}
# What links of former versions ask for, by its name, and the outcomes that it means.
FORMER = {
    "status": {"open": {Outcome.OPEN}, "complete": _COMPLETE, "expired": {Outcome.EXPIRED}},
    "payment_status": _PAYMENTS,
    "payment": _PAYMENTS,
}
LONGEST_SEARCH = 200
# The names in the address, and what each is called.
NAMES = {
    "q": "search",
    "days": "date",
    "outcome": "outcome",
    "kind": "kind",
    "ours": "app filter",
}


def session_filter() -> SessionFilter:
    """The row of filters, and what they say. What the address says in vain is told."""
    translate_former_link()
    asked = {name: st.query_params.get_all(name) for name in NAMES}
    with st.container(gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            search = st.text_input(
                "Search",
                key="q",
                bind="query-params",
                on_change=write_query_params,
                type="search",
                width=420,
                max_chars=LONGEST_SEARCH,
                placeholder="Email, domain, ID, amount like 9.90, metadata",
                help="The start of a session, customer, payment or subscription ID, of an email, "
                "its domain or a metadata value. Or an amount: 9.90, $9.90, 9 EUR.",
            )
            days = date_range()
            ours = st.toggle(
                "Created by this app",
                key="ours",
                bind="query-params",
                on_change=write_query_params,
                help="Hide sessions that other apps created in the same Stripe account.",
            )
        with st.container(horizontal=True, gap="small"):
            outcomes = pills("Outcome", "outcome")
            kinds = pills("Kind", "kind")
    found: dict[str, Sequence[Any]] = {
        "q": [search],
        "days": days,
        "ours": [str(ours).lower()],
        **{name: [one for one in asked[name] if canonical(name, one)] for name in OPTIONS},
    }
    show_ignored_params(asked, found)
    since, until = bounds(days)
    return SessionFilter(
        outcomes=frozenset(map(Outcome, outcomes)),
        kinds=frozenset(Kind(kind) for kind in kinds),
        only_ours=ours,
        since=since,
        until=until,
        search=(search or "").strip()[:LONGEST_SEARCH],
    )


def date_range() -> tuple[date, ...]:
    """No day, the first of an open range, or the first and the last.

    Bound to the address by Streamlit, one day chosen twice would stand there once.
    """
    read_query_param("days", lambda asked: tuple(sorted(filter(None, map(day_of, asked)))[:2]))
    return st.date_input(
        "Created between",
        value=[],
        key="sessions_days",
        on_change=write_query_params,
        format="YYYY-MM-DD",
        width=290,
    )


def day_of(text: str) -> date | None:
    """The day that is written like ``2026-11-23``."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def pills(label: str, name: str) -> list[str]:
    """Some of the options, or none, which is any. They follow the address, and it follows them.

    Bound to it by Streamlit, they would write their labels there and take nothing else.
    """

    def options_of(asked: list[str]) -> list[str]:
        return list(dict.fromkeys(one for one in (canonical(name, word) for word in asked) if one))

    read_query_param(name, options_of)
    return st.pills(
        label,
        list(OPTIONS[name]),
        format_func=OPTIONS[name].__getitem__,
        selection_mode="multi",
        key=f"sessions_{name}",
        on_change=write_query_params,
        label_visibility="collapsed",
        wrap=True,
    )


def read_query_param(name: str, read: Callable[[list[str]], object]) -> None:
    """Have the widget of that name show what ``read`` makes of the address; or, on coming back
    from another page, the address ask for what was chosen."""
    key = f"sessions_{name}"
    kept: dict[str, list[str]] = st.session_state.setdefault("sessions_kept", {})
    if key not in st.session_state and not st.query_params.get_all(name):
        ask(name, kept.get(name, []))
    kept[name] = st.query_params.get_all(name)
    if st.session_state.get(key) != (wanted := read(kept[name])):
        st.session_state[key] = wanted


def translate_former_link() -> None:
    """Have the address ask for outcomes where it is a link of a former version."""
    meanings: list[set[Outcome]] = []  # all of them have to hold
    unknown: list[str] = []
    for name, options in FORMER.items():
        words = st.query_params.get_all(name)
        st.query_params.pop(name, None)
        found = [options.get(word.strip().lower().replace("_", " ")) for word in words]
        unknown += [word for word, meaning in zip(words, found, strict=True) if not meaning]
        if any(found):
            meanings.append(set[Outcome]().union(*filter(None, found)))
    if meanings or unknown:
        both = set.intersection(*meanings) if meanings else set()
        ask("outcome", [*(outcome.value for outcome in Outcome if outcome in both), *unknown])


def canonical(name: str, value: str) -> str | None:
    """The option that the value is, by itself or by what it is called."""
    value = value.strip().lower()
    options = OPTIONS[name].items()
    return next((option for option, called in options if value in (option, called.lower())), None)


def write_query_params() -> None:
    """Have the address ask for all that is pressed, not only for what changed: after quick clicks
    the browser speaks from the address before the one that an earlier click led to."""
    for name in FORMER:
        st.query_params.pop(name, None)
    ask("days", [str(day) for day in st.session_state.get("sessions_days", ())])
    for name in OPTIONS:
        ask(name, st.session_state.get(f"sessions_{name}", []))


def ask(name: str, options: list[str]) -> None:
    """Have the address ask for these."""
    # The browser may still speak from an old address: to write that down would bring it back.
    if options == st.query_params.get_all(name):
        return
    if options:
        st.query_params[name] = options
    else:
        st.query_params.pop(name, None)


def bounds(days: tuple[date, ...]) -> tuple[int | None, int | None]:
    """From the beginning of the first day to the end of the last, in the viewer's time zone; a
    single one begins a range without an end."""
    if not days:
        return None, None
    since = midnight(min(days))
    return since, midnight(max(days) + timedelta(days=1)) if len(days) > 1 else None


def midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, zone()).timestamp())


def show_ignored_params(asked: dict[str, list[str]], found: dict[str, Sequence[Any]]) -> None:
    """Say which words of the address mean nothing here; the rest of it holds."""
    vain = [
        f"{code(value[:60])} is not a valid {NAMES[name]}"
        for name, values in asked.items()
        for value in values
        if value and value not in [str(one) for one in found[name]]
    ]
    if vain:
        st.warning(
            f"{'; '.join(vain)}. The other filters of the link apply.",
            title="Unknown filter in the link",
            icon=":material/link_off:",
        )


def is_filtered(wanted: SessionFilter) -> bool:
    """Anything is left out."""
    return wanted != SessionFilter()


def clear_filters() -> None:
    """Show everything again; as a button's callback."""
    for name in ("days", *OPTIONS):
        ask(name, [])
    st.session_state["q"] = ""
    st.session_state["ours"] = False
