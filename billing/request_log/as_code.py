"""A logged request as something that makes it again: for a shell, Stripe's CLI, Python and Node.

The key is read from ``STRIPE_SECRET_KEY``. The idempotency key is left out: with it, the answer
would be the old one.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

from billing.json_codec import loads
from billing.settings.model import STRIPE_API_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.logged_request import LoggedRequest

_KEY = '"$STRIPE_SECRET_KEY"'


def as_curl(request: LoggedRequest, api_base: str) -> str:
    """https://docs.stripe.com/api?lang=curl"""
    lines = [f"curl {shlex.quote(api_base + request.path)}", '-u "$STRIPE_SECRET_KEY:"']
    if request.api_version:
        lines.append(f"-H {shlex.quote(f'Stripe-Version: {request.api_version}')}")
    if _is_json(request):
        lines += [f"-X {request.method}", f"--json {shlex.quote(request.params or '{}')}"]
    else:
        lines += [f"--data-urlencode {shlex.quote(field)}" for field in _fields(request)]
        lines += [f"-X {request.method}"] if request.method != "GET" else ["-G"]
    return " \\\n  ".join(lines)


def as_cli(request: LoggedRequest, api_base: str) -> str:
    """https://docs.stripe.com/cli/post"""
    lines = [f"stripe {request.method.lower()} {shlex.quote(request.path)}", f"--api-key {_KEY}"]
    if api_base != STRIPE_API_BASE:
        lines.append(f"--api-base {shlex.quote(api_base)}")
    lines += [f"-d {shlex.quote(field)}" for field in _fields(request)]
    return " \\\n  ".join(lines)


def as_python(request: LoggedRequest, api_base: str) -> str:
    """https://github.com/stripe/stripe-python#custom-requests"""
    base = "" if api_base == STRIPE_API_BASE else f', base_addresses={{"api": {api_base!r}}}'
    params = _params(request)
    arguments = f", **{_python(params)}" if params else ""
    return (
        "import os\n\nimport stripe\n\n"
        f'client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"]{base})\n'
        f"response = client.raw_request({request.method.lower()!r}, {request.path!r}{arguments})\n"
        "print(response.data)"
    )


def as_node(request: LoggedRequest, api_base: str) -> str:
    """https://github.com/stripe/stripe-node#custom-requests"""
    path, sends = request.path, request.method == "POST"
    if not sends and (fields := list(_pairs(_params(request)))):
        path += "?" + "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
    body = f", {json.dumps(_params(request), indent=2, ensure_ascii=False)}" if sends else ""
    return (
        f"const Stripe = require('stripe');\n\n"
        f"const stripe = new Stripe(process.env.STRIPE_SECRET_KEY{_node_address(api_base)});\n"
        f"stripe\n  .rawRequest('{request.method}', {json.dumps(path)}{body})\n"
        "  .then(console.log);"
    )


# By what people call each.
LANGUAGES: dict[str, Callable[[LoggedRequest, str], str]] = {
    "curl": as_curl,
    "Stripe CLI": as_cli,
    "Python": as_python,
    "Node": as_node,
}


def _params(request: LoggedRequest) -> dict[str, Any]:
    found = loads(request.params) if request.params else {}
    return found if isinstance(found, dict) else {}


def _is_json(request: LoggedRequest) -> bool:
    return request.method == "POST" and request.path.startswith("/v2/")


def _fields(request: LoggedRequest) -> list[str]:
    return [f"{name}={value}" for name, value in _pairs(_params(request))]


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
    entries = "".join(f"    {key!r}: {one!r},\n" for key, one in value.items())
    return f"{{\n{entries}}}"


def _node_address(api_base: str) -> str:
    """https://github.com/stripe/stripe-node#configuration"""
    if api_base == STRIPE_API_BASE:
        return ""
    parts = urlsplit(api_base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f", {{protocol: '{parts.scheme}', host: '{parts.hostname}', port: {port}}}"
