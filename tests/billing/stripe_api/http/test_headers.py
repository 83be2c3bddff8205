"""The headers of an answer are read as others read them."""

from __future__ import annotations

import pytest

from billing.stripe_api.http.headers import Headers

HEADERS = Headers(
    {b"request-id": b"req_1", b"vary": b"Origin", b"x-name": "Zo\xeb".encode("latin-1")}
)


@pytest.mark.parametrize("name", ["Request-Id", "request-id", "REQUEST-ID"])
def test_a_header_is_found_in_whatever_case_it_is_asked_for(name: str) -> None:
    assert HEADERS[name] == HEADERS.get(name) == "req_1"
    assert name in HEADERS


def test_a_header_that_did_not_come_is_missing() -> None:
    assert "Stripe-Should-Retry" not in HEADERS
    assert HEADERS.get("Stripe-Should-Retry") is None
    with pytest.raises(KeyError):
        HEADERS["Stripe-Should-Retry"]


def test_all_headers_can_be_copied() -> None:
    assert dict(HEADERS) == {"request-id": "req_1", "vary": "Origin", "x-name": "Zo\xeb"}
