"""``python -m billing check`` as people run it: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from billing.urls import webhook_url
from tests.support.servers.dashboard import OUR_SETTINGS, ROOT
from tests.support.servers.processes.forking import start_module
from tests.support.stripe_account import StripeAccount, always

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.servers.shop import Shop

ENDS_WITHIN = 60.0
KEY = "sk_test_of_a_stranger_and_long_ABCD"


def run(
    folder: Path, *arguments: str, settings: Mapping[str, str] | None = None, anew: bool = False
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not OUR_SETTINGS.match(name)}
    output, errors = folder / "output", folder / "errors"
    for file in (output, errors):
        file.write_text("")
    environment = inherited | {"PYTHONPATH": str(ROOT)} | dict(settings or {})
    running = start_module(["billing", *arguments], folder, environment, output, errors, anew=anew)
    running.join(ENDS_WITHIN)
    assert running.exitcode is not None
    return subprocess.CompletedProcess(
        arguments, running.exitcode, output.read_text(), errors.read_text()
    )


def settings_of(shop: Shop) -> dict[str, str]:
    settings = shop.server.services.settings
    return {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": "whsec_hidden",
        "STRIPE_API_BASE": settings.api_base or "",
        "STRIPE_PRICE_PRO_MONTHLY": settings.price_pro_monthly or "",
        "STRIPE_PRICE_EXTRA_CREDIT": settings.price_extra_credit or "",
        "PINGPOINT_PUBLIC_URL": "https://billing.example.com",
    }


def test_everything_in_order_exits_with_0(shop: Shop, tmp_path: Path) -> None:
    url = webhook_url("https://billing.example.com")
    shop.stripe.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    done = run(tmp_path, "check", settings=settings_of(shop))
    assert done.stdout.splitlines()[-1] == "Everything is set up."
    assert (done.returncode, done.stderr) == (0, "")


def test_something_wrong_exits_with_1_and_says_what_to_do(shop: Shop, tmp_path: Path) -> None:
    settings = settings_of(shop) | {"STRIPE_PRICE_PRO_MONTHLY": "prod_x"}
    done = run(tmp_path, "check", settings=settings)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if "Pro plan Price" in line]
    assert re.match(r"  error +Pro plan Price +STRIPE_PRICE_PRO_MONTHLY holds a Product", lines[at])
    assert re.match(r" +-> .*copy the ID of its Price", lines[at + 1])
    assert lines[-1] == "2 problems found."  # the endpoint is missing, too
    (at,) = [number for number, line in enumerate(lines) if "Webhook endpoint" in line]
    assert "-> Add an endpoint with this URL in the Stripe Dashboard" in lines[at + 1]
    assert "-> Or create it on the app's Setup page." in lines[at + 2]
    assert "here" not in "".join(lines[at : at + 3])


def test_a_missing_permission_exits_with_1_and_is_told_in_stripes_words(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.forbidden["GET /v1/events"] = "\"Events Read\" ('event_read')"
    settings = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": account.url} | {
        "STRIPE_PRICE_PRO_MONTHLY": "price_pro",
        "STRIPE_PRICE_EXTRA_CREDIT": "price_credit",
    }
    done = run(tmp_path, "check", settings=settings)
    assert done.returncode == 1
    assert re.search(r"^  error +Read Events +.*Enabling \"Events Read\"", done.stdout, re.M)


@pytest.mark.parametrize("fault", ["rate_limited", "failing"])
def test_a_trouble_that_passes_exits_with_3(
    shop: Shop, account: StripeAccount, tmp_path: Path, fault: str
) -> None:
    account.faults = always(fault)
    settings = settings_of(shop) | {"STRIPE_API_BASE": account.url}
    done = run(tmp_path, "check", settings=settings)
    wrong = run(tmp_path, "check", settings=settings | {"BILLING_MAX_CREDITS": "0"})
    assert (done.returncode, wrong.returncode) == (3, 1)
    assert done.stdout.splitlines()[-1] == "Some checks could not be completed."


def test_a_password_in_the_public_address_is_not_printed(shop: Shop, tmp_path: Path) -> None:
    settings = settings_of(shop) | {"PINGPOINT_PUBLIC_URL": "https://:hidden@billing.example.com"}
    done = run(tmp_path, "check", settings=settings)
    assert done.returncode == 1
    assert "PINGPOINT_PUBLIC_URL contains a user name or a password" in done.stdout
    assert "hidden" not in done.stdout


def test_the_columns_are_aligned(shop: Shop, tmp_path: Path) -> None:
    done = run(tmp_path, "check", settings=settings_of(shop))
    found = re.findall(r"^(  (?:ok|error|warning|unknown) +\S.*?  +)\S", done.stdout, re.M)
    assert len(found) == 13
    assert len(set(map(len, found))) == 1


def test_no_secret_is_printed_even_when_stripe_cannot_be_asked(shop: Shop, tmp_path: Path) -> None:
    for base in (settings_of(shop)["STRIPE_API_BASE"], "http://127.0.0.1:1"):
        done = run(tmp_path, "check", settings=settings_of(shop) | {"STRIPE_API_BASE": base})
        assert KEY not in done.stdout + done.stderr
        assert "hidden" not in done.stdout + done.stderr
        assert done.stderr == ""
        assert "ending in ABCD" in done.stdout


def test_with_nothing_set_it_tells_of_the_sandbox_and_exits_with_0(tmp_path: Path) -> None:
    done = run(tmp_path, "check", anew=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the app uses the local sandbox" in done.stdout
    assert "the local sandbox runs only while the app does" in done.stdout


def test_anything_else_gets_the_usage_and_exits_with_2(tmp_path: Path) -> None:
    for arguments in ((), ("chek",), ("check", "now")):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2
        assert "usage: python -m billing" in done.stderr
        assert done.stdout == ""
    usage = run(tmp_path, "--help").stdout
    assert "check" in usage
    assert "3  no problems found, but Stripe could not be reached" in usage
