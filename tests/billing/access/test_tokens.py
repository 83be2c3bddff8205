"""Tokens of programs: created, shown once, taken, over, revoked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.datastructures import Headers

from billing.access.caller import Caller, acting_as
from billing.access.service import Access
from billing.access.tokens import Tokens
from billing.domain.access import SYSTEM, IdentityKind, Role
from billing.domain.durations import DAY
from billing.errors import InvalidInput, NotSignedIn
from billing.safe_text import redact
from billing.settings.loading import load_settings
from billing.store import Store
from billing.timings import DEFAULT_TIMINGS

NOW = 1_800_000_000.0
AT_ONCE = replace(DEFAULT_TIMINGS, token_max_age_seconds=0.0)


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def an_admin() -> object:
    with acting_as(Caller(SYSTEM)):
        yield


@pytest.mark.anyio
async def test_a_token_says_who_a_program_is_until_its_end(store: Store) -> None:
    clock = Clock()
    tokens = Tokens(store, AT_ONCE, clock=clock)
    created = await tokens.create("ci", Role.TESTER, days=2)
    secret = created.secret.get_secret_value()
    found = await tokens.identify(secret, "192.0.2.1")
    assert found is not None
    assert (found.name, found.kind, found.role) == ("ci", IdentityKind.TOKEN, Role.TESTER)
    assert found.address == "192.0.2.1"
    clock.now += 2 * DAY
    assert await tokens.identify(secret, None) is None
    assert await tokens.identify("bdt_" + "x" * 43, None) is None


@pytest.mark.anyio
async def test_a_revoked_token_is_refused_by_another_process_too(store: Store) -> None:
    here, elsewhere = Tokens(store, AT_ONCE), Tokens(store, AT_ONCE)
    created = await here.create("ci", Role.ADMIN, days=None)
    secret = created.secret.get_secret_value()
    assert await elsewhere.identify(secret, None)
    await here.revoke(created.token.id)
    assert await elsewhere.identify(secret, None) is None
    assert [token.revoked_at is not None for token in await here.all()] == [True]
    with pytest.raises(InvalidInput, match="revoked already"):
        await here.revoke(created.token.id)


@pytest.mark.anyio
async def test_the_list_says_when_a_token_was_used_last_and_holds_no_secret(store: Store) -> None:
    clock = Clock()
    tokens = Tokens(store, AT_ONCE, clock=clock)
    created = await tokens.create("ci", Role.VIEWER)
    secret = created.secret.get_secret_value()
    assert (await tokens.all())[0].used_at is None
    await tokens.identify(secret, None)
    listed = (await tokens.all())[0]
    assert listed.used_at == NOW
    assert listed.created_by == "system"
    assert secret not in repr(created) + repr(listed)
    assert secret not in redact(f"Authorization: {secret} and {secret}")


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "days"), [("", 1), ("x" * 101, 1), ("a\nb", 1), ("ci", 0)])
async def test_a_token_without_a_proper_name_or_end_is_not_created(
    store: Store, name: str, days: int
) -> None:
    tokens = Tokens(store)
    with pytest.raises(InvalidInput):
        await tokens.create(name, Role.VIEWER, days)
    assert await tokens.all() == []


@pytest.mark.anyio
async def test_of_a_route_the_token_counts_before_the_person(store: Store) -> None:
    settings = load_settings({"BILLING_USER_HEADER": "X-Email", "BILLING_ADMINS": "ann@x.com"})
    access = Access(settings, store)
    created = await access.tokens.create("ci", Role.VIEWER)
    secret = created.secret.get_secret_value()

    async def identify(**headers: str) -> tuple[str, str | None] | None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        identity = (await access.program_or_person(Headers(names), None)).identity
        return (identity.name, identity.role) if identity else None

    assert await identify() is None
    assert await identify(x_email="ann@x.com") == ("ann@x.com", Role.ADMIN)
    assert await identify(x_email="eve@x.com") == ("eve@x.com", None)
    both = {"x_email": "ann@x.com", "authorization": f"bearer {secret}"}
    assert await identify(**both) == ("ci", Role.VIEWER)
    # What a proxy passes on of its own is none of ours.
    assert await identify(x_email="ann@x.com", authorization="Bearer eyJhbGciOi") is not None
    for wrong in (f"Bearer {secret}x", "Bearer eyJhbGciOi"):
        with pytest.raises(NotSignedIn):
            await identify(authorization=wrong)
