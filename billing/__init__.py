"""The product's rules: what is sold, how it is checked out, what Stripe says of it.

Knows no page and no sandbox. Imports run downward (see CONTRIBUTING.md).
"""

__version__ = "0.1.0"
