"""Chips: one word in one colour for a state, the same wherever it is shown."""

from __future__ import annotations

from typing import Literal

from billing.domain.checkout_session import Outcome
from billing.domain.event import EventState
from pages.components.markdown import plain

Color = Literal["blue", "gray", "green", "orange", "red", "violet"]

ANOTHER_APP = "Another app"  # it created the session, in the same Stripe account
ANOTHER_APP_COLORS: dict[str, Color] = {ANOTHER_APP: "violet"}
OUTCOME_COLORS: dict[str, Color] = {
    Outcome.OPEN.label: "blue",
    Outcome.DECLINED.label: "orange",
    Outcome.PROCESSING.label: "violet",
    Outcome.PAID.label: "green",
    Outcome.FAILED.label: "red",
    Outcome.EXPIRED.label: "gray",
}
# The same colours in a chart, which knows none of the theme's.
CHART_COLORS = {
    Outcome.PAID: "#21A366",
    Outcome.PROCESSING: "#8E6BE8",
    Outcome.OPEN: "#4F86F7",
    Outcome.DECLINED: "#F0A43A",
    Outcome.FAILED: "#E5484D",
    Outcome.EXPIRED: "#A3A8B8",
}
EVENT_STATE_COLORS: dict[str, Color] = {
    EventState.HANDLED.label: "green",
    EventState.PENDING.label: "blue",
    EventState.FAILED.label: "red",
    EventState.IGNORED.label: "gray",
}
COLORS = ANOTHER_APP_COLORS | OUTCOME_COLORS | EVENT_STATE_COLORS


def chip(text: str) -> str:
    """The chip as Markdown; a word that no chip has is gray."""
    return f":{COLORS.get(text, 'gray')}-badge[{plain(text)}]"
