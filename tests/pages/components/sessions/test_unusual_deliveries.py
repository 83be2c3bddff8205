"""What was unusual about deliveries, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
from billing.domain.events.event import Event, EventSource, EventState
from pages.components.sessions.unusual_deliveries import NOTHING_SENT, Sent, sentences, signs
from pages.scenarios.sandbox_deliveries import Attempt, Delivery, DeliveryState, Next

EVENT = Event(
    id="evt_1", type="checkout.session.completed", created=100, object_id="cs_test_1",
    received_at=101.0, source=EventSource.WEBHOOK, deliveries=1, state=EventState.HANDLED,
    attempts=1, error=None, processed_at=102.0,
)  # fmt: skip
TAKEN = ReceivedDelivery("evt_1", 101.0, 200, 0.01)
TIMED_OUT = Attempt(1, 100.0, 10.0, None, "No answer within 10 s.")


def _delivery(**changed: Any) -> Delivery:
    values: dict[str, Any] = {
        "event": "evt_1", "event_type": EVENT.type, "endpoint": "we_1", "url": "http://a.test/hook",
        "payload": "snapshot", "state": DeliveryState.SUCCEEDED, "attempts_made": 1, "error": None,
        "next": Next.NONE, "next_at": None, "attempts": (Attempt(1, 100.0, 0.01, 200, None),),
    }  # fmt: skip
    return Delivery(**values | changed)


LOST = _delivery(attempts=(TIMED_OUT,), next=Next.GIVEN_UP, state=DeliveryState.FAILED)
CLAIM = ClaimedDelivery("evt_1", "The signature does not match.", 103.0, 1)


def test_a_usual_delivery_is_not_mentioned() -> None:
    assert signs(EVENT, [TAKEN], Sent((_delivery(),))) == []
    assert sentences(EVENT, [TAKEN], Sent((_delivery(),))) == []


def test_late_repeated_and_refused_ones_are_named() -> None:
    event = replace(EVENT, received_at=142.0, deliveries=3)
    received = [
        ReceivedDelivery("evt_1", 103.0, 500, 0.01),
        replace(TAKEN, received_at=142.0),
        replace(TAKEN, received_at=145.0),
    ]
    sent = Sent((_delivery(attempts=(Attempt(1, 100.0, 0.01, 500, None),)),))
    assert signs(event, received, sent) == ["42 s late", "delivered 3 times", "answered 500"]
    assert sentences(event, received, sent) == [
        "Delivered 3 times, the last 3.0 s after the first",
        "Answered 500 at 00:01:43",
    ]


def test_an_attempt_that_never_arrived_is_named_with_its_address_and_cause() -> None:
    sent = Sent((LOST,))
    assert signs(EVENT, [], sent) == ["1 failed attempt", "given up"]
    assert sentences(EVENT, [], sent) == [
        "1 failed attempt at http://a.test/hook: No answer within 10 s.",
        "Given up: http://a.test/hook has not received it",
    ]


def test_what_was_delivered_again_a_moment_ago_has_no_times_yet() -> None:
    event = replace(EVENT, deliveries=2)
    assert sentences(event, [], NOTHING_SENT) == ["Delivered 2 times"]


def test_what_failed_at_another_endpoint_is_named_with_it_and_no_sign_of_the_session() -> None:
    sent = Sent((_delivery(),), (LOST,))
    assert signs(EVENT, [TAKEN], sent) == []
    assert sentences(EVENT, [TAKEN], sent) == [
        "Elsewhere: 1 failed attempt at http://a.test/hook: No answer within 10 s. Given up",
    ]


def test_a_refused_delivery_is_named_by_what_it_claims_to_be_and_as_unverified() -> None:
    assert signs(EVENT, [TAKEN], NOTHING_SENT, [CLAIM]) == ["refused, unverified"]
    (said,) = sentences(EVENT, [TAKEN], NOTHING_SENT, [CLAIM])
    assert said == (
        "A delivery that claims to be evt_1 was refused at 00:01:43: The signature does not match; "
        "anybody may have sent that, as no signature proves who did"
    )
    (said,) = sentences(EVENT, [TAKEN], NOTHING_SENT, [replace(CLAIM, count=1_200)])
    assert said.startswith("1,200 deliveries that claim to be evt_1 were refused, the last at 00:")


def test_of_what_the_sandbox_sent_its_attempts_say_enough() -> None:
    refused = Attempt(1, 100.0, 0.01, 400, None)
    sent = Sent((_delivery(attempts=(refused,)),))
    assert signs(EVENT, [], sent, [CLAIM]) == ["1 failed attempt"]
    assert sentences(EVENT, [], sent, [CLAIM]) == [
        "1 failed attempt at http://a.test/hook: answered 400"
    ]
