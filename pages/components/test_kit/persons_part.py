"""What a person has to do at Stripe in a scenario: said, with the link and the number to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.browser.copy_button import copy_button
from pages.components.browser.copyable import copyable
from pages.components.sessions.actions import qr_image

if TYPE_CHECKING:
    from pages.scenarios.runs.run import ScenarioRun
    from pages.scenarios.steps.step import Step

NUMBER_WIDTH = 210  # pixels


def persons_part(step: Step, run: ScenarioRun) -> None:
    """One box: what to do, where, and with what."""
    with st.container(border=True, key="persons_part"):
        st.markdown(f":orange[:material/person:] {step.by_person.format(f'**{step.number}**')}")
        if not step.number:
            st.page_link(
                "customers.py",
                label="Open the customer",
                icon=":material/person:",
                query_params={"customer": run.customer},
            )
            return
        copyable(step.number, key=step.number.replace(" ", ""), width=NUMBER_WIDTH)
        with st.container(horizontal=True, gap="xsmall"):
            st.link_button(
                "Open Checkout",
                run.checkout_url,
                type="primary",
                icon=":material/open_in_new:",
                icon_position="right",
            )
            copy_button("Copy link", run.checkout_url, key=f"copy_{run.scenario}")
            with st.popover("QR", icon=":material/qr_code_2:", key=f"qr_{run.scenario}"):
                qr_image(run.checkout_url)
        st.caption("The run goes on once Stripe has heard of it.")
