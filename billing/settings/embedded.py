"""What the launcher and the commands have to agree on about the embedded sandbox."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

SANDBOX_DATABASE = Path(".data/stripe_sandbox.sqlite3")
# Beside the one for Stripe, so that a later key does not meet the sandbox's sessions.
BILLING_DATABASE = SecretStr("sqlite:///.data/billing_sandbox.sqlite3")
PRO_LOOKUP_KEY = "pro_monthly"
CREDIT_LOOKUP_KEY = "extra_load_credit"
ENDPOINT_DESCRIPTION = "This dashboard"  # of the sandbox's endpoint that leads to this app
