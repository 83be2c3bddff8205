"""A request as code that makes it again, without the key and with what a shell leaves alone."""

from __future__ import annotations

import shlex
from dataclasses import replace

from billing.request_log.as_code import as_cli, as_curl, as_node, as_python
from tests.support.logged_request import REQUEST

STRIPE = "https://api.stripe.com"
POST = replace(REQUEST, params='{"metadata":{"note":"it\'s $5"},"items":[{"price":"p"}]}')
GET = replace(POST, method="GET", path="/v1/refunds", params='{"limit":3}')


def test_curl_and_the_cli_send_the_same_fields() -> None:
    fields = ["metadata[note]=it's $5", "items[0][price]=p"]
    for written, option in (
        (as_curl(POST, STRIPE), "--data-urlencode"),
        (as_cli(POST, STRIPE), "-d"),
    ):
        words = shlex.split(written.replace("\\\n", " "))
        assert [words[at + 1] for at, word in enumerate(words) if word == option] == fields
        assert "$STRIPE_SECRET_KEY" in written
    assert as_curl(GET, STRIPE).endswith("-G")


def test_python_is_python_and_names_another_api() -> None:
    written = as_python(POST, "http://localhost:1/sandbox")
    compile(written, "copied", "exec")
    assert "base_addresses={\"api\": 'http://localhost:1/sandbox'}" in written


def test_node_has_the_parameters_of_a_get_in_the_path() -> None:
    assert '"/v1/refunds?limit=3")' in as_node(GET, STRIPE)
    assert "host: 'localhost', port: 1" in as_node(POST, "http://localhost:1")
