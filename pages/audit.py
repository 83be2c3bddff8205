"""Who did what, to which object, from where, and what was refused: for admins."""

from __future__ import annotations

import streamlit as st

from billing.access.caller import check
from billing.domain.access import Permission
from billing.errors import NotAllowed
from pages.components.audit.drawer import entry_drawer
from pages.components.audit.filters import audit_filter
from pages.components.audit.table import audit_table
from pages.components.errors import show_failure

try:
    check(Permission.READ_AUDIT)
except NotAllowed as refused:
    show_failure(refused, "Not allowed")
    st.stop()
audit_table(audit_filter())
entry_drawer()
