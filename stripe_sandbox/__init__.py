"""A local, stateful stand-in for the slice of Stripe that a Checkout uses."""

from stripe_sandbox.database import UnusableDatabaseError
from stripe_sandbox.sandbox import Sandbox, SandboxConfig

__all__ = ["Sandbox", "SandboxConfig", "UnusableDatabaseError"]
