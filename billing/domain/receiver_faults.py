"""Faults of our own webhook receiver: what happens to deliveries behind the signature check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

MINUTES, MOST_MINUTES = 10, 60  # how long they are on, usually and at most
ANSWER_SECONDS = 20  # that a late answer takes


class Answer(StrEnum):
    """What the sender gets. One of 500 has it repeat the delivery."""

    OK = "200"
    ERROR = "500"
    LATE_ERROR = "500 late"

    @property
    def label(self) -> str:
        """As people read it: ``500 after 20 s``."""
        return f"500 after {ANSWER_SECONDS} s" if self is Answer.LATE_ERROR else self.value


@dataclass(frozen=True)
class Delivery:
    """One delivery: its number among all since the faults began, the number of its event among
    those of its ``type``, and which attempt to deliver that event it is. All count from 1."""

    type: str
    number: int
    of_type: int
    attempt: int


@dataclass(frozen=True)
class DeliveryFaults:
    """What happens to one delivery. Not answered with 200, it is not taken. ``is_dropped``: it is
    answered with 200 and forgotten. ``is_held``: it is recorded later, after ``held_seconds`` or
    (None) when somebody lets it go. ``repeats``: it is taken so often again. ``crashes``: its event
    is recorded and not processed."""

    answer: Answer = Answer.OK
    is_dropped: bool = False
    is_held: bool = False
    held_seconds: float | None = None
    repeats: int = 0
    crashes: bool = False

    @property
    def names(self) -> list[str]:
        """Each of them in a word, in the order in which they happen."""
        if self.answer is not Answer.OK:
            return [f"answered {self.answer.label}"]
        if self.is_dropped:
            return ["dropped"]
        held, repeated = ["held"] * self.is_held, ["repeated"] * bool(self.repeats)
        return [*held, *repeated, *["crashed"] * self.crashes]


@dataclass(frozen=True)
class ReceiverFaults:
    """The faults that somebody has switched on. Of the deliveries of an event the first gets the
    ``answer``; of all deliveries each ``drop_every``-th is dropped (0: none)."""

    answer: Answer = Answer.OK
    drop_every: int = 0
    hold: bool = False
    repeats: int = 0
    crash: bool = False

    def of(self, delivery: Delivery) -> DeliveryFaults:
        """What happens to this delivery."""
        return DeliveryFaults(
            answer=self.answer if delivery.attempt == 1 else Answer.OK,
            is_dropped=self.drop_every > 0 and delivery.number % self.drop_every == 0,
            is_held=self.hold,
            repeats=self.repeats,
            crashes=self.crash,
        )

    @property
    def lines(self) -> list[str]:
        """Each that is on, as a sentence."""
        lines = []
        if self.answer is not Answer.OK:
            lines.append(f"The first delivery of each event is answered {self.answer.label}.")
        if self.drop_every:
            which = {1: "Every", 2: "Every second"}.get(self.drop_every, "Now and then a")
            lines.append(f"{which} delivery is dropped.")
        if self.hold:
            lines.append("Deliveries are held.")
        if self.repeats:
            times = {1: "twice", 2: "three times"}.get(self.repeats, f"{self.repeats + 1} times")
            lines.append(f"Each event is processed {times}.")
        if self.crash:
            lines.append("Events are recorded and not processed, as after a crash.")
        return lines


NO_FAULTS = ReceiverFaults()


@dataclass(frozen=True)
class RandomFaults:
    """Each delivery gets its faults by chance, and that by ``seed`` alone: the third event of a
    type gets the same with the same seed, whatever its id and whenever it comes."""

    seed: int

    def of(self, delivery: Delivery) -> DeliveryFaults:
        """What happens to this delivery. No event is refused twice."""
        drawn = (self.seed, delivery.type, delivery.of_type, delivery.attempt)
        chance = Random(repr(drawn))  # noqa: S311 - it is to be foreseen
        answer, drop, hold, seconds, repeat, crash = (chance.random() for _ in range(6))
        refusal = Answer.LATE_ERROR if answer < 0.03 else Answer.ERROR
        return DeliveryFaults(
            answer=refusal if answer < 0.15 and delivery.attempt == 1 else Answer.OK,
            is_dropped=drop < 0.1,
            is_held=hold < 0.3,
            held_seconds=0.5 + 5 * seconds,
            repeats=2 if repeat < 0.05 else int(repeat < 0.25),
            crashes=crash < 0.1,
        )

    @property
    def lines(self) -> list[str]:
        """As a sentence."""
        return [f"A random run with seed {self.seed} is under way."]


@dataclass(frozen=True)
class FaultsInForce:
    """Faults that are on until ``ends_at`` (Unix seconds), and who has switched them on."""

    faults: ReceiverFaults | RandomFaults
    ends_at: float
    by: str


@dataclass(frozen=True)
class HeldDelivery:
    """A verified event that is not recorded yet; ``number`` names it, times are Unix seconds.
    ``until``: None for one that waits for somebody to let it go."""

    number: int
    event_id: str
    type: str
    object_id: str
    held_at: float
    until: float | None
