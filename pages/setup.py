"""What is set up, what is wrong, and the one thing to do about each; see ``billing.setup``."""

from __future__ import annotations

import time
from typing import Literal

import streamlit as st

from billing.settings.model import SECRET_KEY
from billing.setup.findings import Finding, Group, Missing, Report, Status
from pages.components.billing.notices import create_prices_button
from pages.components.setup.create_dialog import create_button
from pages.components.setup.database_size import database_size_card
from pages.components.setup.event_types import add_event_types
from pages.components.setup.programs import programs_cards
from pages.components.setup.reconciliation import reconciliation_card
from pages.components.text.markdown import code, plain
from pages.components.text.times import local
from pages.services import page_services

BadgeColor = Literal["green", "gray", "orange", "red"]
MAX_AGE_SECONDS = 60.0
BADGES: dict[Status, tuple[BadgeColor, str, str]] = {
    Status.OK: ("green", "check", "OK"),
    Status.UNKNOWN: ("gray", "question_mark", "Not checked"),
    Status.WARNING: ("orange", "priority_high", "Warning"),
    Status.UNAVAILABLE: ("orange", "cloud_off", "Unavailable"),
    Status.WRONG: ("red", "close", "Error"),
}


def summary(report: Report) -> None:
    """The worst findings by name, or that all checks passed."""
    settings = page_services().services.settings
    lines = []
    if names := [one.name for one in report.findings if one.status is report.worst]:
        passed = f"{report.count(Status.OK)} of {len(report.findings)} checks passed"
        lines.append(
            f"All {len(names)} checks passed."
            if report.worst is Status.OK
            else f"{plain(', '.join(names))}. {passed}."
        )
    if settings.stripe_is_configured and not settings.is_given(SECRET_KEY):
        lines.append(
            f"No key is set, so the app uses the {plain(settings.source(SECRET_KEY))}. To use your "
            f"own Stripe account, set {code(SECRET_KEY)}."
        )
    alerts = {
        Status.OK: st.success,
        Status.WARNING: st.warning,
        Status.UNAVAILABLE: st.warning,
        Status.WRONG: st.error,
    }
    _, icon, _ = BADGES[report.worst]
    alerts.get(report.worst, st.info)(
        "  \n".join(lines), title=report.verdict, icon=f":material/{icon}:"
    )


def is_price_to_create(finding: Finding) -> bool:
    """It is a Price that no setting names and the account lacks."""
    settings = page_services().services.settings
    is_price = finding.missing in (Missing.PRO_PRICE, Missing.CREDIT_PRICE)
    return is_price and finding.setting not in settings.sources


def row(finding: Finding, report: Report) -> None:
    """One finding: its name and status, what was found, where it is set, what to do."""
    color, icon, label = BADGES[finding.status]
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
            st.markdown(f"**{plain(finding.name)}**", width="content")
            st.badge(label, icon=f":material/{icon}:", color=color)
        text = plain(finding.found)
        if finding.reference:
            text += f" {code(finding.reference)}"
        if finding.setting:
            source = f" · {plain(finding.source)}" if finding.source else ""
            text += f"  \n:small[{code(finding.setting)}{source}]"
        st.markdown(text)
        if finding.next_step:
            st.markdown(f":material/arrow_forward: **{plain(finding.next_step)}**")
        if finding.lacking:
            add_event_types(finding.lacking)
        if finding.missing:
            create_button(finding.missing, report)


billing = page_services()
banner = st.container()
with st.container(horizontal=True, vertical_alignment="center"):
    progress = st.container(width="stretch").empty()
    primary = st.container(width="content")
    check_again = st.button("Check again", icon=":material/refresh:")

report: Report | None = st.session_state.get("setup_report")
if report is None or check_again or not 0 <= time.time() - report.checked_at <= MAX_AGE_SECONDS:
    with progress, st.spinner("Checking Stripe and the database…", show_time=True):
        report = billing.call(billing.services.setup_checks.run)
    st.session_state["setup_report"] = report

with banner:
    summary(report)
if any(is_price_to_create(finding) for finding in report.findings):
    with primary:
        create_prices_button()
checked_at = f"{local(report.checked_at):%H:%M:%S}"
progress.markdown(
    f":small[{plain(billing.services.stripe_name)}, checked at {checked_at}]", width="content"
)

for side, groups in zip(
    st.columns(2, gap="medium"),
    ((Group.STRIPE, Group.PRICES), (Group.WEBHOOK, Group.APP)),
    strict=True,
):
    for group in groups:
        with side.container(border=True, gap="medium"):
            st.header(group.value, anchor=False)
            for finding in report.of(group):
                row(finding, report)

if billing.services.settings.stripe_is_configured:
    reconciliation_card()
programs_cards()
database_size_card()
