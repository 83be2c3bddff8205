"""The alert rules and the Grafana dashboard ask for what the server exports, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
SERIES = re.compile(r"\b(billing_\w+|process_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
TEMPLATE = re.compile(r"\{\{\s*\$labels\.(\w+)|\{\{(\w+)\}\}")


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> Iterator[tuple[str, str, str]]:
    """Each query: whose it is, its expression, and the text in which its labels are shown."""
    for alert in alerts():
        yield alert["alert"], alert["expr"], json.dumps(alert["annotations"])
    for panel in panels():
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


QUERIES = list(queries())


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """Every name that a server exports, with its labels."""
    metrics = Metrics()
    # These have series once there was a request.
    metrics.requests.labels("/api/billing/checkout", "POST", "200").observe(0.1)
    metrics.stripe_requests.labels("post", "/v1/checkout/sessions", "200").observe(0.1)
    return parse(generate_latest(metrics.registry).decode()).labels() | OF_PROMETHEUS


@pytest.mark.parametrize(("whose", "query", "shown"), QUERIES, ids=[one[0] for one in QUERIES])
def test_each_query_names_metrics_and_labels_that_are_exported(
    whose: str, query: str, shown: str, exported: dict[str, set[str]]
) -> None:
    asked = SERIES.findall(query)
    assert asked, f"{whose} asks for nothing"
    known: set[str] = set(ADDED)
    for name, matchers in asked:
        assert name in exported, f"{whose} asks for {name}"
        named = {label for label, _ in MATCHER.findall(matchers)}
        assert named <= exported[name] | ADDED, f"{whose} asks for {named} of {name}"
        known |= exported[name]
    grouped = {one.strip() for some in GROUPED.findall(query) for one in some.split(",")}
    assert grouped <= known, f"{whose} groups by {grouped}"
    templates = {one or other for one, other in TEMPLATE.findall(shown)}
    assert templates <= known, f"{whose} shows {templates}"


@pytest.mark.parametrize(("whose", "query", "shown"), QUERIES, ids=[one[0] for one in QUERIES])
def test_each_label_value_that_is_asked_for_can_occur(
    whose: str,
    query: str,
    shown: str,  # noqa: ARG001 - the same cases as above
) -> None:
    fixed = {
        sample.name: {label: set[str]() for label in sample.labels}
        for family in Metrics().registry.collect()
        for sample in family.samples
    }
    for family in Metrics().registry.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                fixed[sample.name][label].add(value)
    for name, matchers in SERIES.findall(query):
        for label, wanted in MATCHER.findall(matchers):
            if values := fixed.get(name, {}).get(label):
                assert set(wanted.split("|")) <= values, f"{whose} asks for {wanted} of {name}"


def test_every_metric_of_ours_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = {name for _, query, _ in QUERIES for name, _ in SERIES.findall(query)}
    families = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in shown}
    ours = {
        re.sub(r"_(bucket|count|sum|total)$", "", name)
        for name in exported
        if name.startswith("billing_")
    }
    assert ours <= families


def test_brackets_are_closed_in_each_query() -> None:
    for whose, query, _ in QUERIES:
        for opening, closing in ("()", "{}", "[]"):
            assert query.count(opening) == query.count(closing), whose


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
