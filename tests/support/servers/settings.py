"""Settings with everything in order, for a Stripe and a database of the test's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from billing.settings.model import Settings
from tests.support.database.schema import sqlite_template

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "whsec_of_the_tests"


def settings_for(stripe_url: str, database_url: str, **values: Any) -> Settings:
    """Settings for these two; ``values`` are those that differ otherwise."""
    settings = Settings(
        secret_key=SecretStr("sk_test_of_the_tests"),
        webhook_secrets=(SecretStr(SECRET),),
        price_pro_monthly="price_pro",
        price_extra_credit="price_credit",
        public_url="http://localhost:8501",
        api_base=stripe_url,
        database_url=SecretStr(database_url),
    )
    return replace(settings, **values)


def working_settings(folder: Path, stripe_url: str, **values: Any) -> Settings:
    """The same with a SQLite file in the folder, with the current schema; one that is there stays
    as it is."""
    database = folder / "billing.sqlite3"
    if not database.exists():
        database.write_bytes(sqlite_template())
    return replace(settings_for(stripe_url, f"sqlite:///{database}"), **values)
