"""The URLs of endpoints: which are this app's own, and which Stripe would not deliver to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from billing.errors import InvalidInput
from billing.settings.model import STRIPE_API_BASE
from billing.setup.webhook_checks import registered_at
from billing.urls import WEBHOOK_PATH, is_private, web_url, webhook_url

if TYPE_CHECKING:
    from billing.settings.model import Settings

LONGEST = 2_000
HIGHEST_PORT = 65_535
NOTHING_CREATED = "Nothing was created."


def own_urls(settings: Settings) -> list[str]:
    """Where this app takes events; the embedded sandbox is served beside it."""
    found = [webhook_url(settings.public_url)] if settings.public_url else []
    if settings.is_embedded and settings.api_base:
        found.append(urljoin(settings.api_base, WEBHOOK_PATH))
    return found


def leads_here(url: str, settings: Settings) -> bool:
    """It is one of this app's own."""
    return any(registered_at([{"url": url}], own) for own in own_urls(settings))


def is_stripe_itself(settings: Settings) -> bool:
    """No Stripe-compatible API: the real one, which reaches public addresses alone."""
    return (settings.api_base or STRIPE_API_BASE) == STRIPE_API_BASE


def local_url(port: int, path: str) -> str:
    """The URL of a program on this machine. Raises ``InvalidInput``."""
    if not 1 <= port <= HIGHEST_PORT:
        raise InvalidInput(f"Write a port from 1 to {HIGHEST_PORT}.", NOTHING_CREATED)
    return f"http://127.0.0.1:{port}/{path.strip().removeprefix('/')}"


def check_url(url: str, settings: Settings) -> None:
    """Raises ``InvalidInput``, with the mend, unless events can be delivered to ``url``. In test
    mode Stripe takes http as well as https."""
    if not url:
        raise InvalidInput("Write the endpoint's URL.", "Such as https://example.com/webhook")
    if "://" not in url:
        raise InvalidInput(
            "The URL lacks its scheme.", f"Write it whole: https://{url.removeprefix('//')}"
        )
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise InvalidInput(
            f"Stripe does not deliver to {scheme}:// URLs.", "Begin it with https:// or http://"
        )
    if web_url(url) is None or len(url) > LONGEST or urlsplit(url).port == 0:
        raise InvalidInput("This is not a valid URL.", "Such as https://example.com/webhook")
    if "@" in urlsplit(url).netloc:
        raise InvalidInput(
            "The URL contains a user name or a password, which everybody could read here.",
            "Leave it out: the signature proves that a delivery is Stripe's.",
        )
    if is_stripe_itself(settings) and is_private(url):
        target = url.partition("://")[2]
        raise InvalidInput(
            "Stripe cannot reach this URL: it is not on the internet.",
            f"Forward events to it: stripe listen --forward-to {target}",
        )
