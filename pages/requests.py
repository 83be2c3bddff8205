"""Every request to Stripe's API: what was asked, by which tries, and what the answer was."""

from __future__ import annotations

from pages.components.requests.causes import error_causes
from pages.components.requests.drawer import request_drawer
from pages.components.requests.filters import FILTERS, filter_widgets
from pages.components.requests.table import request_table

FILTERS.restore()
filter_widgets()
error_causes()
request_table()
request_drawer()
