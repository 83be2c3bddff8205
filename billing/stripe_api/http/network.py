"""How Stripe is reached: by which proxy, trusting which certificates, and why it could not be.

A company's proxy and certificates are named in the environment, by the variables that curl and
most programs know.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from requests.utils import get_environ_proxies, select_proxy
from yarl import URL

from billing.errors import NotConfigured, StripeFailure, Unreachable
from billing.settings.model import STRIPE_API_BASE

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def proxy_for(url: str) -> URL | None:
    """The proxy to ask for ``url``, with its password if it has one. This machine needs none.

    Raises ``NotConfigured`` for a kind of proxy that is not spoken here.
    """
    if _is_this_machine(urlsplit(url).hostname or ""):
        return None
    found = select_proxy(url, get_environ_proxies(url))
    if not found:
        return None
    variable = _variable(url)
    try:
        proxy = URL(found if "://" in found else f"http://{found}")
    except ValueError:
        proxy = URL()
    if proxy.scheme not in ("http", "https") or not proxy.host:
        raise NotConfigured(
            variable,
            f"{variable} is not the address of an HTTP proxy.",
            f"Write it like http://proxy.example.com:3128, or name {urlsplit(url).hostname} in "
            "NO_PROXY. Then restart the app.",
        )
    return proxy


def trusted_certificates(default: str) -> ssl.SSLContext:
    """Trusts the file (or folder) that ``SSL_CERT_FILE`` names, else the file ``default``.

    Raises ``NotConfigured`` when no certificates can be read there.
    """
    for name in CERTIFICATE_VARIABLES:
        if not (given := os.environ.get(name)):
            continue
        is_folder = Path(given).is_dir()
        try:
            return ssl.create_default_context(
                cafile=None if is_folder else given, capath=given if is_folder else None
            )
        except OSError as error:
            raise NotConfigured(
                name,
                f"No certificates could be read from {given}: {error.strerror or error}.",
                f"Set {name} to a file of certificates in PEM format, then restart the app.",
            ) from None
    return ssl.create_default_context(cafile=default)


def where_to_check(url: str) -> str:
    """Where to see whether the API at ``url`` is working, as the end of a sentence."""
    if urlsplit(url).netloc == urlsplit(STRIPE_API_BASE).netloc:
        return "status.stripe.com"
    return f"the log of the server at {urlsplit(url).netloc}"


def connection_failure(error: BaseException, url: str) -> StripeFailure:
    """The ``StripeFailure`` for a request to ``url`` that got no answer."""
    host, proxy = urlsplit(url).netloc, proxy_for(url)
    is_stripe = host == urlsplit(STRIPE_API_BASE).netloc
    advice = "Check the network and " + ("status.stripe.com" if is_stripe else "STRIPE_API_BASE")
    kind, why, next_step = Unreachable.DROPPED, f"{host} closed the connection", advice
    match error:
        case aiohttp.ClientHttpProxyError(status=status):
            kind = Unreachable.PROXY
            why = f"The proxy {_shown(proxy)} did not connect to {host} (HTTP {status})"
            next_step = f"Check {_variable(url)} and its password, or name the host in NO_PROXY"
        case aiohttp.ClientConnectorError(host=asked) if proxy and asked == proxy.host:
            kind = Unreachable.PROXY
            why = f"The proxy {_shown(proxy)} did not answer ({_reason(error)})"
            next_step = f"Check the network and {_variable(url)}, or name the host in NO_PROXY"
        case aiohttp.ClientConnectorDNSError():
            kind, why = Unreachable.NAME, f"The name {error.host} could not be resolved"
        case aiohttp.ClientConnectorCertificateError():
            kind = Unreachable.CERTIFICATE
            why = f"The certificate of {host} is not trusted ({_reason(error)})"
            next_step = "If your company has its own CA, set SSL_CERT_FILE to its certificate"
        case aiohttp.ClientSSLError():
            kind = Unreachable.CERTIFICATE
            why = f"{host} does not speak TLS ({_reason(error)})"
            next_step = "Check whether STRIPE_API_BASE begins with http or https"
        case TimeoutError():
            kind, why = Unreachable.TIMEOUT, f"{host} did not answer in time"
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            kind, why = Unreachable.REFUSED, f"{host} refused the connection"
        case aiohttp.ClientConnectorError():
            kind, why = Unreachable.NETWORK, f"{host} is unreachable ({_reason(error)})"
    ending = "restart the app" if kind.is_a_setting else "try again"
    return StripeFailure(f"{why}.", f"{next_step}, then {ending}.", unreachable=kind)


def _variable(url: str) -> str:
    """The one that names the proxy for ``url``."""
    return "HTTPS_PROXY" if url.startswith("https:") else "HTTP_PROXY"


def _shown(proxy: URL | None) -> URL | None:
    """Without the password."""
    return proxy and proxy.with_user(None)


def _reason(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    cause = getattr(error, "certificate_error", None) or error.os_error
    return getattr(cause, "verify_message", "") or cause.strerror or type(cause).__name__


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
