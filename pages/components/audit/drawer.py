"""One entry of the audit log in a drawer: all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import AuditResult
from billing.errors import BillingError
from pages.components.audit.columns import COLORS
from pages.components.audit.wording import action_text, page_of, result_text, signed_in_text
from pages.components.browser.copyable import copyable
from pages.components.errors import show_failure
from pages.components.text.markdown import code, plain
from pages.components.text.times import counting, exact_time, markdown
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.access import AuditEntry

LONGEST_ID = 18  # digits that every database's integers hold


def entry_drawer() -> None:
    """Open the entry that the address names, if it names one."""
    entry_id = st.query_params.get("entry", "").strip()[:LONGEST_ID]
    if entry_id:
        drawer = st.dialog("Audit entry", width="medium", position="right", on_dismiss=close_drawer)
        drawer(entry)(entry_id)


def close_drawer() -> None:
    """The drawer was closed: the address names no entry any more."""
    st.query_params.pop("entry", None)


def entry(entry_id: str) -> None:
    """What was done, how it ended, by whom, and the way to the object."""
    billing = page_services()
    try:
        is_number = entry_id.isascii() and entry_id.isdecimal()
        found = is_number and billing.call(lambda: billing.services.access.audit.get(int(entry_id)))
    except BillingError as failure:
        show_failure(failure, "The entry could not be loaded")
        return
    if not found:
        st.warning(
            f"The audit log has no entry {code(entry_id)}.",
            title="Entry not found",
            icon=":material/help:",
        )
        return
    show(found)


def show(found: AuditEntry) -> None:
    """The entry."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        color = COLORS[AuditResult(found.result)]
        st.markdown(f":{color}-badge[{result_text(found.result)}]", width="content")
        markdown(
            f"**{plain(action_text(found.action))}** · {counting(found.at)}",
            width="content",
        )
    if found.detail:
        st.markdown(plain(found.detail))
    facts = {
        "Who": code(found.identity),
        "Role": plain(found.role.capitalize()) or "None",
        "Signed in": plain(signed_in_text(found.kind)),
        "From": code(found.address) if found.address else "Not known",
        "When": plain(exact_time(found.at)),
    }
    st.table(facts, border="horizontal", alt="Audit entry")
    if not found.object_id:
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(":small[Object]", width=80)
        copyable(found.object_id, key="audit_object")
    if page := page_of(found.object_id):
        file, name = page
        st.page_link(
            file,
            label=f"Open {name}",
            icon=":material/open_in_full:",
            query_params={name: found.object_id},
        )
