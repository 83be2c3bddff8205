"""Signed deliveries whose events were made worse in every way that came to mind."""

from __future__ import annotations

import copy
import json
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import stripe

from benchmarks.stripe.answers import past_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JSON = dict[str, Any]

SESSIONS = 1_000  # that the events are about
LONG = 20_000
TYPES = (
    *("checkout.session.completed", "checkout.session.expired", "payment_intent.created"),
    *("checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"),
    *("invoice.paid", "charge.failed", "plan.deleted"),
)
# Written out in place of a value.
LITERALS = (
    *("null", "true", "false", "0", "-1", "-0", "1.5", "1e5", "01", "1e400", "-1e400", "NaN"),
    *("Infinity", "-Infinity", "9" * 19, "9" * 25, "-" + "9" * 25, "9" * 400, "9" * 5_000),
    *(str(2**31), str(2**63), str(2**64), str(-(2**63) - 1), "1" + "0" * 18, str(2**40)),
    *('""', r'"\u0000"', r'"\ud83d"', r'"\udc00 half"', r'"\ud83c\udf88"', r'"a\nb\u001b[31m"'),
    *('"🎈"', '"\u202eright to left"', '"' + "x" * LONG + '"', '"; DROP TABLE events; --"'),
    *('"sk_test_of_nobody"', '"../../etc/passwd"', '"<script>alert(1)</script>"', "undefined"),
    *("[]", "{}", "[[]]", '{"id": 7}', '{"object": "list"}', "[null]", '{"": {"": []}}'),
    *("[" * 100 + "]" * 100, "[" * 300 + "]" * 300, "[" * 990 + "]" * 990),
    *("[" * LONG + "]" * LONG, "[" * LONG, '{"a":' * 500 + "1" + "}" * 500),
)
PLACE = "put-the-literal-here"


@dataclass(frozen=True)
class Delivery:
    """A request's body and the values of its ``Stripe-Signature`` header lines."""

    body: bytes
    signatures: list[bytes]


def good_event(number: int, now: int) -> JSON:
    """An event as Stripe would send it."""
    return {
        "id": f"evt_{number:024d}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": now,
        "data": {"object": past_session(number % SESSIONS, now - number % SESSIONS)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    }


def signed(body: bytes, secret: str) -> Delivery:
    """The delivery of a body that is right in every way."""
    return Delivery(body, [_signature(body, secret).encode()])


def mutated(count: int, secret: str, seed: int) -> Iterator[Delivery]:
    """So many deliveries, the same for the same ``seed`` but for the time in them. Nearly all are
    signed for what they hold; of the others the signature was made worse."""
    chance = random.Random(seed)  # noqa: S311 - the same deliveries every time
    for number in range(count):
        event = good_event(number, int(time.time())) | {"type": chance.choice(TYPES)}
        if not chance.randrange(10):
            event |= chance.choice(({"account": "acct_2"}, {"context": "org_1/acct_2"}))
        text = json.dumps(event, indent=2, ensure_ascii=False)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            if chance.random() < 0.8:
                text = _with_literals(event, chance)
            else:
                text = chance.choice(ON_TEXT)(text, chance)
        body = text.encode(errors="surrogatepass")
        if not chance.randrange(15):
            body = chance.choice(ON_BYTES)(body, chance)
        signatures = [_signature(body, secret).encode()]
        if not chance.randrange(12):
            signatures = chance.choice(ON_SIGNATURE)(signatures[0], chance)
        yield Delivery(body, signatures)


def _signature(body: bytes, secret: str) -> str:
    text = body.decode(errors="replace")
    return str(stripe.WebhookSignature.generate_signature_header(text, secret))


def _with_literals(event: JSON, chance: random.Random) -> str:
    """The event with a value of it, or a key, replaced, taken away or doubled."""
    worse = copy.deepcopy(event)
    where, name = chance.choice(list(_places(worse)))
    inside = where[name]
    change = chance.randrange(10)
    if change == 0:
        del where[name]
    elif change == 1:
        where[chance.choice(("", "\x00", "é", "x" * 1_000, "created", "id", "data"))] = inside
    else:
        where[name] = PLACE
    text = json.dumps(worse, ensure_ascii=False)
    return text.replace(f'"{PLACE}"', chance.choice(LITERALS))


def _places(found: JSON) -> Iterator[tuple[JSON, str]]:
    """Every object and each name in it, however deep."""
    for name, value in found.items():
        yield found, name
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _places(one)


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _without_a_character(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + 1 :]


def _with_a_character(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice('{}[]",:\\0x\x00\x1b\n\u2028🎈') + text[at:]


ON_TEXT: tuple[Callable[[str, random.Random], str], ...] = (
    _cut,
    _without_a_character,
    _with_a_character,
    lambda text, _: text + "}",
    lambda text, _: text + text,
    lambda text, _: f"[{text}]",
    lambda text, _: "\ufeff" + text,
    lambda text, _: text.replace('"created"', '"created": 1, "created"'),
    lambda text, _: text.replace(":", " :\t"),
    lambda text, chance: text + " " * chance.choice((10, LONG, 1_200_000)),
    lambda text, _: text.upper(),
    lambda text, _: text[:0],
)


def _flipped(body: bytes, chance: random.Random) -> bytes:
    worse = bytearray(body or b" ")
    worse[chance.randrange(len(worse))] = chance.randrange(256)
    return bytes(worse)


ON_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flipped,
    lambda body, _: body + b"\xff\xfe",
    lambda body, _: body.decode(errors="replace").encode("utf-16"),
    lambda body, _: b"\xed\xa0\xbd" + body,
)

ON_SIGNATURE: tuple[Callable[[bytes, random.Random], list[bytes]], ...] = (
    lambda right, _: right.split(b","),
    lambda right, _: [right.replace(b",", b" ,\t")],
    lambda right, _: [right.replace(b"v1=", b"v1=\xe9\xff,v1=")],
    lambda right, _: [right.replace(b"v1=", b"v0=")],
    lambda right, _: [right.replace(b"v1=", b"v1=\xe9")],
    lambda right, _: [b"t=1" + right[right.index(b",") :]],
    lambda right, _: [b"t=" + b"9" * 400 + right[right.index(b",") :]],
    lambda right, _: [right[: right.index(b",")] + b",v1=" * 900],
    lambda right, chance: [right[: chance.randrange(len(right))]],
    lambda right, _: [right.upper()],
    lambda right, _: [b"\xff" * len(right)],
    lambda right, _: [right][:0],
)
