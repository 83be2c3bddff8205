"""How the webhooks of a run are delivered."""

from __future__ import annotations

from enum import StrEnum

from pages.scenarios.faults import WebhookFaults

DELAY_SECONDS = 2


class Delivery(StrEnum):
    """The choice that a scenario runs with. ``IN_ORDER`` leaves the sandbox's faults as they are,
    the others replace those of webhooks for the run."""

    IN_ORDER = "in order"
    DOUBLED = "doubled"
    SHUFFLED = "shuffled"
    DELAYED = "delayed"
    DROPPED = "dropped"

    @property
    def label(self) -> str:
        """As people read it: ``Doubled``."""
        return self.capitalize()

    @property
    def about(self) -> str:
        """What it does, as a sentence."""
        return {
            Delivery.IN_ORDER: "Stripe sends each webhook once, unless faults are on.",
            Delivery.DOUBLED: "Stripe sends every webhook twice.",
            Delivery.SHUFFLED: "Webhooks go out in random order.",
            Delivery.DELAYED: f"Webhooks are {DELAY_SECONDS} seconds late.",
            Delivery.DROPPED: "The first attempt to deliver each webhook is lost.",
        }[self]

    @property
    def faults(self) -> WebhookFaults | None:
        """The faults to set; None: those that are on."""
        return {
            Delivery.DOUBLED: WebhookFaults(duplicates=1),
            Delivery.SHUFFLED: WebhookFaults(shuffle=True),
            Delivery.DELAYED: WebhookFaults(delay_seconds=DELAY_SECONDS),
            Delivery.DROPPED: WebhookFaults(drop=True),
        }.get(self)

    @property
    def arrivals(self) -> int:
        """How many webhooks of an event are waited for, before a run goes on. Of one whose first
        delivery is lost none is: polling may find the event before Stripe tries again."""
        return {Delivery.DOUBLED: 2, Delivery.DROPPED: 0}.get(self, 1)
