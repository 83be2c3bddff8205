"""Why a run of a scenario does not begin, or ends before its verdict."""

from __future__ import annotations

from billing.errors import BillingError


class AlreadyRunning(BillingError):
    """A run of the scenario is under way, in this tab or another."""

    def __init__(self) -> None:
        super().__init__("This scenario is running already.", "Wait for its end, or stop it.")


class StepFailed(Exception):
    """A step did not go as the scenario says; the message says how, in plain words."""


class Stopped(StepFailed):
    """Somebody has stopped the run."""

    def __init__(self) -> None:
        super().__init__("It was stopped.")


class TakenOver(BillingError):
    """Another process goes on with the run, as this one was silent for long; or it was deleted."""

    def __init__(self) -> None:
        super().__init__("Another process goes on with this run, or it was deleted.")
