"""Every customer: find one, see what they have, and look at one."""

from __future__ import annotations

from billing.domain.customers.page import CustomerFilter
from pages.components.customers.drawer import customer_drawer
from pages.components.customers.filters import customer_filter
from pages.components.customers.table import customer_table, has_customers

wanted = CustomerFilter()
if has_customers():
    wanted = customer_filter()
customer_table(wanted)
customer_drawer()
