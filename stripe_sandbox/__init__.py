"""A local, stateful stand-in for the slice of Stripe that a Checkout uses."""

from stripe_sandbox.sandbox import HOSTED_PAGES, Sandbox, SandboxConfig
from stripe_sandbox.storage.database import UnusableDatabaseError

__all__ = ["HOSTED_PAGES", "Sandbox", "SandboxConfig", "UnusableDatabaseError"]
