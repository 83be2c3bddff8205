"""A press of a button creates one thing at most, and is not answered by a refusal of before."""

from __future__ import annotations

import pytest

from billing.errors import BillingError, InvalidInput, NotConfigured, StripeFailure
from pages.components.press import Press


class Creator:
    """Fails with each of ``failures`` in turn, then creates; notes the keys it is called with."""

    def __init__(self, *failures: BillingError) -> None:
        self.failures = list(failures)
        self.keys: list[str] = []

    def __call__(self, key: str) -> str:
        self.keys.append(key)
        if self.failures:
            raise self.failures.pop(0)
        return "created"


def refused(status: int | None) -> StripeFailure:
    return StripeFailure("It failed.", "Press again.", status=status)


@pytest.mark.parametrize(
    "failure",
    [
        StripeFailure.too_slow(30),
        refused(None),
        refused(409),
        StripeFailure.unexpected(200, "an empty body"),
    ],
    ids=["too slow", "no answer", "under way", "an answer that is none"],
)
def test_the_idempotency_key_stays_while_the_outcome_is_unknown(failure: BillingError) -> None:
    creator, press = Creator(failure), Press[str]()
    press.attempt(creator)
    assert press.failure is failure
    press.attempt(creator)
    assert press.created == "created"
    assert creator.keys[0] == creator.keys[1]


@pytest.mark.parametrize(
    "failure",
    [
        *map(refused, (400, 401, 402, 403, 404, 429, 500)),
        NotConfigured("STRIPE_SECRET_KEY", "It is missing.", "Set it."),
        InvalidInput("Too many."),
    ],
    ids=lambda failure: str(getattr(failure, "status", type(failure).__name__)),
)
def test_once_it_was_answered_the_next_try_has_a_key_of_its_own(failure: BillingError) -> None:
    creator, press = Creator(failure), Press[str]()
    press.attempt(creator)
    press.attempt(creator)
    assert press.created == "created"
    assert creator.keys[0] != creator.keys[1]


def test_what_was_created_is_not_created_again() -> None:
    creator, press = Creator(), Press[str]()
    press.attempt(creator)
    press.attempt(creator)
    assert len(creator.keys) == 1
