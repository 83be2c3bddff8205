from __future__ import annotations

from typing import Any

import pytest

from billing.domain.events.endpoint import Payload
from billing.endpoints.reading import read_endpoints
from billing.settings.embedded import ENDPOINT_DESCRIPTION
from billing.setup.webhook_checks import ENDPOINT_EVENTS

HERE = "http://localhost:8501/api/billing/stripe/webhook"


def endpoint(**values: Any) -> dict[str, Any]:
    return {"id": "we_1", "url": HERE, "status": "enabled", "enabled_events": ["*"], **values}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:whsec_x@example.com/a@b", "https://example.com/a@b"),
        ("https://a@b:c@example.com", "https://example.com"),
        ("https://example.com/?to=a@b", "https://example.com/?to=a@b"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_password_whatever_it_is(url: str, shown: str) -> None:
    (found,) = read_endpoints([endpoint(url=url)], [HERE], None)
    assert (found.url, found.leads_here) == (shown, False)


def test_what_another_api_leaves_out_reads_as_absent() -> None:
    strange = {"id": "we_1", "url": HERE, "enabled_events": None, "metadata": "none"}
    (found,) = read_endpoints([strange], [HERE], {})
    assert not found.is_enabled
    assert found.missing == ENDPOINT_EVENTS
    assert (found.payload, found.replaces) == (Payload.SNAPSHOT, None)


def test_only_the_endpoint_that_the_sandbox_brought_is_built_in() -> None:
    brought = endpoint(description=ENDPOINT_DESCRIPTION)
    elsewhere = endpoint(id="we_2", url="http://localhost:1/", description=ENDPOINT_DESCRIPTION)
    added = endpoint(id="we_3", description="Mine")
    found = read_endpoints([brought, elsewhere, added], [HERE], {})
    assert [one.id for one in found if one.is_built_in] == ["we_1"]
    assert not read_endpoints([brought], [HERE], None)[0].is_built_in
