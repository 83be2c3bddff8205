"""How endpoints look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.tables import Table, chip_column, time_column
from pages.components.text.chips import Color
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from billing.domain.events.endpoint import Endpoint, EndpointList

ENABLED, FAILING, DISABLED = "Enabled", "Failing", "Disabled"
STATE_COLORS: dict[str, Color] = {ENABLED: "green", FAILING: "red", DISABLED: "gray"}
HERE = "This dashboard"
ACCOUNTS_VERSION = "The account's"


def state_of(endpoint: Endpoint) -> str:
    """``Enabled``, ``Failing`` or ``Disabled``."""
    if not endpoint.is_enabled:
        return DISABLED
    return FAILING if endpoint.is_failing else ENABLED


def types_text(endpoint: Endpoint) -> str:
    """How many types of event it receives: ``All``, ``34``."""
    return "All" if "*" in endpoint.enabled_events else f"{len(endpoint.enabled_events):,}"


def version_text(endpoint: Endpoint) -> str:
    """Its version of the API; thin events have none."""
    if endpoint.payload.is_thin:
        return "None"
    return endpoint.api_version or ACCOUNTS_VERSION


def endpoints_table(found: EndpointList) -> Table[Endpoint]:
    """The table for these."""

    def cells(endpoint: Endpoint) -> dict[str, object]:
        since = endpoint.deliveries and endpoint.deliveries.failing_since
        arrived = found.arrivals.get(endpoint.payload) if endpoint.leads_here else None
        return {
            "url": endpoint.url,
            "state": [state_of(endpoint)],
            "leads": [HERE] if endpoint.leads_here else None,
            "failing": local(since) if since else None,
            "arrived": local(arrived) if arrived else None,
            "payload": endpoint.payload.label,
            "types": types_text(endpoint),
            "missing": f"{len(endpoint.missing):,}" if endpoint.missing else "",
            "version": version_text(endpoint),
            "endpoint": short_id(endpoint.id),
            "id": endpoint.id,
        }

    return Table(
        {
            "url": st.column_config.TextColumn("URL"),
            "state": chip_column("State", STATE_COLORS, width=90),
            "leads": chip_column("Leads to", {HERE: "blue"}, width=135),
            "failing": time_column("Failing since"),
            "arrived": time_column("Last event here"),
            "payload": st.column_config.TextColumn("Payload", width=85),
            "types": st.column_config.TextColumn("Types of event", width=115),
            "missing": st.column_config.TextColumn("Of ours missing", width=120),
            "version": st.column_config.TextColumn("API version", width=150),
            "endpoint": st.column_config.TextColumn("Endpoint ID", width=100),
            "id": None,
        },
        cells,
        least_widths={"url": 180},
    )


def column_order(found: EndpointList) -> tuple[str, ...]:
    """The columns without those that are empty for all of them."""
    empty = {"id"}
    if not any(one.is_failing for one in found.endpoints):
        empty.add("failing")
    if not any(one.leads_here for one in found.endpoints):
        empty.add("leads")
    if not found.arrivals:
        empty.add("arrived")
    if not any(one.missing for one in found.endpoints):
        empty.add("missing")
    return tuple(name for name in endpoints_table(found).columns if name not in empty)
