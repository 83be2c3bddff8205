"""A logged request as something that makes it again: for a shell, Stripe's CLI, Python and Node.

The key is read from ``STRIPE_SECRET_KEY``. The idempotency key is left out: with it, the answer
would be the old one.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

from billing.json_codec import loads
from billing.settings.model import STRIPE_API_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.logged_request import LoggedRequest

_KEY = '"$STRIPE_SECRET_KEY"'
_IN_A_PATH = "/:%"  # as it is logged: ids stay readable, and what is encoded stays so


def as_curl(request: LoggedRequest, api_base: str) -> str:
    """https://docs.stripe.com/api?lang=curl"""
    lines = [f"curl {shlex.quote(api_base + _path(request))}", '-u "$STRIPE_SECRET_KEY:"']
    if request.api_version:
        lines.append(f"-H {shlex.quote(f'Stripe-Version: {request.api_version}')}")
    if request.method != "GET":
        lines.append(f"-X {request.method}")
    if _is_json(request):
        lines.append(f"--json {shlex.quote(request.params or '{}')}")
    else:
        # curl encodes the value alone.
        fields = (f"{_name(name)}={value}" for name, value in _pairs(_params(request)))
        lines += [f"--data-urlencode {shlex.quote(field)}" for field in fields]
        if request.method != "POST":
            lines.append("-G")  # in the address
    return " \\\n  ".join(lines)


def as_cli(request: LoggedRequest, api_base: str) -> str:
    """https://docs.stripe.com/cli/post, which sends forms to /v1 alone."""
    if not request.path.startswith("/v1/"):
        return f"# `stripe {request.method.lower()}` knows the paths below /v1 alone."
    address = urlsplit(api_base)
    # The CLI replaces the path of its address, and takes one that begins with /v1 as it is.
    path = f"/v1/..{address.path}{_path(request)}" if address.path else _path(request)
    lines = [f"stripe {request.method.lower()} {shlex.quote(path)}", f"--api-key {_KEY}"]
    if api_base != STRIPE_API_BASE:
        # Of this machine's addresses it accepts one.
        host = address.netloc.replace("localhost", "127.0.0.1")
        lines.append(f"--api-base {shlex.quote(f'{address.scheme}://{host}')}")
    if request.api_version:
        lines.append(f"--stripe-version {shlex.quote(request.api_version)}")
    fields = (f"{name}={value}" for name, value in _pairs(_params(request)))
    lines += [f"-d {shlex.quote(field)}" for field in fields]
    return " \\\n  ".join(lines)


def as_python(request: LoggedRequest, api_base: str) -> str:
    """https://github.com/stripe/stripe-python#custom-requests"""
    base = "" if api_base == STRIPE_API_BASE else f', base_addresses={{"api": {api_base!r}}}'
    params = _params(request)
    version = f", stripe_version={request.api_version!r}" if request.api_version else ""
    arguments = f", **{_python(params)}" if params else ""
    return (
        "import os\n\nimport stripe\n\n"
        f'client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"]{base})\n'
        f"response = client.raw_request(\n    {request.method.lower()!r}, {_path(request)!r}"
        f"{version}{arguments}\n)\n"
        "print(response.data)"
    )


def as_node(request: LoggedRequest, api_base: str) -> str:
    """https://github.com/stripe/stripe-node#custom-requests"""
    path, params = _path(request), "null"
    if request.method == "POST":
        params = json.dumps(_params(request), indent=2, ensure_ascii=False)
    elif fields := list(_pairs(_params(request))):
        path += "?" + "&".join(f"{_name(name)}={quote_plus(value)}" for name, value in fields)
    arguments = [json.dumps(request.method), json.dumps(path), params]
    if request.api_version:
        arguments.append(f"{{apiVersion: {json.dumps(request.api_version)}}}")
    return (
        "const Stripe = require('stripe');\n\n"
        f"const stripe = new Stripe(process.env.STRIPE_SECRET_KEY{_node_address(api_base)});\n"
        f"stripe\n  .rawRequest({', '.join(arguments)})\n"
        "  .then(console.log);"
    )


# By what people call each.
LANGUAGES: dict[str, Callable[[LoggedRequest, str], str]] = {
    "curl": as_curl,
    "Stripe CLI": as_cli,
    "Python": as_python,
    "Node": as_node,
}


def _path(request: LoggedRequest) -> str:
    return quote(request.path, safe=_IN_A_PATH)


def _name(name: str) -> str:
    return quote_plus(name, safe="[]")


def _params(request: LoggedRequest) -> dict[str, Any]:
    found = loads(request.params) if request.params else {}
    return found if isinstance(found, dict) else {}


def _is_json(request: LoggedRequest) -> bool:
    return request.method == "POST" and request.path.startswith("/v2/")


def _pairs(params: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """As a form holds them: ``line_items[0][price]``."""
    if isinstance(params, dict):
        for key, value in params.items():
            yield from _pairs(value, f"{name}[{key}]" if name else key)
    elif isinstance(params, list):
        for number, value in enumerate(params):
            yield from _pairs(value, f"{name}[{number}]")
    elif params is not None:
        yield name, str(params).lower() if isinstance(params, bool) else str(params)


def _python(value: Any) -> str:
    """As Python writes it, a line for each entry at the top."""
    entries = "".join(f"        {key!r}: {one!r},\n" for key, one in value.items())
    return f"{{\n{entries}    }}"


def _node_address(api_base: str) -> str:
    """https://github.com/stripe/stripe-node#configuration, which knows hosts without a path."""
    if api_base == STRIPE_API_BASE:
        return ""
    parts = urlsplit(api_base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"protocol: {parts.scheme!r}, host: {parts.hostname!r}, port: {port}"
    if not parts.path:
        return f", {{{host}}}"
    address = json.dumps(f"{parts.scheme}://{parts.netloc}")
    prefixed = json.dumps(api_base)
    return (
        f", {{\n  {host},\n  httpClient: Stripe.createFetchHttpClient((url, options) =>\n"
        f"    fetch(url.replace({address}, {prefixed}), options)),\n}}"
    )
