"""``python -m billing token``: the tokens by which programs sign in to the routes.

``create`` prints the token, and nothing else, on the standard output: once.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.access.caller import acting_as
from billing.access.tokens import DEFAULT_DAYS
from billing.domain.access import Role
from billing.errors import BillingError, InvalidInput
from billing.services import Services
from billing.settings.embedded import BILLING_DATABASE
from billing.settings.loading import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from billing.access.tokens import Tokens
    from billing.domain.access import AccessToken

HELP = "create, list and revoke the tokens of programs"
EXIT_HELP = """exit status of token:
  0  done
  1  there is no such token, or a name or number of days that cannot be
  2  wrong usage
  3  the database could not be read or written"""
HEADER = ("ID", "NAME", "ROLE", "CREATED", "BY", "LAST USED", "ENDS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="create a token, and print it this once")
    create.add_argument("name", metavar="NAME", help="the program that uses it, such as ci")
    create.add_argument("--role", choices=list(Role), required=True, help="what it may do")
    end = create.add_mutually_exclusive_group()
    end.add_argument(
        "--days", type=int, default=DEFAULT_DAYS, help="until it ends (default: %(default)s)"
    )
    end.add_argument("--never", action="store_true", help="it does not end by itself")
    actions.add_parser("list", help="list all tokens, the newest first")
    revoke = actions.add_parser("revoke", help="refuse a token from now on")
    revoke.add_argument("id", metavar="ID", help="as the list has it")


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked for, and print what came of it."""
    try:
        asyncio.run(_run(chosen))
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}".rstrip(), file=sys.stderr)
        return 1 if isinstance(failure, InvalidInput) else 3
    return 0


async def _run(chosen: argparse.Namespace) -> None:
    settings = load_settings()
    if settings.wants_sandbox:
        settings = settings.with_defaults(database_url=BILLING_DATABASE)
    services = Services(settings, stripe_name="Stripe")
    try:
        with acting_as(services.access.command()):
            await _ACTIONS[chosen.action](services.access.tokens, chosen)
    finally:
        await services.aclose()


async def _create(tokens: Tokens, chosen: argparse.Namespace) -> None:
    days = None if chosen.never else chosen.days
    created = await tokens.create(chosen.name, Role(chosen.role), days)
    token = created.token
    until = f"until {_day(token.expires_at)}" if token.expires_at else "without an end"
    print(
        f"Created {token.id}: {token.name} is a {token.role} {until}. The token is shown only "
        "this once:",
        file=sys.stderr,
    )
    print(created.secret.get_secret_value())


async def _list(tokens: Tokens, _chosen: argparse.Namespace) -> None:
    rows = [HEADER, *(_row(token) for token in await tokens.all())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


async def _revoke(tokens: Tokens, chosen: argparse.Namespace) -> None:
    await tokens.revoke(chosen.id)
    print(f"Revoked {chosen.id}.")


_ACTIONS = {"create": _create, "list": _list, "revoke": _revoke}


def _row(token: AccessToken) -> Sequence[str]:
    ends = _day(token.expires_at) if token.expires_at else "never"
    if token.revoked_at:
        ends = f"revoked {_day(token.revoked_at)}"
    used = _day(token.used_at) if token.used_at else "never"
    created = _day(token.created_at)
    return token.id, token.name, token.role, created, token.created_by, used, ends


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
