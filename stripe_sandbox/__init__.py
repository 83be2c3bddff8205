"""A local, stateful stand-in for the slice of Stripe that a Checkout uses."""

from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from stripe_sandbox.storage.database import UnusableDatabaseError

__all__ = ["Sandbox", "SandboxConfig", "UnusableDatabaseError"]
