"""How long the product waits in tests."""

from __future__ import annotations

from dataclasses import replace

from billing.timings import Retries, Timings

# A fresh event is left alone for a moment, a failed one is tried again and again.
RETRIES = Retries(fresh=0.2, first=0.05, longest=0.2, give_up_after=3600.0)
NO_RETRIES = Retries(3600.0, 3600.0, 3600.0, 7200.0)  # nothing is swept up, nothing tried again

# Half a second before each further try is longer than most tests of a failure take.
SDK_DELAY = 0.01

# A page holds what was just made and what Stripe answers, however slow the machine is.
PATIENT = Timings(
    mirror_wait_seconds=30.0,
    page_prices_seconds=20.0,
    page_payment_seconds=20.0,
    customers_wait_seconds=20.0,
)
# Tests wait for events, not for clocks.
QUICK = replace(
    PATIENT,
    event_retries=RETRIES,
    event_sweep_seconds=0.05,
    event_burst_seconds=0.05,
    sync_step_seconds=0.05,
    stripe_rate_limit_seconds=0.02,
    fault_answer_seconds=0.05,
    fault_repeat_seconds=0.05,
    fault_retry_seconds=0.05,
    fault_verdict_pause_seconds=0.05,
)
# Every failure is the answer.
NO_REPEATS = replace(PATIENT, stripe_network_retries=0, stripe_rate_limit_attempts=1)
