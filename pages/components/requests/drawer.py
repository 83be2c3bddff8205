"""One request in a drawer: what was asked and answered, its tries, and what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.errors import BillingError
from billing.request_log.as_code import LANGUAGES
from billing.safe_text import SECRET
from billing.settings.model import SECRET_KEY
from pages.components.audit.wording import page_of
from pages.components.browser.copyable import copyable
from pages.components.errors import show_failure
from pages.components.requests.changes import show_changes
from pages.components.requests.columns import outcome_text, seconds_text
from pages.components.requests.lines import request_line
from pages.components.requests.logs import chosen_log, current_log
from pages.components.requests.send_again import send_again
from pages.components.text.markdown import code, link, plain
from pages.components.text.times import counting, exact_time, markdown
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.logged_request import LoggedRequest, RequestDetails

LEFT_OUT = (SECRET, "[redacted]")  # by this app's log, and by the sandbox's
LONGEST_ID = 18  # digits that every database's integers hold
SYNTAX = {"curl": "bash", "Stripe CLI": "bash", "Python": "python", "Node": "javascript"}


def request_drawer() -> None:
    """Open the request that the address names, if it names one."""
    request_id = st.query_params.get("request", "").strip()[:LONGEST_ID]
    if request_id:
        drawer = st.dialog("Request", width="medium", position="right", on_dismiss=close_drawer)
        drawer(request)(request_id)


def close_drawer() -> None:
    """The drawer was closed: the address names no request any more."""
    st.query_params.pop("request", None)


def request(request_id: str) -> None:
    """The request, or a notice of why there is nothing to show."""
    billing, log = page_services(), current_log()
    is_number = request_id.isascii() and request_id.isdecimal()
    try:
        found = billing.call(lambda: log.get(int(request_id))) if is_number else None
    except BillingError as failure:
        show_failure(failure, "The request could not be loaded")
        return
    if found:
        show(found)
        return
    st.warning(
        f"The log has no request {code(request_id)}. It holds the newest alone, and none from "
        "before a reset.",
        title="Request not found",
        icon=":material/help:",
    )


def show(details: RequestDetails) -> None:
    """All that is known of it."""
    found = details.request
    color = "red" if found.is_failed else "orange" if found.is_unusual else "green"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":{color}-badge[{plain(outcome_text(found))}]", width="content")
        markdown(f"**{found.method}** {code(found.path)} · {counting(found.at)}", width="content")
    if found.error and found.error.message:
        st.error(plain(found.error.message), icon=":material/error:")
    st.table(_facts(found), border="horizontal", alt="Request details")
    if found.request_id:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(":small[Request ID]", width=80)
            copyable(found.request_id, key="request_id")
    send_again(found)
    for title, text in (("Parameters", found.params), ("Answer", found.answer)):
        if text:
            st.subheader(title, anchor=False)
            st.json(text, expanded=2)
    show_changes(details.changes)
    caused = {one.id for one in details.events}
    _lines("Objects", (_object_line(one) for one in found.object_ids if one not in caused))
    _lines("Events that it caused", (_event_line(one.type, one.id) for one in details.events))
    _lines(
        "With the same idempotency key",
        (request_line(one, found.at, chosen_log()) for one in details.twins),
    )
    st.subheader("Copy as", anchor=False)
    st.caption(_copy_text(found))
    api_base = page_services().services.gateway.api_base
    for tab, (name, write) in zip(st.tabs(list(LANGUAGES)), LANGUAGES.items(), strict=True):
        tab.code(write(found, api_base), language=SYNTAX[name], wrap_lines=True)


def _facts(found: LoggedRequest) -> dict[str, str]:
    tries = (f"{plain(one.text)} after {seconds_text(one.seconds)}" for one in found.tries)
    key = code(found.idempotency_key) if found.idempotency_key else "None"
    return {
        "When": plain(exact_time(found.at)),
        "Took": seconds_text(found.seconds),
        **({"Tries": ", then ".join(tries)} if len(found.tries) > 1 else {}),
        "Client": plain(found.client),
        "API version": plain(found.api_version) or "The account's",
        "Idempotency key": key + (", answered as before" if found.replayed else ""),
    }


def _copy_text(found: LoggedRequest) -> str:
    """Where the key comes from, and what else a copy lacks, as Markdown."""
    text = (
        "The key is not logged: each reads it from the environment variable "
        f"{code(SECRET_KEY)}. The idempotency key is left out, so that the answer is a new one."
    )
    if any(one in found.params for one in LEFT_OUT):
        text += " Secrets are not logged either: put them in the place of those in brackets."
    elif found.params and not found.params.startswith("{"):
        text += " Its parameters are missing, of which the log has no more than the beginning."
    return text


def _lines(title: str, lines: Iterable[str]) -> None:
    texts = list(lines)
    if texts:
        st.subheader(title, anchor=False)
        st.markdown("  \n".join(texts))


def _object_line(object_id: str) -> str:
    """The object, leading to its page or else to the other requests that touched it."""
    requests = link("requests", f"requests?about={quote(object_id)}&log={chosen_log()}")
    if found := page_of(object_id):
        page, name = found
        url = f"{page.removesuffix('.py')}?{name}={quote(object_id)}"
        return f"{link(code(object_id), url)} · {requests}"
    return f"{code(object_id)} · {requests}"


def _event_line(kind: str, event_id: str) -> str:
    return link(plain(kind), f"events?event={quote(event_id)}")
