"""A request as code that makes it again: run, it is the same request at the sandbox."""

from __future__ import annotations

import runpy
import shlex
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
import stripe

from billing.request_log.as_code import as_cli, as_curl, as_node, as_python
from billing.settings.model import STRIPE_API_BASE
from stripe_sandbox.parameters import form
from tests.support.copied_requests import CASES, FORM, MOUNT, VERSION, arrived, expected, logged
from tests.support.logged_request import REQUEST
from tests.support.stripe.sandbox_server import KEY, sandbox_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.stripe.sandbox_server import SandboxServer

each_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{method} {path}" for method, path, _ in CASES]
)
TYPED = '{"limit":3,"active":true,"created":{"gte":1},"ids":["p"],"type":null}'
AS_SENT = {"limit": "3", "active": "true", "created": {"gte": "1"}, "ids": ["p"]}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """At the address that it has in the product."""
    with sandbox_server(None, path=MOUNT) as running:
        yield running


def run_in_shell(command: str) -> None:
    curl = shutil.which("curl")
    assert curl, "curl is missing, which a test runs: install it (apt-get install curl)."
    subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": "/usr/bin:/bin", "STRIPE_SECRET_KEY": KEY, "HOME": "/nowhere"},
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip


@each_case
def test_the_copied_curl_makes_the_same_request(server: SandboxServer, case: Any) -> None:
    request = logged(*case)
    run_in_shell(as_curl(request, server.url + MOUNT))
    assert arrived(server) == expected(request, case[2])


def run_program(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "copied.py"
    program.write_text(text)
    monkeypatch.setenv("STRIPE_SECRET_KEY", KEY)
    with suppress(stripe.InvalidRequestError):  # about what it asks for, as the first time
        runpy.run_path(str(program))


@each_case
def test_the_copied_python_makes_the_same_request(
    server: SandboxServer, case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = logged(*case)
    run_program(as_python(request, server.url + MOUNT), tmp_path, monkeypatch)
    assert arrived(server) == expected(request, case[2])


def test_numbers_and_booleans_arrive_as_the_first_time(
    server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(logged("GET", "/v1/products", {}), params=TYPED)
    run_in_shell(as_curl(request, server.url + MOUNT))
    assert arrived(server) == expected(request, AS_SENT)
    run_program(as_python(request, server.url + MOUNT), tmp_path, monkeypatch)
    assert arrived(server) == expected(request, AS_SENT)


@each_case
def test_the_copied_cli_command_has_the_same_parameters(case: Any) -> None:
    request = logged(*case)
    written = as_cli(request, "http://localhost:8501/sandbox")
    if request.path.startswith("/v2"):
        assert written.startswith("#")  # it cannot
        return
    program, method, path, *words = shlex.split(written.replace(" \\\n", " "))
    options = list(zip(words[::2], words[1::2], strict=True))
    named = dict(options)
    assert (program, method) == ("stripe", request.method.lower())
    assert urlsplit(urljoin(named["--api-base"], path)).path == f"/sandbox{request.path}"
    assert named["--api-base"] == "http://127.0.0.1:8501"
    assert named["--stripe-version"] == VERSION
    pairs = [value.split("=", 1) for option, value in options if option == "-d"]
    assert as_tree(pairs) == case[2]


def as_tree(pairs: list[list[str]]) -> Any:
    """The fields of a form, with its arrays as lists."""

    def lists(found: Any) -> Any:
        if not isinstance(found, dict):
            return found
        inner = {name: lists(one) for name, one in found.items()}
        return list(inner.values()) if "0" in inner else inner

    return lists(form.decode(form.encode(dict(pairs))))


@pytest.mark.parametrize("write", [as_curl, as_cli, as_python, as_node])
def test_the_key_is_read_from_the_environment_alone(write: Any) -> None:
    written = write(logged("POST", "/v1/customers", FORM), STRIPE_API_BASE)
    assert "STRIPE_SECRET_KEY" in written
    assert "sk_" not in written
    assert REQUEST.idempotency_key not in written


def test_node_has_the_parameters_of_a_get_in_the_path() -> None:
    request = replace(logged("GET", "/v1/refunds", {}), params='{"limit":3}')
    assert '"GET", "/v1/refunds?limit=3", null' in as_node(request, STRIPE_API_BASE)
    assert "host: 'localhost', port: 1}" in as_node(request, "http://localhost:1")
