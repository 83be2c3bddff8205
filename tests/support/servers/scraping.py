"""What a server exports to Prometheus, as Prometheus reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

ANSWERS_WITHIN = 30.0


@dataclass(frozen=True)
class Scraped:
    """The series of one scrape."""

    families: tuple[Metric, ...]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series of this name that have these labels, among others."""
        found = [
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert found, f"There is no {name} with {labels}"
        return sum(found)

    def labels(self) -> dict[str, set[str]]:
        """Every name, with the labels that its series have."""
        found: dict[str, set[str]] = {}
        for family in self.families:
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
        return found

    def label_values(self) -> Iterable[str]:
        """Every value of a label."""
        return (
            value
            for family in self.families
            for sample in family.samples
            for value in sample.labels.values()
        )


def parse(text: str) -> Scraped:
    """The series of a text in Prometheus' format; fails where it is none."""
    return Scraped(tuple(text_string_to_metric_families(text)))


def scrape(url: str) -> Scraped:
    """The series of a server."""
    answer = requests.get(f"{url}/metrics", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parse(answer.text)
