"""A real OIDC provider on this machine: https://github.com/geigerzaehler/oidc-provider-mock"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.servers.dashboard import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DISCOVERY = "/.well-known/openid-configuration"


@contextmanager
def oidc_provider(folder: Path, users: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The address of a provider that signs in anybody of ``users``, which are claims by ``sub``,
    by one press on a button of that name; and any application, whatever its secret is."""
    command = ["oidc_provider_mock", "--host", "localhost"]
    for sub, claims in users.items():
        command += ["--user-claims", json.dumps({"sub": sub, **claims})]
    command += ["--port", "0"]
    with process(command, folder, r"running on (http://\S+)", {}) as running:
        yield running.url


def settings(provider: str) -> dict[str, str]:
    """The settings by which a dashboard has people sign in there."""
    return {
        "BILLING_OIDC_METADATA_URL": provider + DISCOVERY,
        "BILLING_OIDC_CLIENT_ID": "billing",
        "BILLING_OIDC_CLIENT_SECRET": "client-secret",
        "BILLING_COOKIE_SECRET": "0123456789abcdef" * 4,
    }
