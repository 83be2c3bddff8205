"""How a request went, in a line."""

from __future__ import annotations

import pytest

from billing.domain.logged_request import LoggedRequest, RequestError, Try, cause_of

LOST = Try(None, 1.0, "connection reset")
DECLINED = RequestError("card_error", "card_declined")
FIRST_LOST = "2 tries: the first answer was lost, then 200"


def request(
    *tries: Try, replayed: bool = False, error: RequestError | None = None
) -> LoggedRequest:
    return LoggedRequest(
        id=1,
        at=0.0,
        method="POST",
        path="/v1/customers/cus_1",
        status=tries[-1].status,
        seconds=1.0,
        tries=tries,
        client="PingPoint",
        replayed=replayed,
        error=error,
    )


@pytest.mark.parametrize(
    ("logged", "outcome", "unusual"),
    [
        (request(Try(200, 0.1)), "200", False),
        (request(Try(200, 0.1), replayed=True), "200, a replay", True),
        (request(Try(402, 0.1), error=DECLINED), "402 card_declined", True),
        (request(Try(500, 0.1), Try(200, 0.1)), "2 tries: 500, then 200", True),
        (request(LOST, Try(200, 0.1)), "2 tries: no answer (connection reset), then 200", True),
        (request(LOST, Try(200, 0.1), replayed=True), FIRST_LOST, True),
        (request(LOST), "no answer (connection reset)", True),
    ],
)
def test_a_request_tells_in_a_line_how_it_went(
    logged: LoggedRequest, outcome: str, unusual: bool
) -> None:
    assert (logged.outcome, logged.is_unusual) == (outcome, unusual)


def test_requests_that_fail_alike_have_one_cause_and_others_none() -> None:
    template = "/v1/customers/{id}"
    assert cause_of(request(Try(500, 0.1), Try(200, 0.1)), template) == (
        "POST /v1/customers/{id}: 2 tries: 500, then 200"
    )
    assert cause_of(request(Try(200, 0.1), replayed=True), template) == ""
