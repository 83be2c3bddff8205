"""The filters of the Sessions page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import streamlit as st

from billing.domain.sessions.checkout_session import WAS_PAID, Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.source import Source
from pages.components.fold import folded_on_phones
from pages.components.query_params import QueryFilters, QueryParam, at_most, one_of
from pages.components.sessions.period import Period, midnight
from pages.components.text.chips import outcome_text

OPTIONS = {
    "outcome": {outcome.value: outcome_text(outcome) for outcome in Outcome},
    "kind": {Kind.PRO.value: "Pro plan", Kind.CREDITS.value: "Extra credits"},
    "source": {source.value: source.label for source in Source},
    "period": {period.value: period.label for period in Period},
}
OUTCOME_LABELS = [(outcome.value, outcome.label) for outcome in Outcome]
LONGEST_SEARCH = 200
CODE = re.compile("[a-z0-9_]{1,100}")

_OURS = [source.value for source in Source if source is not Source.OTHER]
_COMPLETE = {Outcome.PROCESSING, *WAS_PAID, Outcome.FAILED}
_PAYMENTS = {
    "paid": set(WAS_PAID),
    "unpaid": set(Outcome) - set(WAS_PAID),
    "no payment required": {Outcome.PAID},
}
# The parameters of links of former versions, with the outcomes that their values mean.
FORMER = {
    "status": {
        "open": {Outcome.OPEN, Outcome.DECLINED},
        "complete": _COMPLETE,
        "expired": {Outcome.EXPIRED},
    },
    "payment_status": _PAYMENTS,
    "payment": _PAYMENTS,
}


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return None


def _reason(text: str) -> str | None:
    """A ``Reason`` or a decline code."""
    word = text.strip().lower()
    return word if CODE.fullmatch(word) else None


FILTERS = QueryFilters(
    "sessions",
    (
        QueryParam("q", "search", at_most(LONGEST_SEARCH)),
        QueryParam("days", "date", _day),
        QueryParam("period", "period", one_of(OPTIONS["period"].items())),
        QueryParam("outcome", "outcome", one_of(OUTCOME_LABELS)),
        QueryParam("kind", "kind", one_of(OPTIONS["kind"].items())),
        QueryParam("source", "source", one_of(OPTIONS["source"].items())),
        QueryParam("reason", "reason", _reason),
    ),
    former=(*FORMER, "ours"),
)


def session_filter() -> SessionFilter:
    """Draw the filters; what they ask for."""
    _translate_former_link()
    FILTERS.restore()
    with folded_on_phones("Filters", "session_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            search = FILTERS.search(
                "q",
                "Search",
                longest=LONGEST_SEARCH,
                placeholder="Email, domain, ID, label, amount like 9.90",
                help="Any part of a session ID, an email, a reference, a label or a metadata "
                "value; the start of a customer, payment, subscription or invoice ID; or an "
                "amount: 9.90, $9.90, 9 EUR.",
                label_visibility="visible",
                width=315,
            )
            period = st.pills(
                "Created",
                list(OPTIONS["period"]),
                format_func=OPTIONS["period"].__getitem__,
                key=FILTERS.widget("period", _period_in_address()),
                on_change=_on_period,
            )
            days: tuple[date, ...] = st.date_input(
                "Created between",
                value=[],
                key=FILTERS.widget("days", _days_in_address()),
                on_change=_on_days,
                format="YYYY-MM-DD",
                width=265,
            )
            if FILTERS.is_active:
                FILTERS.clear_button()
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            outcomes = FILTERS.pills("outcome", "Outcome", OPTIONS["outcome"])
            kinds = FILTERS.pills("kind", "Kind", OPTIONS["kind"])
            sources = FILTERS.pills("source", "Source", OPTIONS["source"])
    FILTERS.show_ignored()
    since, until = _bounds(days)
    if period:
        since = midnight(Period(period).first_day)
    return SessionFilter(
        outcomes=frozenset(map(Outcome, outcomes)),
        kinds=frozenset(map(Kind, kinds)),
        sources=frozenset(map(Source, sources)),
        since=since,
        until=until,
        reason=FILTERS.value("reason"),
        search=search,
    )


def _on_period() -> None:
    """A period by name replaces the days."""
    FILTERS.widget("days", ())
    FILTERS.write()


def _on_days() -> None:
    FILTERS.widget("period", None)
    FILTERS.write()


def _days_in_address() -> tuple[date, ...]:
    """No day, the first of an open range, or the first and the last, which may be the same."""
    given = [_day(text) for text in st.query_params.get_all("days")]
    return tuple(sorted(date.fromisoformat(day) for day in given if day)[:2])


def _period_in_address() -> str | None:
    return None if _days_in_address() else FILTERS.value("period") or None


def _bounds(days: tuple[date, ...]) -> tuple[int | None, int | None]:
    """From the beginning of the first day to the end of the last in the viewer's time zone, as
    Unix seconds; a single day begins a range without an end."""
    if not days:
        return None, None
    since = midnight(min(days))
    return since, midnight(max(days) + timedelta(days=1)) if len(days) > 1 else None


def _translate_former_link() -> None:
    """Have the address ask for outcomes and sources where it is a link of a former version."""
    meanings: list[set[Outcome]] = []  # all of them have to hold
    unknown: list[str] = []
    for name, options in FORMER.items():
        values = st.query_params.get_all(name)
        found = [options.get(value.strip().lower().replace("_", " ")) for value in values]
        unknown += [value for value, meaning in zip(values, found, strict=True) if not meaning]
        if any(found):
            meanings.append(set[Outcome]().union(*filter(None, found)))
    if st.query_params.get("ours") == "true":
        FILTERS.replace("source", _OURS)
    if meanings or unknown:
        outcomes = set.intersection(*meanings) if meanings else set()
        FILTERS.replace("outcome", [*(one.value for one in Outcome if one in outcomes), *unknown])
