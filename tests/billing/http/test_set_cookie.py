"""Cookies of Streamlit's, given to the whole site and to TLS alone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from streamlit import config
from streamlit.web.server.starlette.starlette_auth_routes import _clear_auth_cookie

from billing.access.oidc.cookie import is_user_cookie
from billing.http.set_cookie import cookies_set, widened

SET = "_streamlit_user=abc; HttpOnly; Max-Age=2592000; Path=/app; SameSite=lax"
DELETED = (
    '_streamlit_user=""; expires=Fri, 27 Nov 2026 13:00:00 GMT; Max-Age=0; Path=/; SameSite=lax'
)
TOKENS = "_streamlit_user_tokens=def; HttpOnly; Max-Age=2592000; Path=/app; SameSite=lax"


def test_the_login_counts_for_the_whole_site_and_the_providers_tokens_for_the_pages() -> None:
    assert widened([SET, TOKENS], at_root=is_user_cookie, is_secure=False) == [
        "_streamlit_user=abc; Path=/; HttpOnly; Max-Age=2592000; SameSite=lax",
        "_streamlit_user_tokens=def; Path=/app; HttpOnly; Max-Age=2592000; SameSite=lax",
    ]


def test_behind_tls_none_is_sent_without_it() -> None:
    found = widened([SET, TOKENS + "; Secure"], at_root=is_user_cookie, is_secure=True)
    assert [one.count("Secure") for one in found] == [1, 1]


def test_a_deletion_for_the_whole_site_does_not_undo_what_is_set_after_it() -> None:
    [left] = widened([DELETED, SET], at_root=is_user_cookie, is_secure=False)
    assert left.startswith("_streamlit_user=abc; Path=/;")
    assert cookies_set([DELETED, SET]) == {"_streamlit_user": "abc"}
    assert cookies_set([SET, DELETED]) == {}


def test_streamlits_own_deletion_reaches_the_cookie_and_its_pieces_where_they_are_now() -> None:
    request = Request(
        {
            "type": "http",
            "headers": [(b"cookie", b"_streamlit_user=abc; _streamlit_user_1=def")],
        }
    )
    base_path = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "app")
    try:
        answer = Response()
        _clear_auth_cookie(answer, request)
    finally:
        config.set_option("server.baseUrlPath", base_path)
    headers = answer.headers.getlist("set-cookie")
    deleted = widened(headers, at_root=is_user_cookie, is_secure=True)
    for name in ("_streamlit_user", "_streamlit_user_1"):
        [one] = [header for header in deleted if header.startswith(f'{name}=""')]
        assert "Path=/;" in one
        assert "Max-Age=0" in one
    assert cookies_set(deleted) == {}
