"""A sign-in by OIDC: what the provider said, and how long it counts here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_LENGTH = 200


@dataclass(frozen=True)
class Login:
    """What a provider's ID token says of somebody who signed in.

    ``key`` stands for this one sign-in, ``subject`` for the person at that provider. ``email`` is
    empty when there is none or the provider has not verified it; ``name`` is what to call them.
    """

    key: str
    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Login | None:
        """None when the claims name nobody. An ID token has ``iss``, ``sub`` and ``iat``:
        https://openid.net/specs/openid-connect-core-1_0.html#IDToken"""
        issuer, subject, issued_at = (claims.get(name) for name in ("iss", "sub", "iat"))
        if not issuer or not subject or not issued_at:
            return None
        email = _text(claims.get("email"))
        names = (email, *(_text(claims.get(name)) for name in ("preferred_username", "name")))
        # Absent where a provider vouches for each of its addresses, as Entra and Okta can.
        is_verified = str(claims.get("email_verified", True)).lower() != "false"
        groups = claims.get("groups")
        groups = [groups] if isinstance(groups, str) else groups
        return cls(
            # The nonce is Authlib's own: two sign-ins within a second are two all the same.
            key=_digest(issuer, subject, issued_at, claims.get("nonce", "")),
            subject=_digest(issuer, subject),
            name=next(filter(None, names), _text(subject)),
            email=email if is_verified else "",
            groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
        )


@dataclass(frozen=True)
class SignInRecord:
    """One sign-in as it is stored; times are Unix seconds, ``ended_at`` is set by signing out."""

    key: str
    subject: str
    email: str
    started_at: float
    seen_at: float
    address: str
    ended_at: float | None = None

    def is_valid(self, at: float, *, idle: float, absolute: float) -> bool:
        """Neither signed out, nor ``idle`` seconds without use, nor ``absolute`` seconds old."""
        return (
            self.ended_at is None and at < self.seen_at + idle and at < self.started_at + absolute
        )


def _text(value: object) -> str:
    return value.strip()[:NAME_LENGTH] if isinstance(value, str) else ""


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
