"""Who may call a use case, and what the audit log says of it."""

from __future__ import annotations

import asyncio

import pytest

from billing.access.caller import Caller, acting_as, check, current_identity, requires
from billing.domain.access import AuditEntry, Identity, IdentityKind, Permission, Role
from billing.errors import InvalidInput, NotAllowed, NotSignedIn

VIEWER = Identity("ann@example.com", IdentityKind.OIDC, Role.VIEWER, "192.0.2.1")
TESTER = Identity("bob@example.com", IdentityKind.OIDC, Role.TESTER, "192.0.2.2")
UNKNOWN = Identity("eve@example.com", IdentityKind.OIDC, None, "192.0.2.3")


class Log(list[AuditEntry]):
    def record(self, entry: AuditEntry) -> None:
        self.append(entry)

    @property
    def lines(self) -> list[tuple[str, ...]]:
        return [(one.identity, one.action, one.object_id, one.result) for one in self]


class Shop:
    @requires(Permission.VIEW)
    async def read(self) -> str:
        return "read"

    @requires(Permission.REFUND, on="payment")
    async def refund(self, payment: str, *, amount: int = 0) -> str:
        if amount < 0:
            raise InvalidInput("Less than nothing")
        return f"{payment} by {getattr(current_identity(), 'name', None)}"

    @requires(Permission.MOVE_CLOCK)
    def move_clock(self) -> str:
        return "moved"

    @requires(Permission.SELL, on="item.name", does="Send {item.name} to {place}")
    async def send(self, item: Permission, *, place: str) -> str:
        if not place:
            raise InvalidInput("Nowhere")
        return item.name

    @requires(Permission.RUN_SCENARIOS, on="name")
    def scenario(self, *, name: str) -> str:
        return self.move_clock() + asyncio.run(self.refund(name))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.mark.anyio
async def test_what_is_done_is_logged_with_its_object_and_reading_is_not(log: Log) -> None:
    with acting_as(Caller(TESTER, log)):
        assert await Shop().read() == "read"
        assert await Shop().refund("pi_1") == "pi_1 by bob@example.com"
    assert log.lines == [("bob@example.com", "refund", "pi_1", "done")]
    assert (log[0].role, log[0].kind, log[0].address) == ("tester", "oidc", "192.0.2.2")


@pytest.mark.anyio
async def test_a_failure_is_logged_with_its_reason(log: Log) -> None:
    with acting_as(Caller(TESTER, log)), pytest.raises(InvalidInput):
        await Shop().refund(payment="pi_1", amount=-1)
    assert log.lines == [("bob@example.com", "refund", "pi_1", "failed")]
    assert log[0].detail == "Less than nothing"


@pytest.mark.anyio
async def test_what_a_permission_leaves_open_is_logged_whatever_came_of_it(log: Log) -> None:
    with acting_as(Caller(TESTER, log)):
        await Shop().send(Permission.PAY, place="Rome")
        with pytest.raises(InvalidInput):
            await Shop().send(Permission.PAY, place="")
    with acting_as(Caller(VIEWER, log)), pytest.raises(NotAllowed):
        await Shop().send(Permission.PAY, place="Oslo")
    assert [one.object_id for one in log] == ["PAY", "PAY", "PAY"]
    done, failed, refused = [one.detail for one in log]
    assert (done, failed) == ("Send PAY to Rome", "Send PAY to : Nowhere")
    assert refused.startswith("Send PAY to Oslo: The role tester is needed")


@pytest.mark.anyio
@pytest.mark.parametrize("somebody", [VIEWER, UNKNOWN])
async def test_a_role_too_low_is_refused_and_logged(log: Log, somebody: Identity) -> None:
    with acting_as(Caller(somebody, log)), pytest.raises(NotAllowed, match="role tester is needed"):
        await Shop().refund("pi_1")
    assert log.lines == [(somebody.name, "refund", "pi_1", "refused")]


@pytest.mark.anyio
async def test_whom_nobody_knows_may_not_even_read(log: Log) -> None:
    with acting_as(Caller(None, log, "192.0.2.9")), pytest.raises(NotSignedIn):
        await Shop().read()
    assert log.lines == [("stranger", "view", "", "refused")]
    assert log[0].address == "192.0.2.9"


def test_a_call_that_names_no_caller_is_refused() -> None:
    token = acting_as(Caller(None))
    with token, pytest.raises(NotSignedIn):
        check(Permission.VIEW)


def test_what_a_permitted_use_case_calls_is_permitted_and_logged_as_that(log: Log) -> None:
    with acting_as(Caller(TESTER, log)):
        with pytest.raises(NotAllowed):
            Shop().move_clock()
        assert Shop().scenario(name="pi_1").startswith("moved")
        with pytest.raises(NotAllowed):
            Shop().move_clock()
    assert log.lines == [
        ("bob@example.com", "move_clock", "", "refused"),
        ("bob@example.com", "run_scenarios", "pi_1", "done"),
        ("bob@example.com", "move_clock", "", "refused"),
    ]
