"""The bridge from the pages to the services.

Pages run in threads, the services on the server's event loop; a portal carries calls across.
The launcher hands both over; ``st.cache_resource`` keeps them through a hot reload.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from billing.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from anyio.from_thread import BlockingPortal

    from billing.services import Services

T = TypeVar("T")


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
            return self.portal.call(function)
        except CancelledError:
            raise ServerStopping from None

    def start(self, function: Callable[[], Awaitable[T]]) -> Future[T]:
        """The same without waiting: a future of the result."""
        return self.portal.start_task_soon(function)


@st.cache_resource(show_spinner=False)
def _holder() -> list[PageServices]:
    return []


def hand_over(services: Services, portal: BlockingPortal, controls_url: str | None = None) -> None:
    """Give the pages their services; called by the launcher when the server starts."""
    _holder()[:] = [PageServices(services, portal, controls_url)]


def page_services() -> PageServices:
    """The services, for a page. Without the launcher the page stops with an error message."""
    holder = _holder()
    if not holder:
        st.error(
            "Start the app with `streamlit run streamlit_app.py` (or `make run`): "
            "a page cannot run without it.",
            title="The app was not started",
        )
        st.stop()
    return holder[0]
