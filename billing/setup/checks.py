"""Checks every setting, with Stripe and with the database."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.events.delivery_health import Level
from billing.errors import BillingError, NotConfigured, StripeFailure
from billing.events import delivery_health
from billing.settings.loading import load_settings
from billing.settings.model import API_BASE, DATABASE_URL, MAX_CREDITS, PUBLIC_URL, Settings
from billing.setup import permission_checks, price_checks, settings_checks, webhook_checks
from billing.setup.findings import ACCOUNT, Finding, Group, Report, Status
from billing.stripe_api.http.network import where_to_check
from billing.sync import checkpoint
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.catalog import Catalog
    from billing.setup.price_checks import PlannedPrice
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings
    from billing.webhooks.refused_deliveries import RefusedDeliveries

T = TypeVar("T")

ANSWER = "Connection"
DELIVERIES_NEXT_STEP = (
    "Compare the endpoint and its signing secret with those in the Stripe Dashboard."
)
NOT_ASKED = "Not checked: there is no connection to Stripe."
HAVE_DEFAULTS = (API_BASE, DATABASE_URL, MAX_CREDITS, PUBLIC_URL)
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class SetupChecks:
    """Checks everything, whatever of it is wrong; a call to Stripe takes ``setup_check_seconds``
    at the most."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        catalog: Catalog,
        store: Store,
        refused: RefusedDeliveries,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        read_settings: Callable[[], Settings] = load_settings,
    ) -> None:
        self._settings = settings
        self._read_settings = read_settings
        self._read_at_start = read_settings()
        self._gateway = gateway
        self._catalog = catalog
        self._store = store
        self._refused = refused
        self._deadline = timings.setup_check_seconds
        self._slow = timings.setup_slow_seconds

    @requires(Permission.VIEW)
    async def run(self) -> Report:
        """What was found. What is wrong or does not answer is a finding, never an exception."""
        stripe_findings = await self._stripe()
        account = next((one.reference for one in stripe_findings if one.name == ACCOUNT), "")
        findings = [
            settings_checks.secret_key(self._settings),
            settings_checks.api_base(self._settings),
            *stripe_findings,
            settings_checks.webhook_secret(self._settings),
            settings_checks.public_url(self._settings),
            *await self._database(account),
            settings_checks.max_credits(self._settings),
            *settings_checks.product_name(self._settings),
            *settings_checks.event_days(self._settings),
            *settings_checks.request_log_size(self._settings),
            *settings_checks.log_format(self._settings),
            *settings_checks.sandbox_webhook_retries(self._settings),
            *settings_checks.access(self._settings),
            *settings_checks.secrets_file(self._read_settings(), self._read_at_start),
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
        """The findings that need Stripe: the account first, the others only when it answers."""
        settings = self._settings
        if settings.wants_sandbox:
            found = "Not checked: the local sandbox runs only while the app does."
            answer = Finding(Group.STRIPE, ANSWER, Status.UNKNOWN, found)
            return [answer, *self._not_asked()]
        if settings.secret_key is None or (API_BASE in settings.problems and not settings.api_base):
            return [Finding(Group.STRIPE, ANSWER, Status.UNKNOWN, NOT_ASKED), *self._not_asked()]
        began = time.monotonic()
        account = Finding(Group.STRIPE, ACCOUNT, Status.OK, "")
        try:
            account = _account(await self._ask(self._gateway.retrieve_account))
        except BillingError as failure:
            if not (isinstance(failure, StripeFailure) and failure.is_forbidden):
                answer = Finding(Group.STRIPE, ANSWER, Status.OK, "")
                return [answer.failed(failure), *self._not_asked()]
            account = account.failed(failure, forbidden=Status.UNKNOWN)
        elapsed = time.monotonic() - began
        permissions, others = await asyncio.gather(
            self._permissions(),
            asyncio.gather(*map(self._price, price_checks.PLANNED), self._endpoint()),
        )
        return [self._answer(elapsed), account, *permissions, *others]

    def _not_asked(self) -> list[Finding]:
        """The findings on Prices and endpoint from the settings alone, without Stripe."""
        prices = [self._price_setting(planned) for planned in price_checks.PLANNED]
        unknown = [
            price if price.found else replace(price, status=Status.UNKNOWN, found=NOT_ASKED)
            for price in prices
        ]
        endpoint = Finding(Group.WEBHOOK, webhook_checks.NAME, Status.UNKNOWN, NOT_ASKED)
        if self._settings.wants_sandbox:
            found = "The app adds its endpoint to the local sandbox when it starts."
            endpoint = replace(endpoint, status=Status.OK, found=found)
        return [*unknown, endpoint]

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """The answer. Raises ``BillingError``, also when it takes too long."""
        try:
            async with asyncio.timeout(self._deadline):
                return await call()
        except TimeoutError:
            raise StripeFailure.too_slow(self._deadline) from None

    async def _permissions(self) -> list[Finding]:
        """Those that the key lacks, in Stripe's words, or the one finding that it lacks none."""
        probes = permission_checks.probes(self._gateway)
        results = await asyncio.gather(*(self._permission(*probe) for probe in probes.items()))
        everything = "The key has every permission that this app needs."
        return [lacking for lacking in results if lacking] or [
            Finding(Group.STRIPE, "Permissions", Status.OK, everything)
        ]

    async def _permission(self, name: str, probe: Callable[[], Awaitable[None]]) -> Finding | None:
        try:
            await self._ask(probe)
        except StripeFailure as failure:
            # A Stripe-compatible API may lack the list, which says nothing about the key.
            if failure.is_forbidden or failure.is_temporary:
                return Finding(Group.STRIPE, name, Status.OK, "").failed(failure)
        return None

    def _answer(self, elapsed: float) -> Finding:
        finding = Finding(
            Group.STRIPE, ANSWER, Status.OK, f"Stripe answered in {elapsed * 1000:,.0f} ms."
        )
        if elapsed < self._slow:
            return finding
        return replace(
            finding,
            status=Status.WARNING,
            found=f"Stripe answered in {elapsed:.1f} s, which is slow.",
            next_step=f"Check the network and {where_to_check(self._gateway.api_base)}. "
            "No setting needs to change.",
        )

    def _price_setting(self, planned: PlannedPrice) -> Finding:
        """The finding on the setting alone; with a ``reference`` when it names a Price, without
        ``found`` when the account may have one."""
        finding = Finding(Group.PRICES, planned.name, Status.OK, "", setting=planned.setting)
        try:
            return replace(finding, reference=self._catalog.configured_id(planned.kind) or "")
        except NotConfigured as problem:
            if self._settings.wants_sandbox and planned.setting not in self._settings.problems:
                return replace(finding, found=settings_checks.SANDBOX_BRINGS)
            return settings_checks.problem_finding(Group.PRICES, planned.name, problem)

    async def _price(self, planned: PlannedPrice) -> Finding:
        finding = self._price_setting(planned)
        if finding.found:
            return replace(finding, missing=planned.missing)
        if not finding.reference:
            finding = replace(finding, source=f"Stripe account, lookup key {planned.lookup_key}")
        try:
            price_id = await self._ask(lambda: self._catalog.price_id(planned.kind))
            price = await self._ask(lambda: self._gateway.retrieve_price(price_id))
        except NotConfigured as problem:
            unset = settings_checks.problem_finding(Group.PRICES, planned.name, problem)
            return replace(unset, missing=planned.missing)
        except StripeFailure as failure:
            if not failure.is_missing:
                return finding.failed(failure)
            return replace(
                finding,
                status=Status.WRONG,
                found="This Price does not exist in the key's account.",
                next_step=f"Copy the ID of a Price of that account into {planned.setting}, or "
                "remove the setting.",
                missing=planned.missing,
            )
        found = price_checks.check_price(planned, price)
        return replace(found, source=finding.source)

    async def _endpoint(self) -> Finding:
        finding = Finding(Group.WEBHOOK, webhook_checks.NAME, Status.UNKNOWN, "")
        public_url = self._settings.public_url
        if public_url is None:
            return replace(
                finding,
                found="Not checked: the public URL of this app is not known.",
                next_step=f"Set {PUBLIC_URL}.",
            )
        try:
            endpoints = await self._ask(partial(webhook_checks.all_endpoints, self._gateway))
        except StripeFailure as failure:
            return finding.failed(failure, forbidden=Status.UNKNOWN)
        reaches = settings_checks.stripe_reaches_app(self._settings)
        return webhook_checks.check_endpoint(endpoints, public_url, stripe_reaches_it=reaches)

    async def _database(self, account: str) -> list[Finding]:
        """Whether it answers and holds this account's sessions, and what it says of deliveries."""
        finding = Finding(Group.APP, "Database", Status.OK, "", setting=DATABASE_URL)
        try:
            kind = await self._store.ping()
            saved = await self._store.read(checkpoint.load)
            checkpoint.check_account(saved, account, embedded=self._settings.is_embedded)
            finding = replace(finding, found=f"Connected to {DATABASES.get(kind, kind)}.")
            return [finding, *await self._deliveries()]
        except BillingError as failure:
            return [
                replace(
                    finding, status=Status.WRONG, found=failure.message, next_step=failure.next_step
                )
            ]

    async def _deliveries(self) -> list[Finding]:
        """The same verdict as on the Events page, from what has arrived and what was refused."""
        if not (self._settings.stripe_is_configured and self._settings.webhook_secrets):
            return []
        await self._refused.write()
        now = time.time()
        known = await self._store.read(
            lambda connection: delivery_health.read_facts(connection, now)
        )
        verdict = delivery_health.assess(known, now)
        finding = Finding(
            Group.WEBHOOK, "Deliveries", Status.OK, f"{verdict.title}. {verdict.text}".strip()
        )
        if verdict.level in (Level.GOOD, Level.INFO):
            return [finding]
        next_step = "" if verdict.next_step == delivery_health.CHECK_ENDPOINT else verdict.next_step
        return [
            replace(finding, status=Status.WARNING, next_step=next_step or DELIVERIES_NEXT_STEP)
        ]


def _account(account: dict[str, Any]) -> Finding:
    settings = account.get("settings") or {}
    name = (
        (settings.get("dashboard") or {}).get("display_name")
        or (account.get("business_profile") or {}).get("name")
        or "Unnamed account"
    )
    return Finding(Group.STRIPE, ACCOUNT, Status.OK, f"{name}.", reference=account["id"])
