"""Requests and answers without secrets: what of them may be stored and shown."""

from __future__ import annotations

import re
from itertools import chain, filterfalse
from typing import TYPE_CHECKING, Any

from billing.json_codec import dumps, loads
from billing.safe_text import SECRET, redact

if TYPE_CHECKING:
    from collections.abc import Sequence

# What such a name's value is, in whatever object it stands: of cards and bank accounts, and what
# signs or unlocks something.
_SECRET_NAMES = frozenset(
    (
        *("number", "cvc", "exp_month", "exp_year", "account_number", "routing_number"),
        *("iban", "bsb_number", "sort_code", "client_secret", "secret"),
    )
)
# One of these stands in whatever JSON text holds a secret: looking for those is quick, and most
# texts hold none. With a backslash anything may be written.
_HINTS = (
    *(b'number"', b'cvc"', b"exp_", b'iban"', b'sort_code"', b"\\"),
    *(b"k_test_", b"k_live_", b"k_org_", b"whsec_", b"_secret_"),
)
_SECRET_FIELD, _NO_SECRETS = b'secret"', (b'secret": null', b'secret":null')
# What is part of all of those, and quicker to look for.
_SIGNS = (b"number", b"cvc", b"exp_", b"iban", b"sort_code", b"\\", b"k_", b"sec")
# Between two fields: at the top of an object as Stripe prints it, and of one on one line.
_PRINTED, _ON_ONE_LINE = b'\n  "', b',"'
_USER_INFO = re.compile(rb'://[^/"?#\s]*@')
_CARD_NUMBER = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?!\w)")
# A text with each digit as 0, each letter of English as a and all else as a dot, and how the number
# of a card looks in that, in one or in groups. Ids look otherwise.
_SHAPES = (
    bytes(
        ord("0" if one.isdigit() else "a" if one.isalpha() or one == "_" else ".")
        for one in map(chr, range(128))
    )
    + b"." * 128
)
_DIGITS = b"0" * 13
_CARDS = (b"." + _DIGITS, b"0000.00")


def redacted_json(value: Any) -> str:
    """``value`` as JSON text, with each secret replaced by ``[secret]``: keys, signing and client
    secrets, numbers of cards and bank accounts, passwords in addresses."""
    return redacted_bodies([dumps(value).encode()], set())[0].decode()


def redacted_bodies(bodies: Sequence[bytes], harmless: set[bytes]) -> Sequence[bytes]:
    """JSON texts (empty ones stay so): each as it came where it holds no secret, else as
    ``redacted_json`` writes it. Of many it is found out once that none of them holds one.

    ``harmless`` are fields of objects that hold none, and these are added: most of an object's are
    the same in the next.
    """
    fields = chain.from_iterable(
        body.split(_PRINTED if b"\n" in body else _ON_ONE_LINE) for body in bodies
    )
    new = list(filterfalse(harmless.__contains__, fields))
    if not _may_hold_secret(b"\n".join((b"", *new))):
        harmless.update(new)
        return bodies
    if len(bodies) > 1:
        return [redacted_bodies((body,), harmless)[0] for body in bodies]
    return [dumps(_redacted(loads(body))).encode() for body in bodies]


def redacted_text(text: str) -> str:
    """Any other text without those that can be told by themselves."""
    return _CARD_NUMBER.sub(_unless_no_card, redact(text))


def _may_hold_secret(text: bytes) -> bool:
    for sign in _SIGNS:
        if sign in text:
            if _has_hint(text):
                return True
            break
    if b"@" in text and _USER_INFO.search(text):
        return True
    if _DIGITS not in text.translate(_SHAPES, b" -"):
        return False
    shapes = text.translate(_SHAPES)
    return any(shape in shapes for shape in _CARDS)


def _has_hint(text: bytes) -> bool:
    if any(hint in text for hint in _HINTS):
        return True
    return text.count(_SECRET_FIELD) > sum(map(text.count, _NO_SECRETS))


def _redacted(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _redacted(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_redacted(one, name) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if name in _SECRET_NAMES:
        return SECRET
    return redacted_text(value) if isinstance(value, str) else value


def _unless_no_card(found: re.Match[str]) -> str:
    """https://en.wikipedia.org/wiki/Luhn_algorithm"""
    digits = [int(one) for one in found[0] if one.isdigit()]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    return found[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else SECRET
