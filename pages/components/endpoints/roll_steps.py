"""A secret that is being rolled by a second endpoint: what has been done, and what comes next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.events.endpoint import RollStep
from billing.errors import BillingError
from billing.settings.model import WEBHOOK_SECRET
from pages.components.danger import danger_button
from pages.components.endpoints.secret import where_it_goes
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.text.markdown import code
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.events.endpoint import SecretRoll

FAILURE = "roll_failure"


def roll_steps(roll: SecretRoll) -> None:
    """The steps, the one that comes next with its button."""
    with st.container(border=True, gap="small", key=f"roll_{roll.replacement.id}"):
        st.markdown(f"**A signing secret is being rolled** at {code(roll.former.url)}")
        steps = _steps(roll)
        following = [step for step, _ in steps].index(roll.step)
        lines = (f"{at + 1}. {_line(at - following, text)}" for at, (_, text) in enumerate(steps))
        st.markdown("\n".join(lines))
        if roll.step is RollStep.SET_SECRET:
            again = f"delete {code(roll.replacement.id)} and roll the secret again."
            st.caption(f"It was shown once. If nobody copied it, {again}")
        _next_button(roll)
        if failure := st.session_state.pop(FAILURE, None):
            show_failure(failure, "Nothing was changed")


def _steps(roll: SecretRoll) -> list[tuple[RollStep | None, str]]:
    """Each with what is to be done."""
    former, replacement = code(roll.former.id), code(roll.replacement.id)
    turn_on = (
        f"Turn on {replacement}. Until the former one is deleted each event comes twice; nothing "
        "is granted twice."
    )
    delete = f"Delete {former}"
    created = (None, f"Create {replacement} at the same URL, turned off.")
    if not roll.former.leads_here:
        accept = "Have the program at this URL accept the new secret as well as the former one."
        return [
            created,
            (RollStep.TURN_ON, f"{accept} {turn_on}"),
            (RollStep.DELETE_FORMER, f"{delete}."),
        ]
    return [
        created,
        (RollStep.SET_SECRET, where_it_goes()),
        (RollStep.RESTART, "Restart the app, which then accepts both secrets."),
        (RollStep.TURN_ON, turn_on),
        (RollStep.DELETE_FORMER, f"{delete}, then remove its secret from {code(WEBHOOK_SECRET)}."),
    ]


def _line(ahead: int, text: str) -> str:
    if ahead < 0:
        return f":material/check: {text}"
    if ahead == 0:
        return f":material/arrow_forward: **Next:** {text}"
    return text


def _next_button(roll: SecretRoll) -> None:
    endpoints = page_services().services.endpoints
    former, replacement = roll.former.id, roll.replacement.id
    if roll.step is RollStep.TURN_ON:
        st.button(
            "Turn on the new endpoint",
            key=f"turn_on_{replacement}",
            type="primary",
            on_click=_on_press,
            args=(partial(endpoints.enable, replacement),),
            **guarded(Permission.SET_UP),
        )
    elif roll.step is RollStep.DELETE_FORMER:
        label = "Delete the former endpoint…"
        with st.popover(label, key=f"delete_{former}", **guarded(Permission.SET_UP)):
            st.markdown(
                f"Delete {code(former)}? What still waits to be delivered to it is not sent any "
                "more; polling finds it. This cannot be undone."
            )
            danger_button(
                "Delete endpoint",
                key=f"delete_former_{former}",
                icon=":material/delete:",
                on_click=_on_press,
                args=(partial(endpoints.delete, former),),
            )


def _on_press(change: Callable[[], Awaitable[None]]) -> None:
    try:
        page_services().call(change)
    except BillingError as failure:
        st.session_state[FAILURE] = failure
