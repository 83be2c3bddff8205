"""Advancing and deleting test clocks
(https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage)."""

from __future__ import annotations

import logging

from stripe.params.test_helpers._test_clock_advance_params import TestClockAdvanceParams
from stripe.params.test_helpers._test_clock_delete_params import TestClockDeleteParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.errors import StripeError
from stripe_sandbox.payments.customer_deletion import CustomerDeletion
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.billing.subscriptions import ENDED
from stripe_sandbox.resources.billing.test_clocks import TestClocks, check_ready
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.schema.objects import deleted_object
from stripe_sandbox.storage.objects import Object

logger = logging.getLogger(__name__)


class TestClockChanges:
    """Lets the time of a clock's customers pass, one moment after another, each a job of the
    account's: requests are answered in between."""

    __test__ = False  # no test of pytest's

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        jobs: ScheduledJobs,
        test_clocks: TestClocks,
        deletion: CustomerDeletion,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._jobs = jobs
        self._test_clocks = test_clocks
        self._deletion = deletion
        jobs.register(JobKind.TEST_CLOCK_ADVANCEMENT, self._advance_to_next)
        jobs.register(JobKind.TEST_CLOCK_DELETION, self._delete_due)

    def routes(self) -> list[Route]:
        """The endpoints."""
        path, kind = self._test_clocks.path, self._test_clocks.kind
        simulates = ("frozen_time",)
        return [
            Route(
                "POST", f"{path}/advance", self._advance, TestClockAdvanceParams, kind, simulates
            ),
            Route("DELETE", path, self._delete, TestClockDeleteParams, kind),
        ]

    def _require(self, call: Call) -> Object:
        test_clock = self._backend.require(self._test_clocks.kind, call.ids[0], "id", status=404)
        check_ready(test_clock)
        return test_clock

    def _advance(self, call: Call) -> Object:
        """Records `test_helpers.test_clock.advancing`, and `ready` when that is done."""
        test_clock, target = self._require(call), call.params["frozen_time"]
        if test_clock["status"] != "ready":
            raise errors.invalid("This test clock has failed to advance; it can only be deleted.")
        if target <= test_clock["frozen_time"]:
            raise errors.invalid(
                "`frozen_time` must be after the test clock's current frozen time.", "frozen_time"
            )
        farthest, why = self._farthest(test_clock)
        if target > farthest:
            raise errors.invalid(f"`frozen_time` cannot be more than {why}.", "frozen_time")
        details = {"advancing": {"target_frozen_time": target}}
        self._test_clocks.change(
            test_clock,
            {"status": "advancing", "status_details": details},
            "advancing",
            call.request,
        )
        self._go_on(test_clock)
        return test_clock

    def _farthest(self, test_clock: Object) -> tuple[int, str]:
        """The latest time to which the clock may advance at once, and the rule."""
        now = test_clock["frozen_time"]
        running = [
            subscription["items"]["data"][0]["price"]["recurring"]
            for subscription in self._test_clocks.members("subscription", test_clock["id"])
            if subscription["status"] not in ENDED
        ]
        if not running:
            return add_interval(now, "year", 2), "two years in the future"
        farthest = min(
            add_interval(now, recurring["interval"], 2 * recurring["interval_count"])
            for recurring in running
        )
        return farthest, (
            "two intervals in the future from the shortest subscription in this test clock"
        )

    def _go_on(self, test_clock: Object) -> None:
        now = self._backend.clock.time()
        self._jobs.add(now, JobKind.TEST_CLOCK_ADVANCEMENT, test_clock["id"])

    def _advance_to_next(self, identifier: str) -> None:
        """Let what falls due next happen at its time, until the time asked for has come."""
        test_clock = self._backend.objects.get(self._test_clocks.kind, identifier)
        if test_clock is None or test_clock["status"] != "advancing":
            return
        target = test_clock["status_details"]["advancing"]["target_frozen_time"]
        due = self._jobs.next_due(identifier)
        moment = target if due is None else min(max(due, test_clock["frozen_time"]), target)
        try:
            with self._backend.database.savepoint(), self._clock.of_test_clock(identifier, moment):
                while self._jobs.run_next(moment, test_clock=identifier):
                    pass
        except StripeError:
            logger.exception("The test clock %s failed to advance", identifier)
            failed: Object = {"status": "internal_failure", "status_details": {}}
            self._test_clocks.change(test_clock, failed, "internal_failure")
            return
        test_clock["frozen_time"] = int(moment)
        if moment < target:
            self._backend.objects.save(test_clock)
            self._go_on(test_clock)
        else:
            self._test_clocks.change(test_clock, {"status": "ready", "status_details": {}}, "ready")

    def _delete(self, call: Call) -> Object:
        test_clock = self._require(call)
        self._end(test_clock, call.request)
        return deleted_object(test_clock)

    def _delete_due(self, identifier: str) -> None:
        test_clock = self._backend.objects.get(self._test_clocks.kind, identifier)
        if test_clock is not None:
            self._end(test_clock)

    def _end(self, test_clock: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Its customers go with it. Records `test_helpers.test_clock.deleted` after their
        events."""
        identifier, kind = test_clock["id"], self._test_clocks.kind
        with self._test_clocks.time_of(identifier):
            for customer in self._test_clocks.members("customer", identifier):
                self._deletion.delete(customer, request)
        self._jobs.remove_all(identifier)
        self._backend.objects.mark_deleted(kind, identifier)
        self._backend.events.record(f"{kind}.deleted", test_clock, request)
