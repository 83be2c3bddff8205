"""The words in which a verdict tells how the events came."""

from __future__ import annotations

import pytest

from billing.domain.events.event import Event, EventSource, EventState
from pages.scenarios.verdict import describe_arrivals

AT = 1_700_000_000
TWICE = (
    "2 webhooks for 1 event; checkout.session.completed twice; "
    "at most 4.0 s after Stripe created it."
)

LATE = (
    "2 webhooks for 2 events; not in the order in which Stripe created them; the slowest at most "
    "30 s after Stripe created it."
)


def event(
    kind: str = "completed",
    *,
    deliveries: int = 1,
    late: float = 0.5,
    source: str = "webhook",
    at: int = AT,
) -> Event:
    return Event(
        id=f"evt_{kind}",
        type=f"checkout.session.{kind}",
        created=at,
        object_id="cs_test_1",
        received_at=at + late,
        source=EventSource(source),
        deliveries=deliveries,
        state=EventState.HANDLED,
        attempts=1,
        error=None,
        processed_at=at + late,
    )


@pytest.mark.parametrize(
    ("events", "ahead", "said"),
    [
        ([], 0, "Stripe has sent no event about this session."),
        ([event()], 0, "1 webhook for 1 event; at most 0.5 s after Stripe created it."),
        (
            [event(deliveries=2, late=4)],
            0,
            TWICE,
        ),
        (
            [event(), event("async_payment_succeeded", late=12)],
            0,
            "2 webhooks for 2 events; the slowest at most 12 s after Stripe created it.",
        ),
        (
            [event(late=30), event("async_payment_succeeded", at=AT + 9)],
            0,
            LATE,
        ),
        ([event(deliveries=0, source="poll")], 0, "Polling found 1 event first."),
        (
            [event(deliveries=1, source="poll")],
            0,
            "1 webhook for 1 event; polling found 1 event first.",
        ),
        (
            [event(late=-86_399)],
            86_400,
            "1 webhook for 1 event; at most 1.0 s after Stripe created it.",
        ),
    ],
    ids=[
        "none",
        "once",
        "twice",
        "slowest",
        "another-order",
        "polled",
        "polled-first",
        "clock-ahead",
    ],
)
def test_arrivals_are_described_in_a_sentence(events: list[Event], ahead: float, said: str) -> None:
    assert describe_arrivals(events, ahead) == said
