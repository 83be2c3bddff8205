"""Every Checkout Session: find, count, and look at one. The address holds what is shown."""

from __future__ import annotations

from pages.session_drawer import session_drawer
from pages.session_filters import session_filter
from pages.session_numbers import session_numbers
from pages.session_table import session_table

wanted = session_filter()
session_numbers(wanted)
session_table(wanted)
session_drawer()
