"""The alert rules and the Grafana dashboard ask for what the server exports, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest

from billing.metrics.registry import Metrics
from tests.support.servers.scraping import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/billing.json"
OPERATIONS = ROOT / "docs/operations.md"

# Prometheus adds these itself.
OF_PROMETHEUS = {"up": {"job", "instance"}}
ADDED = {"job", "instance"}
SUFFIX = re.compile(r"_(bucket|count|sum|total)$")
SHOWN_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)|\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Query:
    """A query of ``whose``, and the text in which its labels are ``shown``."""

    whose: str
    text: str
    shown: str

    def __str__(self) -> str:
        return self.whose

    @cached_property
    def parts(self) -> list[promql_parser.Expr]:
        """Every expression in it; fails where it is not PromQL."""
        found: list[promql_parser.Expr] = []
        # Grafana puts a duration there.
        parsed = promql_parser.parse(self.text.replace("$__rate_interval", "5m"))
        promql_parser.walk(parsed, found.append)
        return found

    @property
    def selectors(self) -> list[tuple[str, dict[str, str]]]:
        """The names it asks for, each with what labels are matched with."""
        return [
            (part.name or "", {one.name: one.value for one in part.matchers.matchers})
            for part in self.parts
            if isinstance(part, promql_parser.VectorSelector)
        ]

    @property
    def groups(self) -> set[str]:
        """The labels that it groups by."""
        return {
            label
            for part in self.parts
            if isinstance(part, promql_parser.AggregateExpr) and part.modifier
            for label in part.modifier.labels
        }


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> Iterator[Query]:
    for alert in alerts():
        yield Query(alert["alert"], alert["expr"], json.dumps(alert["annotations"]))
    for panel in panels():
        for target in panel.get("targets", ()):
            yield Query(panel["title"], target["expr"], target["legendFormat"])


QUERIES = list(queries())


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """Every name that a server exports, with its labels."""
    metrics = Metrics()
    # These have series once there was a request.
    metrics.requests.labels("/api/billing/checkout", "POST", "200").observe(0.1)
    metrics.stripe_requests.labels("post", "/v1/checkout/sessions", "200").observe(0.1)
    return parse(generate_latest(metrics.registry).decode()).labels() | OF_PROMETHEUS


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_each_query_names_metrics_and_labels_that_are_exported(
    query: Query, exported: dict[str, set[str]]
) -> None:
    assert query.selectors, "It asks for nothing"
    known: set[str] = set(ADDED)
    for name, matched in query.selectors:
        assert name in exported
        assert matched.keys() <= exported[name] | ADDED
        known |= exported[name]
    assert query.groups <= known
    assert {one or other for one, other in SHOWN_LABEL.findall(query.shown)} <= known


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_each_label_value_that_is_asked_for_can_occur(query: Query) -> None:
    from_the_start: dict[tuple[str, str], set[str]] = {}
    for family in Metrics().registry.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                from_the_start.setdefault((sample.name, label), set()).add(value)
    for name, matched in query.selectors:
        for label, wanted in matched.items():
            if values := from_the_start.get((name, label)):
                assert set(wanted.split("|")) <= values


def test_every_metric_of_ours_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = {SUFFIX.sub("", name) for query in QUERIES for name, _ in query.selectors}
    ours = {SUFFIX.sub("", name) for name in exported if name.startswith("billing_")}
    assert ours <= shown


def test_each_alert_leads_to_what_it_means_and_what_to_do() -> None:
    text = OPERATIONS.read_text()
    names = [alert["alert"] for alert in alerts()]
    assert len(names) == len(set(names))
    for alert in alerts():
        assert f"\n#### {alert['alert']}\n" in text
        assert alert["annotations"]["runbook_url"] == (
            f"docs/operations.md#{alert['alert'].lower()}"
        )
        assert alert["annotations"]["summary"]
        assert alert["labels"]["severity"] in ("warning", "critical")


def test_panels_have_ids_of_their_own_and_do_not_lie_on_each_other() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (at["x"] + across, at["y"] + down)
            for across in range(at["w"])
            for down in range(at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
