"""A long outage is told in few lines, and none of them is missing."""

from __future__ import annotations

import logging

import pytest

from billing.outages import MAX_REASONS, OVER_AFTER, Outage

log = logging.getLogger("billing.test")
HOUR = 3_600
STEP = 4.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(clock: Clock, caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level(logging.WARNING, log.name)
    return Outage(log, "The shop", clock=clock)


def test_an_hour_is_reported_when_it_begins_once_a_minute_and_when_it_ends(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    steps = int(HOUR / STEP)
    for step in range(steps):
        clock.now = STEP * step
        outage.failed("The shop is closed.", f"request={step}")
    clock.now += OVER_AFTER
    outage.succeeded()
    first, second, *_, last = caplog.messages
    assert first == "The shop is closed. request=0"
    assert second == "15 times in 1 min: The shop is closed. request=15"
    assert last == f"The shop is working again. Failures: {steps} in 1 h."
    assert len(caplog.messages) == 61


def test_another_reason_is_reported_at_once_also_in_the_middle(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        for reason in ("The shop is closed.", "The shop burns."):
            outage.failed(reason)
            clock.now += 1
    assert caplog.messages == ["The shop is closed.", "The shop burns."]


def test_what_still_succeeds_now_and_then_does_not_end_it(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        outage.failed("The shop is closed.")
        outage.succeeded()
        clock.now += 0.1
    assert caplog.messages == ["The shop is closed."]


def test_the_next_outage_is_reported_anew(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        outage.failed("The shop is closed.")
        clock.now += OVER_AFTER
        outage.succeeded()
        outage.succeeded()
    ended = "The shop is working again. Failures: 1 in 0.0 s."
    assert caplog.messages == ["The shop is closed.", ended] * 2


def test_reasons_that_never_repeat_do_not_fill_log_or_memory(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1_000):
        outage.failed(f"The shop is closed for reason {number}.")
    assert len(caplog.messages) == MAX_REASONS + 1
