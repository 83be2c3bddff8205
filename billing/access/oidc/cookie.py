"""The cookie in which Streamlit's ``st.login`` stores who has signed in.

It is JSON of the ID token's claims, signed by itsdangerous with the cookie's name as salt. Where
that is too long for one cookie, it says ``chunks-N``, and N others hold the pieces.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer

from billing.domain.login import Login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

USER_COOKIE = "_streamlit_user"
_NAMES = re.compile(rf"{USER_COOKIE}(_\d+)?")
_CHUNKS = re.compile(r"chunks-(\d+)")


def is_user_cookie(name: str) -> bool:
    """It is that cookie, or holds a piece of it."""
    return bool(_NAMES.fullmatch(name))


class LoginCookie:
    """Reads the cookie; ``secret`` is Streamlit's ``cookie_secret``."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret

    def login(self, cookies: Mapping[str, str]) -> Login | None:
        """Who signed in, by the cookies of a request; None where there is none, or a forged one.

        How old it may be is not decided here.
        """
        value = self._signed(cookies, USER_COOKIE)
        if value and (match := _CHUNKS.fullmatch(value)):
            names = (f"{USER_COOKIE}_{number}" for number in range(1, int(match[1]) + 1))
            pieces = [self._signed(cookies, name) for name in names]
            value = None if None in pieces else "".join(filter(None, pieces))
        if not value:
            return None
        try:
            claims = json.loads(value)
        except ValueError:
            return None
        if not isinstance(claims, dict) or not claims.get("is_logged_in"):
            return None
        return Login.from_claims(claims)

    def _signed(self, cookies: Mapping[str, str], name: str) -> str | None:
        serializer = URLSafeTimedSerializer(self._secret.get_secret_value(), salt=name)
        try:
            value = serializer.loads(cookies.get(name, ""))
        except BadSignature:
            return None
        return value if isinstance(value, str) else None
