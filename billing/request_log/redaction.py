"""Requests and answers without secrets: what of them may be stored and shown."""

from __future__ import annotations

import re
from typing import Any

from billing.json_codec import dumps, loads
from billing.safe_text import SECRET, TOKEN_PREFIX, redact

# What such a name's value is, in whatever object it stands: of cards and bank accounts, and what
# signs or unlocks something.
_SECRET_NAMES = frozenset(
    (
        *("number", "cvc", "exp", "exp_month", "exp_year", "account_number", "routing_number"),
        *("iban", "bsb_number", "sort_code", "client_secret", "secret"),
    )
)
# One of these stands in whatever JSON text holds a secret: looking for those is quick, and most
# texts hold none.
_HINTS = (
    *('number":', '"cvc":', '"exp":', '"exp_', '"iban":', '"sort_code":', 'secret":"'),
    *("k_test_", "k_live_", "k_org_", "whsec_", "_secret_", TOKEN_PREFIX),
)
_USER_INFO = re.compile(r'://[^/"?#\s]*@')
_CARD_DIGITS = 13  # and up to 19
_CARD_NUMBER = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?![\w])")
# Leaves digits, as zeros, and what is no part of a number.
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))


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
    digits = text.encode().translate(_DIGITS, b" -")
    return b"0" * _CARD_DIGITS in digits


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
