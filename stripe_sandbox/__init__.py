"""A local, stateful stand-in for the slice of Stripe that a Checkout uses.

Its composition root is ``sandbox``; nothing is loaded by importing this package alone.
"""

# Where the pages lie that people open by a link, and their files; all else takes a key.
HOSTED_PAGES = ("/c/", "/p/", "/i/")
