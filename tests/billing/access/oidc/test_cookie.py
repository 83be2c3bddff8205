"""The cookie of ``st.login``, written by Streamlit's own functions and read by ours."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from billing.access.oidc.cookie import USER_COOKIE, LoginCookie, is_user_cookie

SECRET = "s" * 32
CLAIMS = {
    "iss": "https://id.example.com",
    "sub": "1",
    "iat": 1_800_000_000,
    "email": "ann@example.com",
    "is_logged_in": True,
    "origin": "http://localhost:8501",
}
READER = LoginCookie(SecretStr(SECRET))


def written(claims: dict[str, Any], secret: str = SECRET) -> dict[str, str]:
    """The cookies in which Streamlit stores these claims."""
    cookies: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    def store(name: str, value: str) -> None:
        cookies[name] = sign(name, value).decode()

    set_cookie_with_chunks(store, sign, USER_COOKIE_NAME, claims, cookie_attr_size=80)
    return cookies


def test_it_has_the_name_that_streamlit_gives_it() -> None:
    assert USER_COOKIE == USER_COOKIE_NAME


def test_it_says_who_signed_in() -> None:
    login = READER.login(written(CLAIMS))
    assert login is not None
    assert login.email == "ann@example.com"


def test_one_that_is_too_long_for_a_cookie_is_put_together_from_its_pieces() -> None:
    groups = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))) for number in range(200)]
    cookies = written(CLAIMS | {"groups": groups})
    assert len(cookies) > 2
    assert all(map(is_user_cookie, cookies))
    login = READER.login(cookies)
    assert login is not None
    assert login.groups == tuple(groups)
    del cookies[f"{USER_COOKIE}_2"]
    assert READER.login(cookies) is None


def test_a_forged_one_names_nobody() -> None:
    genuine = written(CLAIMS)[USER_COOKIE]
    payload, _, signature = genuine.rpartition(".")
    forged = [
        {},
        {USER_COOKIE: ""},
        {USER_COOKIE: payload},
        {USER_COOKIE: f"{payload}x.{signature}"},
        {"_streamlit_user_tokens": genuine},
        written(CLAIMS, secret="x" * 32),
        # Signed for another cookie, by the same secret.
        {USER_COOKIE: create_signed_value(SECRET, "other", "{}").decode()},
        {USER_COOKIE: create_signed_value(SECRET, USER_COOKIE, "no JSON").decode()},
        {USER_COOKIE: create_signed_value(SECRET, USER_COOKIE, "[]").decode()},
        written(CLAIMS | {"is_logged_in": False}),
    ]
    assert [READER.login(cookies) for cookies in forged] == [None] * len(forged)


@pytest.mark.parametrize("name", ["_streamlit_user_tokens", "_streamlit_user_tokens_1", "x"])
def test_other_cookies_of_streamlit_are_none_of_it(name: str) -> None:
    assert not is_user_cookie(name)
