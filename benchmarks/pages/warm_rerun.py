"""What a warm rerun of the billing page costs: calls to Stripe, and milliseconds.

Beside it a page that asks Stripe for everything at every rerun, and an empty page: that is what
``AppTest``, which runs all three, takes for itself. The product's few calls are no rerun's: they
keep it in step with Stripe.
https://docs.streamlit.io/develop/api-reference/app-testing
"""

from __future__ import annotations

import logging
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import stripe
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from benchmarks.stripe.answers import PAGE_SIZE, PRICE_CREDIT, PRICE_PRO
from benchmarks.stripe.process import FakeStripeProcess, fake_stripe
from benchmarks.support.processes import ROOT
from benchmarks.support.tables import number, print_table
from billing.services import Services
from billing.settings.model import Settings
from pages.services import hand_over

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAYS_MS = (100, 0)
TIMEOUT_SECONDS = 60
KEY = "sk_test_bench"


@dataclass(frozen=True)
class Reruns:
    """Calls to Stripe until the page was warm; then what the warm reruns came to."""

    calls_until_warm: int
    reruns: int
    calls: int
    median_ms: float


def measure(*, quick: bool) -> None:
    """Measure and print a table for each of Stripe's delays."""
    seconds = 2.0 if quick else 10.0
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    with fake_stripe() as fake:
        for delay_ms in DELAYS_MS:
            fake.set_delay(delay_ms)
            with TemporaryDirectory() as folder, services_handed_over(fake.url, Path(folder)):
                product = rerun(product_page(), fake, seconds)
            rows = {
                "the billing page": product,
                "a page that always asks Stripe": rerun(naive_page(fake.url), fake, seconds),
                "an empty page": rerun(AppTest.from_string(""), fake, seconds, is_billing=False),
            }
            print_table(
                f"{seconds:g} s of warm reruns, Stripe answers after {delay_ms} ms",
                ("", "median ms", "reruns", "Stripe calls", "calls each", "calls until warm"),
                [
                    (
                        name,
                        number(row.median_ms, 1),
                        number(row.reruns),
                        number(row.calls),
                        number(row.calls / row.reruns, 3),
                        number(row.calls_until_warm),
                    )
                    for name, row in rows.items()
                ],
            )


@contextmanager
def services_handed_over(stripe_url: str, folder: Path) -> Iterator[None]:
    """The pages have their services, on an event loop of their own, as the launcher does it. What
    is stored is in the folder."""
    with start_blocking_portal() as portal:
        settings = Settings(
            secret_key=SecretStr(KEY),
            price_pro_monthly=PRICE_PRO,
            price_extra_credit=PRICE_CREDIT,
            public_url="http://localhost:8501",
            api_base=stripe_url,
            database_url=database_in(folder),
        )
        services = Services(settings, stripe_name="Fake Stripe")
        with portal.wrap_async_context_manager(services.running()):
            hand_over(services, portal)
            yield


def database_in(folder: Path) -> SecretStr:
    """The database that ``services_handed_over`` uses."""
    return SecretStr(f"sqlite:///{folder}/billing.sqlite3")


def product_page() -> AppTest:
    return AppTest.from_file(ROOT / "pages" / "dashboard.py")


def naive_page(stripe_url: str) -> AppTest:
    client = stripe.StripeClient(
        KEY, base_addresses={"api": stripe_url}, http_client=stripe.RequestsClient()
    )
    page = AppTest.from_file(ROOT / "benchmarks" / "naive_page.py")
    page.session_state["stripe_client"] = client
    page.session_state["price_ids"] = (PRICE_PRO, PRICE_CREDIT)
    return page


def rerun(
    page: AppTest, fake: FakeStripeProcess, seconds: float, *, is_billing: bool = True
) -> Reruns:
    """Run a page until it is warm, then again and again for ``seconds``: what did that take?"""
    before = sum(fake.calls().values())
    page.run(timeout=TIMEOUT_SECONDS)
    deadline = time.perf_counter() + TIMEOUT_SECONDS
    while is_billing and not is_filled(page) and time.perf_counter() < deadline:
        page.run(timeout=TIMEOUT_SECONDS)
    first = sum(fake.calls().values())
    times = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        page.run(timeout=TIMEOUT_SECONDS)
        times.append(time.perf_counter() - started)
        assert not page.exception, page.exception
        if is_billing:
            check(page)
    calls = sum(fake.calls().values()) - first
    return Reruns(first - before, len(times), calls, statistics.median(times) * 1000)


def is_filled(page: AppTest) -> bool:
    """The sessions have arrived on the page."""
    return [len(table.value) for table in page.dataframe] == [PAGE_SIZE]


def check(page: AppTest) -> None:
    """What is timed is the page and not an error: two buttons, a number input, the sessions."""
    assert not page.error, page.error
    assert len(page.button) == 2, page.button
    assert len(page.number_input) == 1, page.number_input
    assert is_filled(page), page.dataframe
