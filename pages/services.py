"""The bridge from the pages to the services.

Pages run in threads, the services on the server's event loop; a portal carries calls across.
The launcher hands both over; ``st.cache_resource`` keeps them through a hot reload.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import streamlit as st
from anyio.from_thread import BlockingPortal
from starlette.datastructures import Headers

from billing.access.caller import Caller, become, current_identity
from billing.errors import BillingError, NotSignedIn
from billing.logs.request_id import begin_request, current_request_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from concurrent.futures import Future

    from billing.domain.access import Permission
    from billing.services import Services

T = TypeVar("T")

ADMITTED = "admitted"  # whether the page was drawn for somebody who may see it
CALLER_SECONDS = 2.0  # a run of a page asks many times
# Of this thread, which Streamlit makes for a run of a page: who has it open, and since when that
# is known.
_caller: ContextVar[tuple[float, Caller | BillingError | None]] = ContextVar(
    "page_caller", default=(0.0, None)
)


class ServerStopping(BillingError):
    """The server is stopping, and finishes no more calls."""

    def __init__(self) -> None:
        super().__init__("The server is stopping.", "Reload the page when it is running again.")


@dataclass(frozen=True)
class PageServices:
    """The services, and the way to call their coroutines from a page.

    ``controls_url`` is the control API of the Stripe at the other end, where it has one: what
    advances its clock, sets faults and resets it. Stripe itself has none.
    """

    services: Services
    portal: BlockingPortal
    controls_url: str | None = None

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function on the services' event loop and wait for its result."""
        try:
            under_way = self.portal.start_task_soon(function)
        except RuntimeError:  # the portal is closed
            raise ServerStopping from None
        try:
            return under_way.result()
        except CancelledError:
            raise ServerStopping from None

    def caller(self) -> Caller:
        """Who has the page open, as it was known within the last ``CALLER_SECONDS``. Raises
        ``StoreFailure`` where that had to be looked up."""
        looked_up_at, found = _caller.get()
        if found is None or time.monotonic() - looked_up_at > CALLER_SECONDS:
            try:
                found = self._look_up()
            except BillingError as failure:
                found = failure
            _caller.set((time.monotonic(), found))
        if isinstance(found, BillingError):
            raise found
        return found

    def _look_up(self) -> Caller:
        access = self.services.access
        headers, address = request_headers(), st.context.ip_address
        if known := getattr(access.sign_in, "identity", None):
            return access.caller_as(replace(known, address=address), address)
        return self.call(partial(access.caller, headers, address))

    def start(self, function: Callable[[], Awaitable[T]]) -> Future[T]:
        """The same without waiting: a future of the result."""
        return self.portal.start_task_soon(function)


@asynccontextmanager
async def portal_for_pages() -> AsyncIterator[BlockingPortal]:
    """The portal by which pages call the services; calls under way are cancelled at the end."""
    async with BlockingPortal() as portal:
        yield portal
        await portal.stop(cancel_remaining=True)


@st.cache_resource(show_spinner=False)
def _holder() -> list[PageServices]:
    return []


def hand_over(
    services: Services, portal: BlockingPortal, controls_url: str | None = None
) -> PageServices:
    """Give the pages their services, which it returns; called by the launcher when the server
    starts."""
    handed = PageServices(services, portal, controls_url)
    _holder()[:] = [handed]
    return handed


def request_headers() -> Headers:
    """Those of the request by which the page connected; one that came twice is there twice."""
    sent = st.context.headers
    return Headers(
        raw=[
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name in sent
            for value in sent.get_all(name)
        ]
    )


def page_services() -> PageServices:
    """The services, for a page, called from here on as whoever has it open. Without the launcher
    the page stops with an error message. The lines of the log that a run of it leads to have one
    id."""
    if not current_request_id():
        begin_request(None)
    holder = _holder()
    if not holder:
        st.error(
            "Start the app with `streamlit run streamlit_app.py` (or `make run`): "
            "a page cannot run without it.",
            title="The app was not started",
        )
        st.stop()
    try:
        caller = holder[0].caller()
    except BillingError:  # nobody, until it can be looked up
        caller = Caller(None)
    become(caller)
    if not caller.is_admitted and st.session_state.pop(ADMITTED, False):
        st.rerun()  # the whole page makes way
    return holder[0]


def refusal(permission: Permission) -> str | None:
    """Why whoever has the page open may not do this, for its control; None when they may."""
    page_services()
    identity = current_identity()
    return identity.refusal(permission) if identity else NotSignedIn().message
