"""Rolling a secret where the API cannot: a second endpoint replaces the first, step by step."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from billing.domain.events.endpoint import EVERY_TYPE, EndpointSecret, Payload, RollStep
from billing.endpoints.service import Endpoints
from billing.errors import InvalidInput
from billing.setup.webhook_checks import NEEDED_EVENTS
from billing.urls import webhook_url
from tests.support.servers.shop import Shop, idle_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = webhook_url("http://localhost:8501")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with idle_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_endpoints(shop: Shop) -> Iterator[None]:
    yield
    call = partial(_call, shop)
    for one in call(shop.services.endpoints.find).endpoints:
        call(shop.services.endpoints.delete, one.id)


def _call(shop: Shop, function: Any, *args: Any, **named: Any) -> Any:
    return shop.server.portal.call(partial(function, *args, **named))


def _add(shop: Shop, url: str, payload: Payload = Payload.SNAPSHOT) -> EndpointSecret:
    add = shop.services.endpoints.add
    made: EndpointSecret = _call(shop, add, url, payload, NEEDED_EVENTS, idempotency_key=_key())
    return made


def _roll(shop: Shop, endpoint_id: str, idempotency_key: str | None = None) -> EndpointSecret:
    start, key = shop.services.endpoints.rolls.start, idempotency_key or _key()
    made: EndpointSecret = _call(shop, start, endpoint_id, idempotency_key=key)
    return made


def _key() -> str:
    return str(uuid.uuid4())


def _with_secrets(shop: Shop, *secrets: SecretStr, written: tuple[SecretStr, ...]) -> Endpoints:
    """The use cases of an app that was started with these secrets, others being written now."""
    services = shop.services
    now = replace(services.settings, webhook_secrets=written)
    started = replace(services.settings, webhook_secrets=secrets)
    return Endpoints(started, services.gateway, services.store, lambda: now)


@pytest.mark.parametrize("payload", list(Payload))
def test_the_second_endpoint_is_off_until_this_app_has_its_secret_and_then_replaces_the_former(
    shop: Shop, payload: Payload
) -> None:
    former = _add(shop, HERE, payload)
    endpoints = shop.services.endpoints
    made = _roll(shop, former.id)
    old, new = former.secret, made.secret
    assert old != new

    def step(*secrets: SecretStr, written: tuple[SecretStr, ...] | None = None) -> RollStep:
        app = _with_secrets(shop, *secrets, written=written or secrets)
        (roll,) = _call(shop, app.find).rolls
        assert (roll.former.id, roll.replacement.id) == (former.id, made.id)
        assert roll.replacement.enabled_events == roll.former.enabled_events == NEEDED_EVENTS
        assert roll.replacement.payload is payload
        result: RollStep = roll.step
        return result

    assert not _call(shop, endpoints.find).get(made.id).is_enabled
    assert step(old) is RollStep.SET_SECRET
    assert step(old, written=(old, new)) is RollStep.RESTART
    assert step(old, new) is RollStep.TURN_ON
    _call(shop, endpoints.enable, made.id)
    assert step(old, new) is RollStep.DELETE_FORMER
    _call(shop, endpoints.delete, former.id)
    found = _call(shop, endpoints.find)
    assert [one.id for one in found.endpoints] == [made.id]
    assert not found.rolls
    assert found.endpoints[0].is_enabled


def test_of_another_programs_endpoint_nobody_here_knows_its_secrets(shop: Shop) -> None:
    former = _add(shop, "http://127.0.0.1:4242/webhook")
    endpoints = shop.services.endpoints
    made = _roll(shop, former.id)
    (roll,) = _call(shop, endpoints.find).rolls
    assert (roll.replacement.id, roll.step) == (made.id, RollStep.TURN_ON)


def test_one_press_creates_one_endpoint_and_another_press_none_while_a_roll_is_under_way(
    shop: Shop,
) -> None:
    former = _add(shop, HERE)
    key = _key()
    made = _roll(shop, former.id, key)
    assert _roll(shop, former.id, key) == made
    with pytest.raises(InvalidInput, match=made.id):
        _roll(shop, former.id)
    assert len(_call(shop, shop.services.endpoints.find).endpoints) == 2


def test_no_secret_is_stored_in_stripes_metadata(shop: Shop) -> None:
    former = _add(shop, HERE)
    made = _roll(shop, former.id)
    stored = shop.stripe.v1.webhook_endpoints.retrieve(made.id).to_dict()["metadata"]
    assert stored["replaces"] == former.id
    assert made.secret.get_secret_value() not in str(stored)
    assert made.secret.get_secret_value() not in repr(made)


def test_a_second_endpoint_at_an_address_is_refused_unless_it_is_of_the_other_payload(
    shop: Shop,
) -> None:
    first = _add(shop, HERE)
    add = shop.services.endpoints.add
    with pytest.raises(InvalidInput, match=first.id):
        _call(shop, add, f"{HERE}/", Payload.SNAPSHOT, EVERY_TYPE, idempotency_key=_key())
    thin = _call(shop, add, HERE, Payload.THIN, EVERY_TYPE, idempotency_key=_key())
    with pytest.raises(InvalidInput, match="at least one type"):
        _call(shop, add, "http://127.0.0.1:1/", Payload.THIN, (), idempotency_key=_key())
    found = _call(shop, shop.services.endpoints.find).endpoints
    assert {one.id for one in found} == {first.id, thin.id}
    assert all(one.leads_here for one in found)


def test_an_endpoint_of_another_program_has_the_accounts_version_and_our_own_the_one_we_speak(
    shop: Shop,
) -> None:
    ours, other = _add(shop, HERE), _add(shop, "http://127.0.0.1:4242/webhook")
    found = _call(shop, shop.services.endpoints.find)
    assert found.get(ours.id).api_version
    assert found.get(other.id).api_version is None
    assert [one.leads_here for one in found.endpoints] == [True, False]
