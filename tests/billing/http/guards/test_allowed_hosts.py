from __future__ import annotations

import timeit

import pytest

from billing.http.guards.allowed_hosts import AllowedHosts

ALLOWED = AllowedHosts(("box.lan", "dashboard"), "https://billing.example.com")


def refusal(host: str | None, origin: str | None = None, *, is_secure: bool = False) -> str | None:
    return ALLOWED.refusal(host, origin, is_secure=is_secure)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8501", "LocalHost:8501", "localhost.", "127.0.0.1:8501"),
        *("192.168.1.20:8501", "[::1]:8501", "[fe80::1%eth0]", "box.lan:8501", "dashboard"),
        *("billing.example.com", "BILLING.example.com.:443"),
    ],
)
def test_these_hosts_are_this_app(host: str) -> None:
    assert refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8501", "localhost.evil.example", "notlocalhost"),
        *("127.0.0.1.evil.example", "sub.billing.example.com", "billing.example.com.evil"),
        *("2130706433", "0x7f.1", "127.1"),  # browsers write these out before they ask
    ],
)
def test_any_other_name_is_refused_with_the_setting_that_allows_it(host: str) -> None:
    said = refusal(host)
    assert said is not None
    assert "BILLING_ALLOWED_HOSTS" in said


@pytest.mark.parametrize(
    "host",
    [
        *(None, "", " ", "localhost@evil.example", "localhost/x", "localhost:port", "localhost:-1"),
        *(
            "localhost:65536",
            "localhost:1:2",
            "[::1",
            "::1",
            "[localhost]",
            "[]",
            "löcal",
            "a" * 400,
        ),
        *("localhost,evil.example", "localhost\x00", "localhost..", "."),
    ],
)
def test_what_is_no_host_is_refused(host: str | None) -> None:
    assert refusal(host) is not None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", "http://localhost:8501"),
        ("localhost:8501", "HTTP://LOCALHOST:8501"),
        ("LOCALHOST.:8501", "http://localhost:8501"),
        ("192.168.1.20:8501", "http://192.168.1.20:8501"),
        ("[::1]:8501", "http://[::1]:8501"),
        ("dashboard", "http://dashboard"),
        ("dashboard:80", "http://dashboard"),
        ("dashboard", "http://dashboard:80"),
        ("dashboard", "https://dashboard"),  # through a proxy that speaks TLS
        ("billing.example.com", "https://billing.example.com"),
        ("127.0.0.1:8501", "https://billing.example.com"),  # through one that rewrites Host
        ("127.0.0.1:8501", "https://billing.example.com:443"),
    ],
)
def test_pages_of_the_address_asked_and_of_the_public_url_are_own(host: str, origin: str) -> None:
    assert refusal(host, origin) is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", "http://localhost:8502"),
        ("localhost:8501", "http://localhost"),
        ("localhost:8501", "http://127.0.0.1:8501"),
        ("localhost:8501", "http://evil.example:8501"),
        ("localhost:8501", "http://dashboard"),
        ("127.0.0.1:8501", "http://billing.example.com"),
        ("127.0.0.1:8501", "https://billing.example.com:8443"),
        ("localhost:8501", "http://localhost:8501/"),
        ("localhost:8501", "http://localhost:8501@evil.example"),
        ("localhost:8501", "http://evil.example\\@localhost:8501"),
        ("localhost:8501", "http://localhost:8501 http://evil.example"),
        *(("localhost:8501", origin) for origin in ("null", "", "http://[", "http://", "//", "file://",
          "ftp://localhost:8501", "http://localhost:99999", "http://localhost:x", "http://\xff",
          "chrome-extension://localhost:8501", "http://" + "a" * 400)),
    ],
)  # fmt: skip
def test_pages_of_any_other_address_are_refused(host: str, origin: str) -> None:
    said = refusal(host, origin)
    assert said is not None
    assert "Pages of other sites" in said
    assert ALLOWED.is_foreign(host, origin, is_secure=False)


def test_over_tls_a_page_without_tls_is_another_address() -> None:
    assert refusal("dashboard", "https://dashboard", is_secure=True) is None
    assert refusal("dashboard", "http://dashboard", is_secure=True) is not None


def test_without_a_public_url_only_the_address_asked_counts() -> None:
    bare = AllowedHosts()
    assert bare.refusal("10.0.0.5:8501", "http://10.0.0.5:8501", is_secure=False) is None
    assert bare.refusal("10.0.0.5:8501", "http://localhost:8501", is_secure=False) is not None


def test_a_public_url_in_other_letters_is_known_as_browsers_write_it() -> None:
    public = AllowedHosts(public_url="https://bücher.example:8443")
    origin = "https://xn--bcher-kva.example:8443"
    assert public.refusal("xn--bcher-kva.example", origin, is_secure=False) is None


def test_a_request_without_an_origin_is_nobodys_page() -> None:
    assert not ALLOWED.is_foreign("evil.example", None, is_secure=False)


def test_the_decision_costs_nothing_that_a_request_would_notice() -> None:
    def decide() -> None:
        refusal("localhost:8501", "http://localhost:8501")

    decide()
    assert min(timeit.repeat(decide, number=1_000, repeat=5)) / 1_000 < 10e-6
