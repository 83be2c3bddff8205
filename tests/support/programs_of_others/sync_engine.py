"""@supabase/stripe-sync-engine, unmodified, fills a PostgreSQL with all that the sandbox has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.database.databases import fresh_database
from tests.support.database.postgres import Postgres
from tests.support.older_sdk.installed import npm_package
from tests.support.older_sdk.runs import FailedError
from tests.support.programs_of_others.django_shop import live
from tests.support.stripe.sandbox_server import SandboxServer

RELEASE = "0.48.5"
PROGRAM = Path(__file__).with_name("backfill.cjs")
HELD = {
    *("products", "prices", "plans", "customers", "subscriptions", "invoices", "charges"),
    *("setupIntents", "paymentIntents", "paymentMethods", "disputes", "refunds"),
    "checkoutSessions",
}
"""What the sandbox has: of each there is at least one in the end."""


def run_backfill(server: SandboxServer) -> None:
    """FailedError: what did not pass."""
    live(server)
    folder = npm_package(
        f"sync-engine-{RELEASE}", f"@supabase/stripe-sync-engine@{RELEASE}", "stripe@23.1.0"
    )
    postgres = Postgres()
    try:
        with fresh_database(postgres) as url:
            parts = urlsplit(url)
            [host] = parse_qs(parts.query)["host"]
            database = f"postgresql://postgres@/{parts.path[1:]}?host={host}"
            done = subprocess.run(
                ["node", PROGRAM, folder, server.url, database],
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
    finally:
        postgres.close()
    if done.returncode:
        raise FailedError(done.stderr)
    counts: dict[str, int] = json.loads(done.stdout)
    missing = [name for name in sorted(HELD) if not counts.get(name)]
    if missing:
        raise FailedError(f"none of {', '.join(missing)}")
