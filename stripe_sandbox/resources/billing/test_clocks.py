"""Test clocks (https://docs.stripe.com/billing/testing/test-clocks): customers that live in a time
of their own, with their subscriptions and invoices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from stripe.params.test_helpers._test_clock_create_params import TestClockCreateParams
from stripe.params.test_helpers._test_clock_list_params import TestClockListParams
from stripe.params.test_helpers._test_clock_retrieve_params import TestClockRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.errors import StripeError
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.schema.objects import apply_changes, build
from stripe_sandbox.storage.objects import Object, Window

KIND = "test_helpers.test_clock"
LIFETIME_SECONDS = 30 * 86_400
MAXIMUM_SUBSCRIPTIONS = 3
"""How many subscriptions a customer of a clock may have that have not ended."""
_ENDED = "'canceled', 'incomplete_expired'"
_KINDS = {
    "clock": KIND,
    "cus": "customer",
    "ii": "invoiceitem",
    "in": "invoice",
    "pi": "payment_intent",
    "pm": "payment_method",
    "seti": "setup_intent",
    "sub": "subscription",
}
"""What lives in a test clock's time, by the prefix of its id."""
_NAMING = ("customer", "invoice", "subscription", "test_clock")
"""Parameters that name such an object."""
_IN_ACCOUNT_TIME = (KIND, "billing_portal.session", "checkout.session")


class TestClocks(Resource):
    """Creates and shows test clocks, and finds out what lives in the time of one."""

    __test__ = False  # no test of pytest's

    kind = KIND
    url = "/v1/test_helpers/test_clocks"
    retrieve_params = TestClockRetrieveParams
    list_params = TestClockListParams
    filters = ()

    def __init__(self, backend: Backend, clock: SimulatedClock, jobs: ScheduledJobs) -> None:
        super().__init__(backend)
        self._clock = clock
        self._jobs = jobs

    def routes(self) -> list[Route]:
        """All endpoints but those that move or end a clock."""
        simulates = ("customer", "frozen_time", "name")
        return [
            *super().routes(),
            Route("POST", self.url, self._create, TestClockCreateParams, self.kind, simulates),
        ]

    def _create(self, call: Call) -> Object:
        """Records `test_helpers.test_clock.created` and, of a customer that it is to move,
        `customer.updated`."""
        now = self._backend.clock.now()
        customer = None
        if "customer" in call.params:
            customer = self._backend.require("customer", call.params["customer"], "customer")
            self._check_can_have(customer, call.params["frozen_time"])
        test_clock = build(
            self.kind,
            {
                "id": new_id("clock"),
                "object": self.kind,
                "created": now,
                "deletes_after": now + LIFETIME_SECONDS,
                "frozen_time": call.params["frozen_time"],
                "livemode": False,
                "name": call.params.get("name"),
                "status": "ready",
                "status_details": {},
            },
        )
        self._backend.objects.insert(test_clock)
        self._backend.events.record(f"{self.kind}.created", test_clock, call.request)
        self._jobs.add(test_clock["deletes_after"], JobKind.TEST_CLOCK_DELETION, test_clock["id"])
        if customer is not None:
            self._attach(customer, test_clock["id"], call.request)
        return test_clock

    def _check_can_have(self, customer: Object, frozen_time: int) -> None:
        """StripeError: the existing customer cannot live in the time of a clock set so."""
        if customer["test_clock"] is not None:
            raise errors.invalid("This customer already belongs to a test clock.", "customer")
        if frozen_time < self._backend.clock.now():
            raise errors.invalid(
                "`frozen_time` cannot be in the past for a test clock with an existing customer.",
                "frozen_time",
            )
        subscriptions = self._backend.objects.count(
            "subscription",
            f"customer = ? AND status NOT IN ({_ENDED})",
            (customer["id"],),
        )
        if subscriptions > MAXIMUM_SUBSCRIPTIONS:
            raise errors.invalid(
                f"A customer of a test clock can have at most {MAXIMUM_SUBSCRIPTIONS} "
                "subscriptions.",
                "customer",
            )

    def _attach(self, customer: Object, test_clock: str, request: RequestInfo) -> None:
        """Have the customer live in the clock's time from now on, with all that is theirs."""
        identifier, objects = customer["id"], self._backend.objects
        previous = apply_changes(customer, {"test_clock": test_clock})
        objects.save(customer)
        moved: list[str] = []
        for kind in ("subscription", "invoice", "invoiceitem", "payment_intent"):
            for one in objects.ids(kind, "customer = ?", (identifier,)):
                moved.append(one)
                if kind != "payment_intent":
                    value = self._backend.require(kind, one, kind)
                    objects.save({**value, "test_clock": test_clock})
                    moved += value.get("discounts") or ()
        self._jobs.move(moved, test_clock)
        self._backend.events.record("customer.updated", customer, request, previous)

    def change(
        self, test_clock: Object, changes: Object, event: str, request: RequestInfo = NO_REQUEST
    ) -> None:
        """Store changed fields of a clock. Records `test_helpers.test_clock.<event>`."""
        test_clock.update(changes)
        self._backend.objects.save(test_clock)
        self._backend.events.record(f"{self.kind}.{event}", test_clock, request)

    def members(self, kind: str, test_clock: str) -> list[Object]:
        """The customers or subscriptions of the clock of that id."""
        identifiers = self._backend.objects.ids(kind, "body ->> '$.test_clock' = ?", (test_clock,))
        return [self._backend.require(kind, one, kind) for one in identifiers]

    def time_of_call(self, route: Route, call: Call) -> AbstractContextManager[None]:
        """In what time the request happens: that of the test clock to which what it names belongs,
        or the account's. StripeError 429: that clock is advancing."""
        if route.method == "GET" or route.returns in _IN_ACCOUNT_TIME or not self._exist():
            return nullcontext()
        named = (call.params.get(name) for name in _NAMING)
        test_clock = self._find(*call.ids, *(one for one in named if isinstance(one, str)))
        if test_clock is not None:
            check_ready(test_clock)
        return self._time(test_clock)

    @contextmanager
    def time_of(self, identifier: str | None) -> Iterator[None]:
        """The block happens in the time in which the object of that id lives."""
        with self._time(self._find(identifier) if identifier and self._exist() else None):
            yield

    def of_account(self) -> dict[str, Any]:
        """The condition of lists that leave out what lives in a test clock's time."""
        return {"test_clock": None} if self._exist() else {}

    def _exist(self) -> bool:
        return bool(self._backend.objects.ids(self.kind, "TRUE", (), 1))

    def _time(self, test_clock: Object | None) -> AbstractContextManager[None]:
        if test_clock is None:
            return nullcontext()
        return self._clock.of_test_clock(test_clock["id"], test_clock["frozen_time"])

    def _find(self, *identifiers: str) -> Object | None:
        """The clock of the first of these objects that has one."""
        for identifier in identifiers:
            value = self._object(identifier)
            if value is not None and "test_clock" not in value and value.get("customer"):
                value = self._backend.objects.get("customer", value["customer"])
            if value is not None and value["object"] == self.kind:
                return value
            if value is not None and value.get("test_clock"):
                return self._backend.objects.get(self.kind, value["test_clock"])
        return None

    def _object(self, identifier: str) -> Object | None:
        prefix = identifier.partition("_")[0]
        if prefix == "si":
            found = self._backend.page("subscription", "", {"item": identifier}, Window(1))
            return next(iter(found.to_object()["data"]), None)
        kind = _KINDS.get(prefix)
        return self._backend.objects.get(kind, identifier) if kind else None


def check_ready(test_clock: Object) -> None:
    """StripeError 429: the clock is advancing."""
    if test_clock["status"] == "advancing":
        raise StripeError(
            f"Test clock advancement underway - cannot perform modifications: {test_clock['id']}",
            status=429,
            before_execution=True,
        )
