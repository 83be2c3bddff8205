"""The findings on each setting from its value alone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from billing.access.mode import AccessMode, access_mode, sign_in_problem
from billing.errors import NotConfigured
from billing.settings.model import (
    ALLOW_ANONYMOUS,
    ALLOWED_HOSTS,
    API_BASE,
    EVENT_DAYS,
    LOG_FORMAT,
    MAX_CREDITS,
    PRODUCT_NAME,
    PUBLIC_URL,
    REQUEST_LOG_SIZE,
    SANDBOX_WEBHOOK_RETRIES,
    SECRET_KEY,
    SECRETS_FILE,
    STRIPE_API_BASE,
    TRUSTED_PROXIES,
    USER_HEADER,
    WEBHOOK_SECRET,
    Settings,
)
from billing.setup.findings import Finding, Group, Status
from billing.stripe_api.http.network import proxy_for
from billing.urls import is_private

if TYPE_CHECKING:
    from billing.http.guards.trusted_proxies import Network

KEY_KINDS = {"sk": "secret key", "rk": "restricted key"}
LONG_KEY = 24  # of a shorter one, four characters are too much to show
SANDBOX_BRINGS = "Not set: the local sandbox has its own."


def problem_finding(group: Group, name: str, problem: NotConfigured) -> Finding:
    """The finding on a setting that is missing or malformed."""
    return Finding(
        group,
        name,
        Status.WRONG,
        problem.message,
        problem.next_step,
        setting=problem.setting,
    )


def secrets_file(now: Settings, at_start: Settings) -> list[Finding]:
    """A finding only when the file cannot be read, or is written otherwise than at the start."""
    name, restart = "Settings file", "Restart the app: it reads its settings only at startup."
    if problem := now.problems.get(str(SECRETS_FILE)):
        return [problem_finding(Group.APP, name, problem)]
    changed = now.changed_since(at_start)
    for setting in changed:
        if problem := now.problems.get(setting):
            finding = problem_finding(Group.APP, name, problem)
            return [replace(finding, next_step=f"{finding.next_step} Then restart the app.")]
    if changed or str(SECRETS_FILE) in at_start.problems:
        what = ", ".join(changed) or str(SECRETS_FILE)
        found = f"Changed since the app started: {what}."
        return [Finding(Group.APP, name, Status.WARNING, found, restart)]
    return []


def secret_key(settings: Settings) -> Finding:
    """Its kind and mode; of a long one the last four characters, as Stripe's Dashboard shows."""
    name = "Secret key"
    if problem := settings.problems.get(SECRET_KEY):
        return problem_finding(Group.STRIPE, name, problem)
    finding = Finding(Group.STRIPE, name, Status.OK, "", setting=SECRET_KEY)
    if settings.secret_key is None:
        return replace(
            finding, found="Not set: the app uses the local sandbox and needs no account."
        )
    key = settings.secret_key.get_secret_value()
    ending = f", ending in {key[-4:]}" if len(key) >= LONG_KEY else ""
    return replace(finding, found=f"A {KEY_KINDS[key[:2]]} in test mode{ending}.")


def api_base(settings: Settings) -> Finding:
    """Which API is used."""
    name = "API address"
    if (problem := settings.problems.get(API_BASE)) and not settings.api_base:
        return problem_finding(Group.STRIPE, name, problem)
    finding = Finding(Group.STRIPE, name, Status.OK, "", setting=API_BASE)
    if settings.is_given(API_BASE) and not settings.is_given(SECRET_KEY):
        return replace(
            finding,
            status=Status.WRONG,
            found=f"Not used: {SECRET_KEY} is not set, so the app uses the local sandbox.",
            next_step=f"Set {SECRET_KEY} to a test key for this address, or unset {API_BASE}.",
            reference=settings.api_base or "",
        )
    if settings.wants_sandbox:
        return replace(finding, found=SANDBOX_BRINGS)
    base = settings.api_base or STRIPE_API_BASE
    found = "Stripe's own API" if base == STRIPE_API_BASE else "A Stripe-compatible API"
    proxy = None
    with suppress(NotConfigured):  # then Stripe's answer says so
        proxy = proxy_for(base)
    found += f", through the proxy {proxy.with_user(None)}:" if proxy else "."
    return replace(finding, found=found, reference=base)


def webhook_secret(settings: Settings) -> Finding:
    """How many signing secrets there are."""
    name = "Signing secret"
    if problem := settings.problems.get(WEBHOOK_SECRET):
        return problem_finding(Group.WEBHOOK, name, problem)
    finding = Finding(Group.WEBHOOK, name, Status.OK, "", setting=WEBHOOK_SECRET)
    if count := len(settings.webhook_secrets):
        return replace(
            finding,
            found="1 secret." if count == 1 else f"{count} secrets; each of them is accepted.",
        )
    if settings.wants_sandbox:
        return replace(finding, found=SANDBOX_BRINGS)
    status = Status.WRONG if stripe_reaches_app(settings) else Status.WARNING
    return Finding(
        Group.WEBHOOK,
        name,
        status,
        "Not set, so all webhooks are refused.",
        f"Set {WEBHOOK_SECRET} to the endpoint's signing secret (whsec_…), or to the one that "
        "stripe listen prints.",
        setting=WEBHOOK_SECRET,
    )


def public_url(settings: Settings) -> Finding:
    """Where people and Stripe find this app."""
    name = "Public URL"
    if problem := settings.problems.get(PUBLIC_URL):
        return problem_finding(Group.APP, name, problem)
    finding = Finding(Group.APP, name, Status.OK, "", setting=PUBLIC_URL)
    url = settings.public_url
    if url is None:
        return replace(finding, found="Not set: the address that the server listens on is used.")
    found = (
        "Checkout returns to this URL."
        if stripe_reaches_app(settings)
        else "Checkout returns to this URL. Stripe's webhooks cannot reach it."
    )
    return replace(finding, found=found, reference=url)


def max_credits(settings: Settings) -> Finding:
    """The most credits in one purchase."""
    name = "Maximum credits"
    if problem := settings.problems.get(MAX_CREDITS):
        return problem_finding(Group.APP, name, problem)
    return Finding(
        Group.APP,
        name,
        Status.OK,
        f"{settings.max_credits:,} per purchase.",
        setting=MAX_CREDITS,
    )


def product_name(settings: Settings) -> list[Finding]:
    """How the product is called; nothing where nobody has named it."""
    name = "Product name"
    if problem := settings.problems.get(PRODUCT_NAME):
        return [problem_finding(Group.APP, name, problem)]
    if not settings.is_given(PRODUCT_NAME):
        return []
    found = f"{settings.product_name}."
    return [Finding(Group.APP, name, Status.OK, found, setting=PRODUCT_NAME)]


def event_days(settings: Settings) -> list[Finding]:
    """How long payloads of events stay; nothing where nobody has set that."""
    name = "Payloads of events"
    if problem := settings.problems.get(EVENT_DAYS):
        return [problem_finding(Group.APP, name, problem)]
    if not settings.is_given(EVENT_DAYS):
        return []
    found = f"Removed after {settings.event_days:,} days."
    return [Finding(Group.APP, name, Status.OK, found, setting=EVENT_DAYS)]


def request_log_size(settings: Settings) -> list[Finding]:
    """How many requests to Stripe are logged; nothing where nobody has set that."""
    name = "Log of requests"
    if problem := settings.problems.get(REQUEST_LOG_SIZE):
        return [problem_finding(Group.APP, name, problem)]
    if not settings.is_given(REQUEST_LOG_SIZE):
        return []
    size = settings.request_log_size
    found = f"The newest {size:,} requests." if size else "Turned off."
    return [Finding(Group.APP, name, Status.OK, found, setting=REQUEST_LOG_SIZE)]


def log_format(settings: Settings) -> list[Finding]:
    """How the log is written; nothing where nobody has set that."""
    name = "Log format"
    if problem := settings.problems.get(LOG_FORMAT):
        return [problem_finding(Group.APP, name, problem)]
    if not settings.is_given(LOG_FORMAT):
        return []
    return [Finding(Group.APP, name, Status.OK, f"{settings.log_format}.", setting=LOG_FORMAT)]


def sandbox_webhook_retries(settings: Settings) -> list[Finding]:
    """When the local sandbox sends a webhook again; nothing where nobody has set that."""
    name = "Webhook retries"
    if problem := settings.problems.get(SANDBOX_WEBHOOK_RETRIES):
        return [problem_finding(Group.APP, name, problem)]
    if not settings.is_given(SANDBOX_WEBHOOK_RETRIES):
        return []
    found = {"quick": "Six, from 5 seconds on.", "stripe": "Three over some hours, as Stripe's."}
    said = found[settings.sandbox_webhook_retries]
    return [Finding(Group.APP, name, Status.OK, said, setting=SANDBOX_WEBHOOK_RETRIES)]


def access(settings: Settings) -> list[Finding]:
    """What was set on who may come in, and how; nothing where nothing was."""
    findings = []
    for name, setting, found in (
        (
            "Host names",
            ALLOWED_HOSTS,
            f"The app also answers at {', '.join(settings.allowed_hosts)}.",
        ),
        ("User header", USER_HEADER, f"{settings.user_header} names the signed-in user."),
        (
            "Trusted proxies",
            TRUSTED_PROXIES,
            f"{_listed(settings.trusted_proxies)}: believed who is signed in, and where from.",
        ),
        (
            "Anonymous access",
            ALLOW_ANONYMOUS,
            "Nobody signs in, and everybody who reaches the server has the role "
            f"{settings.allow_anonymous}."
            if access_mode(settings) is AccessMode.ANONYMOUS
            else "Not in force.",
        ),
    ):
        if problem := settings.problems.get(setting):
            findings.append(problem_finding(Group.APP, name, problem))
        elif settings.is_given(setting):
            findings.append(Finding(Group.APP, name, Status.OK, found, setting=setting))
    problem = sign_in_problem(settings)
    if problem and problem.setting not in settings.problems:
        findings.append(problem_finding(Group.APP, "Sign-in", problem))
    return findings


def _listed(networks: tuple[Network, ...]) -> str:
    """With an address as it was written, without the length of its prefix."""
    return ", ".join(str(one).removesuffix(f"/{one.max_prefixlen}") for one in networks)


def stripe_reaches_app(settings: Settings) -> bool:
    """Whether Stripe, or a Stripe-compatible API, can reach the webhook; False while its URL is
    unknown."""
    url = settings.public_url
    return url is not None and (
        not is_private(url) or is_private(settings.api_base or STRIPE_API_BASE)
    )
