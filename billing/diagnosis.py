"""Is everything set up right? Every setting, and what Stripe and the database say of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from billing import price_check, setting_checks, webhook_endpoint
from billing.errors import BillingError, NotConfigured, StripeFailure
from billing.findings import ACCOUNT, Finding, Group, Report, Status
from billing.setting_sources import load_settings
from billing.settings import API_BASE, DATABASE_URL, MAX_CREDITS, PUBLIC_URL, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.catalog import Catalog
    from billing.gateway import StripeGateway
    from billing.price_check import PlannedPrice
    from billing.store import Store

T = TypeVar("T")

PATIENCE_SECONDS = 10.0
SLOW_SECONDS = 2.0
ANSWER = "Stripe's answer"
NOT_ASKED = "Not looked at: Stripe could not be asked."
HAVE_DEFAULTS = (API_BASE, DATABASE_URL, MAX_CREDITS, PUBLIC_URL)
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Diagnosis:
    """Looks at everything, whatever of it is wrong; ``patience`` bounds each call, in seconds."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        catalog: Catalog,
        store: Store,
        *,
        read_settings: Callable[[], Settings] = load_settings,
        patience: float = PATIENCE_SECONDS,
        slow: float = SLOW_SECONDS,
    ) -> None:
        self._settings = settings
        self._read_settings = read_settings
        self._at_start = read_settings()
        self._gateway = gateway
        self._catalog = catalog
        self._store = store
        self._patience = patience
        self._slow = slow

    async def examine(self) -> Report:
        """What was found. What is wrong or does not answer is a finding, never an exception."""
        of_stripe, database = await asyncio.gather(self._stripe(), self._database())
        findings = [
            setting_checks.secret_key(self._settings),
            setting_checks.api_base(self._settings),
            *of_stripe,
            setting_checks.webhook_secret(self._settings),
            setting_checks.public_url(self._settings),
            database,
            setting_checks.max_credits(self._settings),
            *setting_checks.access(self._settings),
            *setting_checks.secrets_file(self._read_settings(), self._at_start),
        ]
        findings.sort(key=lambda finding: list(Group).index(finding.group))
        return Report(tuple(map(self._with_source, findings)), time.time())

    def _with_source(self, finding: Finding) -> Finding:
        """With where the value came from; of one that has neither value nor default, nowhere."""
        name, sources = finding.setting, self._settings.sources
        if not name or (name not in sources and name not in HAVE_DEFAULTS):
            return finding
        return replace(finding, source=self._settings.source(name))

    async def _stripe(self) -> list[Finding]:
        """What Stripe is asked for: first the account, the rest only when it answers at all."""
        settings = self._settings
        if settings.wants_sandbox:
            found = "The local sandbox answers only while the app runs."
            answer = Finding(Group.STRIPE, ANSWER, Status.UNKNOWN, found)
            return [answer, *self._unasked()]
        if settings.secret_key is None or (API_BASE in settings.problems and not settings.api_base):
            return [Finding(Group.STRIPE, ANSWER, Status.UNKNOWN, NOT_ASKED), *self._unasked()]
        began = time.monotonic()
        account, failure = await self._asked(self._gateway.retrieve_account)
        took = time.monotonic() - began
        if failure and failure.status != 403:
            return [_failed(Group.STRIPE, ANSWER, Status.WRONG, failure), *self._unasked()]
        return [
            self._answer(took),
            _account(account)
            if account
            else _failed(Group.STRIPE, ACCOUNT, Status.UNKNOWN, failure),
            *await asyncio.gather(*map(self._price, price_check.PLANNED), self._endpoint()),
        ]

    def _unasked(self) -> list[Finding]:
        """The rest, when Stripe cannot be asked: what the settings alone tell."""
        prices = [self._price_setting(planned) for planned in price_check.PLANNED]
        unknown = [
            replace(price, status=Status.UNKNOWN, found=NOT_ASKED) if price.reference else price
            for price in prices
        ]
        endpoint = Finding(Group.WEBHOOK, webhook_endpoint.NAME, Status.UNKNOWN, NOT_ASKED)
        if self._settings.wants_sandbox:
            found = "The local sandbox is told of this app when the app starts."
            endpoint = replace(endpoint, status=Status.OK, found=found)
        return [*unknown, endpoint]

    async def _asked(
        self, call: Callable[[], Awaitable[T]]
    ) -> tuple[T | None, StripeFailure | None]:
        try:
            async with asyncio.timeout(self._patience):
                return await call(), None
        except TimeoutError:
            return None, StripeFailure.too_slow(self._patience)
        except StripeFailure as failure:
            return None, failure

    def _answer(self, took: float) -> Finding:
        finding = Finding(Group.STRIPE, ANSWER, Status.OK, f"Came after {took * 1000:,.0f} ms.")
        if took < self._slow:
            return finding
        return replace(
            finding,
            status=Status.WARNING,
            found=f"Came after {took:.1f} s, which is slow.",
            mend="Look at the network, and at status.stripe.com: nothing is to be set here.",
        )

    def _price_setting(self, planned: PlannedPrice) -> Finding:
        """The finding on the setting alone; with a ``reference`` Stripe can be asked about it."""
        finding = Finding(Group.PRICES, planned.name, Status.OK, "", setting=planned.setting)
        try:
            return replace(finding, reference=self._catalog.price_id(planned.kind))
        except NotConfigured as problem:
            if self._settings.wants_sandbox and planned.setting not in self._settings.problems:
                return replace(finding, found=setting_checks.SANDBOX_BRINGS)
            return setting_checks.problem_finding(Group.PRICES, planned.name, problem)

    async def _price(self, planned: PlannedPrice) -> Finding:
        finding = self._price_setting(planned)
        if not finding.reference:
            return replace(finding, missing=planned.missing)
        price, failure = await self._asked(lambda: self._gateway.retrieve_price(finding.reference))
        if price:
            return price_check.judged(planned, price)
        if failure and failure.is_missing:
            return replace(
                finding,
                status=Status.WRONG,
                found="The account of the key has no such Price.",
                mend=f"Copy the id of one of its Prices into {planned.setting}.",
                missing=planned.missing,
            )
        return replace(
            _failed(Group.PRICES, planned.name, Status.UNKNOWN, failure), setting=planned.setting
        )

    async def _endpoint(self) -> Finding:
        group, name = Group.WEBHOOK, webhook_endpoint.NAME
        public_url = self._settings.public_url
        if public_url is None:
            return Finding(
                group,
                name,
                Status.UNKNOWN,
                "Not looked at: the address of this app is not known here.",
                f"Set {PUBLIC_URL}.",
            )
        endpoints, failure = await self._asked(self._gateway.list_webhook_endpoints)
        if endpoints is None:
            return _failed(group, name, Status.UNKNOWN, failure)
        reaches = setting_checks.stripe_reaches_app(self._settings)
        return webhook_endpoint.judged(endpoints, public_url, stripe_reaches_it=reaches)

    async def _database(self) -> Finding:
        finding = Finding(Group.APP, "Database", Status.OK, "", setting=DATABASE_URL)
        try:
            kind = await self._store.ping()
        except BillingError as failure:
            return replace(
                finding, status=Status.WRONG, found=failure.message, mend=failure.next_step
            )
        return replace(finding, found=f"{DATABASES.get(kind, kind)} answers.")


def _account(account: dict[str, Any]) -> Finding:
    settings = account.get("settings") or {}
    name = (
        (settings.get("dashboard") or {}).get("display_name")
        or (account.get("business_profile") or {}).get("name")
        or "It has no name"
    )
    return Finding(Group.STRIPE, ACCOUNT, Status.OK, f"{name}.", reference=account["id"])


def _failed(group: Group, name: str, status: Status, failure: StripeFailure | None) -> Finding:
    """The finding on what Stripe did not tell."""
    assert failure is not None  # noqa: S101 - nothing was told, so there is a reason
    match failure.status:
        case None:
            mend = "Look at the network, and at status.stripe.com; then check again."
        case 403:
            mend = "Allow the restricted key to read it, or look at it in the Stripe Dashboard."
        case 429:
            mend = "Wait a few seconds, then check again."
        case code if code >= 500 or code == 200:
            mend = "Check again in a moment; status.stripe.com tells when Stripe is down."
        case _:
            mend = failure.next_step
    return Finding(group, name, status, failure.message, mend, failure.request_id or "")
