"""Chips: one word in one colour and shape for a state, the same wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.customers.customer import ProStatus
from billing.domain.events.event import EventState
from billing.domain.sessions.checkout_session import Outcome
from pages.components.text.markdown import plain

Color = Literal["blue", "gray", "green", "orange", "red", "violet", "yellow"]

ANOTHER_APP = "Another app"  # it created the session, in the same Stripe account
TEST_EVENT_CHIP = "Test event"
ANOTHER_APP_COLORS: dict[str, Color] = {ANOTHER_APP: "violet"}


@dataclass(frozen=True)
class OutcomeStyle:
    """How an outcome looks: its shape, which needs no colour to be told from the others, its colour
    in the theme, and the same in a chart, which knows none of the theme's."""

    shape: str
    color: Color
    chart_color: str


OUTCOME_STYLES = {
    Outcome.OPEN: OutcomeStyle("○", "blue", "#4F86F7"),
    Outcome.DECLINED: OutcomeStyle("⊘", "orange", "#F0A43A"),
    Outcome.PROCESSING: OutcomeStyle("◔", "violet", "#8E6BE8"),
    Outcome.PAID: OutcomeStyle("✓", "green", "#21A366"),
    Outcome.PARTLY_REFUNDED: OutcomeStyle("◑", "yellow", "#2CA6A4"),
    Outcome.REFUNDED: OutcomeStyle("↺", "yellow", "#8C6A56"),
    Outcome.DISPUTED: OutcomeStyle("⚑", "red", "#9B1B47"),
    Outcome.FAILED: OutcomeStyle("✕", "red", "#E5484D"),
    Outcome.EXPIRED: OutcomeStyle("–", "gray", "#A3A8B8"),  # noqa: RUF001 - a shape, no hyphen
}
OUTCOME_COLORS = {outcome.label: style.color for outcome, style in OUTCOME_STYLES.items()}
_OUTCOMES = {outcome.label: outcome for outcome in Outcome}
PRO_COLORS: dict[str, Color] = {
    ProStatus.ACTIVE.label: "green",
    ProStatus.ENDED.label: "gray",
    ProStatus.NONE.label: "gray",
}
PRO_SHAPES = {ProStatus.ACTIVE: "✓", ProStatus.ENDED: "–", ProStatus.NONE: "○"}  # noqa: RUF001
_PRO = {status.label: status for status in ProStatus}
EVENT_STATE_COLORS: dict[str, Color] = {
    EventState.HANDLED.label: "green",
    EventState.PENDING.label: "blue",
    EventState.FAILED.label: "red",
    EventState.IGNORED.label: "gray",
}
COLORS: dict[str, Color] = {**ANOTHER_APP_COLORS, **EVENT_STATE_COLORS, TEST_EVENT_CHIP: "orange"}


def outcome_text(outcome: Outcome) -> str:
    """Shape and word: ``✓ Paid``."""
    return f"{OUTCOME_STYLES[outcome].shape} {outcome.label}"


def outcome_text_of(label: str) -> str:
    """The same by the outcome's label, for a column of chips."""
    return outcome_text(_OUTCOMES[label])


def outcome_chip(outcome: Outcome) -> str:
    """The chip as Markdown."""
    return f":{OUTCOME_STYLES[outcome].color}-badge[{outcome_text(outcome)}]"


def pro_text(status: ProStatus) -> str:
    """Shape and words: ``✓ Pro active``, ``○ No Pro``."""
    words = "No Pro" if status is ProStatus.NONE else f"Pro {status.value}"
    return f"{PRO_SHAPES[status]} {words}"


def pro_text_of(label: str) -> str:
    """Shape and word by the status's label, for a column of chips."""
    return f"{PRO_SHAPES[_PRO[label]]} {label}"


def pro_chip(status: ProStatus) -> str:
    """The chip as Markdown."""
    return f":{PRO_COLORS[status.label]}-badge[{pro_text(status)}]"


def chip(text: str) -> str:
    """The chip of another word as Markdown; a word that no chip has is gray."""
    return f":{COLORS.get(text, 'gray')}-badge[{plain(text)}]"
