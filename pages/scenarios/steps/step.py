"""What a step is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.scenarios.context import RunContext

HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Step:
    """``act`` does what ``label`` says; its result in plain words. Raises ``StepFailed`` or
    ``BillingError``.

    What it needs: a person, who at Stripe has to do ``by_person``, Markdown in which ``{}`` stands
    for the ``number`` to pay with; control of the sandbox, where ``only_in_sandbox`` says why
    Stripe cannot; a test clock; or that ``seconds`` of the account's own time pass.
    """

    label: str
    act: Callable[[RunContext], str]
    by_person: str = ""
    number: str = ""
    only_in_sandbox: str = ""
    needs_test_clock: bool = False
    seconds: int = 0
