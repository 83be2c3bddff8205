"""How often one address may try to sign in."""

from __future__ import annotations

from billing.http import attempts
from billing.http.attempts import AttemptLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def tried(limit: AttemptLimit, address: str | None, times: int) -> float:
    for _ in range(times):
        limit.count(address)
    return limit.retry_after(address)


def test_so_many_within_any_minute_and_then_the_oldest_has_to_pass() -> None:
    clock = Clock()
    limit = AttemptLimit(3, 60, clock=clock)
    assert tried(limit, "192.0.2.1", 2) == 0
    clock.now += 20
    assert tried(limit, "192.0.2.1", 1) == 40
    clock.now += 40
    assert limit.retry_after("192.0.2.1") == 0
    assert tried(limit, "192.0.2.1", 1) == 0
    assert tried(limit, "192.0.2.1", 1) == 20


def test_each_address_counts_for_itself_and_a_network_of_ipv6_as_one() -> None:
    limit = AttemptLimit(1, 60)
    assert tried(limit, "192.0.2.1", 1) > 0
    assert limit.retry_after("192.0.2.2") == 0
    assert tried(limit, "2001:db8::1", 1) > 0
    assert limit.retry_after("2001:db8::2") > 0
    assert limit.retry_after("2001:db8:0:1::1") == 0
    assert tried(limit, None, 1) > 0


def test_many_addresses_take_no_more_than_so_much_memory() -> None:
    limit = AttemptLimit(1, 60)
    for number in range(attempts.MOST_ADDRESSES + 1):
        limit.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert limit.retry_after("10.0.0.0") == 0
    assert limit.retry_after("10.0.0.1") > 0
