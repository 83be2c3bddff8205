"""What actions are about, and the dialog that is open for one of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from billing.actions.refusals import PartlyDone
from billing.errors import BillingError
from pages.components.press import Press
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from billing.domain.actions.offered import Action
    from billing.domain.actions.sale import Sale

_OPEN, _RESULT = "action_dialog", "action_result"
_CHANGED = ("session_lookup", "session_numbers")  # what pages have read of it before


@dataclass(frozen=True)
class Target:
    """A Checkout Session, a payment (of an invoice of ``subscription``, where that is given), or
    a subscription, by its id."""

    session: str | None = None
    payment: str | None = None
    subscription: str | None = None

    @property
    def key(self) -> str:
        """Part of its widgets' keys."""
        return self.session or self.payment or self.subscription or ""

    def read(self) -> Sale:
        """What it is now, from our copy. Raises ``BillingError``."""
        billing = page_services()
        actions = billing.services.actions
        if self.session:
            session = self.session
            return billing.call(lambda: actions.of_session(session))
        if self.payment:
            payment = self.payment
            return billing.call(lambda: actions.of_payment(payment, self.subscription))
        return billing.call(lambda: actions.of_subscription(self.subscription or ""))


@dataclass
class ActionDialog:
    """The dialog of an ``action``, from its opening to its end: one press, however often it is
    repeated. ``failure`` is why the sale could not be read from Stripe when it was opened."""

    target: Target
    action: Action
    press: Press[str] = field(default_factory=Press[str])
    failure: BillingError | None = None

    def attempt(self, act: Callable[[str], str]) -> None:
        """Call ``act`` with the idempotency key; it returns what was done, in a sentence, which
        the next run shows in place of the dialog."""
        self.press.attempt(act)
        failure = self.press.failure
        result = failure if isinstance(failure, PartlyDone) else self.press.created
        if result is not None:
            st.session_state[_RESULT] = (self.target, result)
            close_dialog()
        for name in _CHANGED:
            st.session_state.pop(name, None)

    def begin_anew(self) -> None:
        """What is asked for has changed: the next press is another one."""
        self.press = Press[str]()


def open_dialog(target: Target, action: Action) -> ActionDialog:
    """Open the dialog of an action, about the sale as Stripe has it now."""
    forget_result()
    dialog = ActionDialog(target, action)
    billing = page_services()
    try:
        sale = target.read()
        billing.call(lambda: billing.services.actions.refresh(sale))
    except BillingError as failure:
        dialog.failure = failure
    st.session_state[_OPEN] = dialog
    return dialog


def current_dialog(target: Target) -> ActionDialog | None:
    """The one that is open about this target."""
    dialog: ActionDialog | None = st.session_state.get(_OPEN)
    return dialog if dialog and dialog.target == target else None


def close_dialog() -> None:
    """Close the dialog that is open; nothing is done."""
    st.session_state.pop(_OPEN, None)


def nothing_to_do(reason: str) -> None:
    """In place of what it would do: why it cannot be done (Markdown)."""
    st.markdown(reason)
    with button_row():
        pass


@contextmanager
def button_row() -> Iterator[None]:
    """Around the button that does it: beside it is Close."""
    with st.container(horizontal=True, gap="small"):
        yield
        st.button("Close", key="action_close", on_click=close_dialog)


def result_of(target: Target) -> str | PartlyDone | None:
    """What the last action has done, while it was about this target."""
    about, result = st.session_state.get(_RESULT, (None, None))
    return result if about == target else None


def forget_result() -> None:
    """Show no longer what the last action has done."""
    st.session_state.pop(_RESULT, None)


def close_actions() -> None:
    """For a drawer that is closed: no dialog is open any more, and no result is shown."""
    close_dialog()
    forget_result()
