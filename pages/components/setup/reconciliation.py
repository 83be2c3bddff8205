"""The card that holds the ledger against Stripe: the last result, and the buttons that do so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import failure_lines
from pages.components.permission import guarded
from pages.components.text.markdown import plain
from pages.components.text.times import counting, markdown
from pages.services import page_services

if TYPE_CHECKING:
    from concurrent.futures import Future

    from billing.domain.ledger.reconciliation import ReconciliationReport, ReconciliationSummary

RUNNING = "reconciliation_running"
FAILURE = "reconciliation_failure"
GLANCE_SECONDS = 0.5


@dataclass
class Run:
    """One that was started here: what it compared ``so_far``, and its result."""

    fixes: bool
    so_far: ReconciliationReport | None = None
    result: Future[ReconciliationReport] | None = None

    def start(self) -> None:
        billing = page_services()
        work = partial(billing.services.reconciliation.run, self._progress, fix=self.fixes)
        self.result = billing.start(work)

    def _progress(self, report: ReconciliationReport) -> None:
        self.so_far = report


def reconciliation_card() -> None:
    """The card; while a run is under way it follows that."""
    running: Run | None = st.session_state.get(RUNNING)
    card = partial(_card, running)
    st.fragment(card, run_every=GLANCE_SECONDS if running else None)()


def _card(running: Run | None) -> None:
    with st.container(border=True, gap="small"):
        st.header("Ledger", anchor=False)
        if running is None:
            _last()
            return
        counted = f"Compared so far: {running.so_far}." if running.so_far else "Reading Stripe…"
        st.progress(1.0 if running.so_far else 0.0, plain(counted))
        if running.result and running.result.done():
            try:
                running.result.result()
                st.session_state.pop(FAILURE, None)
            except BillingError as failure:
                st.session_state[FAILURE] = " ".join(failure_lines(failure))
            del st.session_state[RUNNING]
            st.rerun()


def _last() -> None:
    billing = page_services()
    try:
        summary = billing.call(billing.services.reconciliation.last)
    except BillingError as failure:
        st.markdown("  \n".join(failure_lines(failure)))
        return
    differs = summary is not None and bool(summary.differences) and not summary.is_proof
    _result(summary)
    with st.container(horizontal=True, gap="small"):
        what = "Reads every payment and subscription from Stripe and changes nothing here."
        if st.button(
            "Compare with Stripe",
            key="reconcile",
            icon=":material/balance:",
            **guarded(Permission.RECONCILE, what),
        ):
            _start(fixes=False)
        what = "Writes a line for each difference. No line is changed or deleted."
        if differs and st.button(
            "Write missing lines",
            key="reconcile_fix",
            icon=":material/add_notes:",
            **guarded(Permission.FIX, what),
        ):
            _start(fixes=True)


def _result(summary: ReconciliationSummary | None) -> None:
    if failure := st.session_state.get(FAILURE):
        st.markdown(f":red-badge[:material/close: Not compared] {failure}")
    if summary is None:
        st.markdown(
            "What each customer has here, held against what Stripe says now. It is compared "
            "once a day, and whenever you ask."
        )
        return
    good = ":green-badge[:material/check: Same as Stripe]"
    bad = ":red-badge[:material/difference: Differs from Stripe]"
    result = good if summary.is_proof else bad
    markdown(f"{result} {plain(summary.text)} · {counting(summary.at)}")
    if not summary.is_proof:
        with st.expander("Differences"):
            for difference in summary.differences:
                st.markdown(plain(difference))


def _start(*, fixes: bool) -> None:
    run = Run(fixes)
    run.start()
    st.session_state[RUNNING] = run
    st.rerun()
