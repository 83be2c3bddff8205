"""Requests and answers without secrets: what of them may be stored and shown."""

from __future__ import annotations

import re
from typing import Any

from billing.json_codec import dumps, loads
from billing.safe_text import SECRET, redact

# What such a name's value is, in whatever object it stands: of cards and bank accounts, and what
# signs or unlocks something.
_SECRET_NAMES = frozenset(
    (
        *("number", "cvc", "exp_month", "exp_year", "account_number", "routing_number"),
        *("iban", "bsb_number", "sort_code", "client_secret", "secret"),
    )
)
# One of these stands in whatever JSON text holds a secret: looking for those is quick, and most
# texts hold none.
_HINTS = (
    *('number":', '"cvc":', '"exp_', '"iban":', '"sort_code":', 'secret":"'),
    *("k_test_", "k_live_", "k_org_", "whsec_", "_secret_"),
)
_USER_INFO = re.compile(r'://[^/"?#\s]*@')
_CARD_NUMBER = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?!\w)")
# A text with each digit as 0, each letter as a and all else as a dot, and how the number of a card
# looks in that, in one or in groups. Ids look otherwise.
_SHAPES = bytes(
    ord("0" if one.isdigit() else "a" if one.isalpha() or one == "_" else ".")
    for one in map(chr, range(128))
) + bytes([ord("a")] * 128)
_DIGITS = b"0" * 13
_CARDS = (b"." + _DIGITS, b"0000.00")


def redacted_json(value: Any) -> str:
    """``value`` as JSON text, with each secret replaced by ``[secret]``: keys, signing and client
    secrets, numbers of cards and bank accounts, passwords in addresses."""
    text = dumps(value)
    if not _may_hold_secret(text):
        return text
    return dumps(_redacted(loads(text)))


def redacted_text(text: str) -> str:
    """Any other text without those that can be told by themselves."""
    return _CARD_NUMBER.sub(_unless_no_card, redact(text))


def _may_hold_secret(text: str) -> bool:
    if any(hint in text for hint in _HINTS) or _USER_INFO.search(text):
        return True
    encoded = text.encode()
    if _DIGITS not in encoded.translate(_SHAPES, b" -"):
        return False
    shapes = encoded.translate(_SHAPES)
    return any(shape in shapes for shape in _CARDS)


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
