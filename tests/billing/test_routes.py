"""The routes over HTTP: health, and what is answered where something is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from pydantic import SecretStr

from billing.errors import NotConfigured
from tests.billing.signed_events import event, webhook
from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import StripeAccount
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


CHECKOUT = "/api/billing/checkout"
WEBHOOK = "/api/billing/stripe/webhook"
ANSWERS_WITHIN = 60.0


def test_an_unknown_route_is_json_404(shop: Shop) -> None:
    answer = requests.get(f"{shop.url}/api/billing/nothing", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


def test_health_tells_mode_and_versions_and_no_secret(shop: Shop) -> None:
    answer = requests.get(f"{shop.url}/api/billing/health", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200
    assert answer.json()["database"] == "sqlite"
    assert answer.json()["stripe"] == "16.1.0"
    assert "sk_test" not in answer.text


def test_health_is_503_when_the_database_does_not_answer(tmp_path: Path) -> None:
    lost = SecretStr("sqlite:////proc/nowhere/billing.sqlite3")
    settings = working_settings(tmp_path, "http://127.0.0.1:9", database_url=lost)
    with billing_server(settings) as server:
        answers = [
            requests.get(f"{server.url}/api/billing/{name}", timeout=ANSWERS_WITHIN)
            for name in ("health", "ready")
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        assert "DATABASE_URL" in answer.json()["reason"]


def test_it_is_ready_once_the_copy_is_in_step(shop: Shop) -> None:
    def answer() -> requests.Response:
        return requests.get(f"{shop.url}/api/billing/ready", timeout=ANSWERS_WITHIN)

    wait_for(lambda: answer().ok, "a copy in step")
    assert answer().json()["status"] == "ready"


def test_what_nobody_foresaw_is_answered_in_json_and_the_log_tells_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(*_: object) -> str:
        raise ZeroDivisionError("of sk_test_of_the_tests")

    with billing_server(working_settings(tmp_path, "http://127.0.0.1:9")) as server:
        monkeypatch.setattr(server.services.webhooks, "receive", receive)
        answer = webhook(server.url, event(), "")
    assert answer.status_code == 500
    assert list(answer.json()) == ["error"]
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("STRIPE_SECRET_KEY", {"secret_key": None}),
        ("STRIPE_PRICE_PRO_MONTHLY", {"price_pro_monthly": None}),
        ("PINGPOINT_PUBLIC_URL", {"public_url": None}),
    ],
)
def test_a_missing_setting_is_500_and_names_itself_and_asks_nothing_of_stripe(
    tmp_path: Path, account: StripeAccount, setting: str, values: dict[str, Any]
) -> None:
    problem = NotConfigured(setting, f"{setting} is wrong.", "Mend it.")
    settings = working_settings(tmp_path, account.url, problems={setting: problem}, **values)
    with billing_server(settings) as server:
        answer = requests.post(f"{server.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Stripe is not configured on server"
    assert setting in answer.json()["reason"]
    assert account.idempotency_keys == []
