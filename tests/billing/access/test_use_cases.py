"""Every use case that pages, routes and commands call is tried with every role."""

from __future__ import annotations

import asyncio
import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any, NoReturn
from unittest.mock import MagicMock

import pytest

import billing
from billing.access.audit import AuditLog
from billing.access.caller import NEEDS, Caller, acting_as
from billing.access.sandbox_key import SandboxKey
from billing.access.tokens import Tokens
from billing.actions.second_subscriptions import SecondSubscriptions
from billing.actions.service import Actions
from billing.customers.service import Customers
from billing.domain.access import Identity, IdentityKind, Permission, Role
from billing.endpoints.rolling import SecretRolls
from billing.endpoints.service import Endpoints
from billing.entitlements import EntitlementReader
from billing.errors import BillingError, NotAllowed, NotSignedIn
from billing.events.log import EventLog
from billing.ledger.reconciliation import Reconciliation
from billing.maintenance.database_size import DatabaseSize
from billing.maintenance.erasure import Erasure
from billing.metrics.scrape import Scrape
from billing.request_log.own_log import OwnRequestLog
from billing.scenarios.service import ScenarioRuns
from billing.selling.checkout import Checkout
from billing.sessions.service import Sessions
from billing.setup.checks import SetupChecks
from billing.setup.provisioning import AccountSetup
from billing.sync.reset import AccountReset
from billing.sync.simulated_history import SimulatedHistory
from billing.webhooks.fault_injection.service import FaultInjection
from pages import scenarios
from pages.scenarios.sandbox_api import SandboxApi
from pages.scenarios.sandbox_client import Controls
from pages.scenarios.sandbox_deliveries import SandboxDeliveries
from pages.scenarios.sandbox_request_log import SandboxRequestLog
from pages.scenarios.stripe_api import AccountApi
from tests.support.servers.services import quick_services
from tests.support.servers.settings import working_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OWNERS = (
    *(Sessions, Customers, EventLog, SetupChecks, AccountSetup, Actions, SecondSubscriptions),
    *(EntitlementReader, Checkout, AccountReset, SimulatedHistory, Reconciliation, Tokens),
    *(AuditLog, SandboxKey, Scrape, Controls, SandboxApi, AccountApi, Erasure, DatabaseSize),
    *(FaultInjection, ScenarioRuns, Endpoints, SecretRolls, OwnRequestLog),
    *(SandboxRequestLog, SandboxDeliveries),
)
# What the server itself calls, and what asks by another of these.
NOT_USE_CASES = {
    *("Reconciliation.run", "Reconciliation.run_daily", "Tokens.identify"),
    "Reconciliation.compare",
    *("Tokens.is_remembered", "FaultInjection.follow", "FaultInjection.aclose"),
    *("AuditLog.start", "AuditLog.record", "AuditLog.write", "AuditLog.aclose"),
    *("SandboxApi.page", "SandboxApi.events", "SandboxApi.cancel_in_portal"),
    *("AccountApi.events", "SecretRolls.under_way"),
}
PEOPLE = {
    **{role.value: Identity("ann@example.com", IdentityKind.OIDC, role) for role in Role},
    **{f"{role}'s token": Identity("ci", IdentityKind.TOKEN, role) for role in Role},
    "without a role": Identity("eve@example.com", IdentityKind.OIDC, None),
    "stranger": None,
}
# What pages call besides: prices and the age of the copy, which hold nothing of anybody; and what
# has a session that somebody returns from granted, as its webhook does.
ASKED_BY_PAGES = {
    *("catalog.cached_price", "catalog.wait_for_prices"),
    *("health.sync_state", "fulfillment.refresh_and_grant"),
}
PAGES = Path(scenarios.__path__[0]).parent
CALL = re.compile(r"services\.(\w+)\.(\w+)\b")


class Reached(BaseException):
    """The use case itself began."""


class Unreachable:
    """Whatever a use case asks of its owner says that it was reached."""

    def __getattr__(self, name: str) -> NoReturn:
        raise Reached(name)


def public_methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    for owner in OWNERS:
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{owner.__name__}.{name}", method


def requiring() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Whatever says of itself what it requires, in whichever module."""
    for package in (billing, scenarios):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for owner in vars(import_module(module.name)).values():
                    if getattr(owner, "__module__", None) == module.name:
                        functions = vars(owner).values() if inspect.isclass(owner) else [owner]
                        yield from ((one.__qualname__, one) for one in functions if _requires(one))


def _requires(function: object) -> bool:
    return inspect.isfunction(function) and hasattr(function, NEEDS)


USE_CASES = {name: method for name, method in public_methods() if name not in NOT_USE_CASES}
USE_CASES |= dict(requiring())


@pytest.mark.parametrize("name", USE_CASES)
@pytest.mark.parametrize("who", PEOPLE)
def test_a_use_case_is_open_to_the_roles_that_its_permission_names_and_to_no_other(
    name: str, who: str
) -> None:
    use_case, identity = USE_CASES[name], PEOPLE[who]
    permission = getattr(use_case, NEEDS, None)
    assert isinstance(permission, Permission), f"{name} says nothing of who may call it"
    may = identity is not None and identity.may(permission)
    assert was_reached(use_case, identity) is may


def was_reached(use_case: Callable[..., Any], identity: Identity | None) -> bool:
    """Whether the use case began; its owner ends it there."""
    parameters = list(inspect.signature(use_case).parameters.values())
    values: dict[str, Any] = {
        one.name: Unreachable() if one.name in ("self", "billing") else MagicMock()
        for one in parameters
        if one.kind is not one.VAR_KEYWORD
    }
    with acting_as(Caller(identity)):
        try:
            answer = use_case(**values)
            if inspect.iscoroutine(answer):
                asyncio.run(answer)
        except (NotAllowed, NotSignedIn):
            return False
        except (Reached, TypeError, BillingError):  # or it stumbled over what it was given
            return True
    return True


def test_pages_call_nothing_that_asks_nobody_who_calls(tmp_path: Path) -> None:
    services = quick_services(working_settings(tmp_path, "http://127.0.0.1:9"))
    called = {
        found.groups()
        for file in PAGES.rglob("*.py")
        for found in CALL.finditer(file.read_text(encoding="utf-8"))
    }
    unasked = {
        f"{service}.{name}"
        for service, name in called
        if inspect.iscoroutinefunction(method := getattr(getattr(services, service), name))
        and f"{type(getattr(services, service)).__name__}.{name}"
        not in {*USE_CASES, *NOT_USE_CASES}
        and not hasattr(method, NEEDS)
    }
    assert unasked == ASKED_BY_PAGES
