"""The product's pages on a real ``Services``, for ``AppTest`` to run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr

from benchmarks.stripe.answers import PRICE_CREDIT, PRICE_PRO
from billing.services import Services
from billing.settings.model import Settings
from pages.services import hand_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT_SECONDS = 60
KEY = "sk_test_bench"


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
