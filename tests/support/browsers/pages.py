"""The pages through AppTest, in front of real services."""

from __future__ import annotations

import re
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from streamlit.testing.v1 import AppTest

from pages.services import PageServices, hand_over
from tests.support.waiting import GLANCE, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers.billing_server import BillingServer

DASHBOARD = Path(__file__).parents[3] / "pages/dashboard.py"
BILLING = "billing.py"
HOSTILE = "<b>:red[x]</b> $y$ [a](https://x) `c` % _ ' \" :material/delete: 🎉"
"""What Markdown, HTML or SQL would act on."""
_TIME = re.compile(r"</?time\b[^>]*>")
ALERTS = ("success", "info", "warning", "error")


def open_page(
    app: BillingServer | PageServices, script: str = BILLING, **query: str | list[str]
) -> AppTest:
    """The page, drawn with ``query`` in its address."""
    controls_url = app.controls_url if isinstance(app, PageServices) else None
    hand_over(app.services, app.portal, controls_url)
    page = AppTest.from_file(str(DASHBOARD), default_timeout=60)
    if script != BILLING:
        page._registered_pages = _pages()
        page.switch_page(script)
    for name, value in query.items():
        page.query_params[name] = value
    return run(page)


@cache
def _pages() -> dict[str, Any]:
    """The pages of the dashboard, which an AppTest else learns by running another page first."""
    return AppTest.from_file(str(DASHBOARD), default_timeout=60).run()._registered_pages


def run(page: AppTest) -> AppTest:
    """Draw the page again, which must not fail."""
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, button: str) -> AppTest:
    """Press the button of that key."""
    page.button(key=button).click()
    return run(page)


def run_until(page: AppTest, condition: Callable[[], bool]) -> None:
    """Draw the page again, as it does by itself, until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, text_of(page)
        time.sleep(GLANCE)
        run(page)


def text_of(page: AppTest) -> str:
    """All text of the page, without the signs that keep Markdown from acting on it."""
    texts = [text for kind in alerts(page).values() for text in kind]
    texts += [element.value for element in (*page.markdown, *page.caption)]
    texts += [block.label for block in page.expander]
    return _TIME.sub("", " ".join(texts)).replace("\\", "").replace("\u2060", "")


def alerts(page: AppTest) -> dict[str, list[str]]:
    """Title and text of each alert, by its kind; only the kinds that there are."""
    found = {
        kind: [f"{alert.proto.title} {alert.value}" for alert in getattr(page, kind)]
        for kind in ALERTS
    }
    return {kind: texts for kind, texts in found.items() if texts}


def rows(page: AppTest) -> list[dict[str, Any]]:
    """The first table's rows, from the top."""
    return cast("list[dict[str, Any]]", page.dataframe[0].value.to_dict("records"))


def ids(page: AppTest) -> list[str]:
    """The ids of the first table's rows, from the top."""
    return list(page.dataframe[0].value["id"])


def metrics(page: AppTest) -> dict[str, str]:
    """The value of each metric by its label."""
    return {metric.label: metric.value.replace("\\", "") for metric in page.metric}
