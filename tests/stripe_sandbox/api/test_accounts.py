"""The sandbox's own account, by its name in the path and in headers, and any other one."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused


@pytest.mark.parametrize("header", ["stripe_account", "stripe_context"])
def test_a_request_may_name_the_accounts_own_id(shared_server: SandboxServer, header: str) -> None:
    """It is the account that is meant anyway; the answer to `Stripe-Account` says so."""
    account = shared_server.stripe.v1.accounts.retrieve_current().id
    options: Any = {header: account}
    made = shared_server.stripe.v1.customers.create({"name": "Ann"}, options)
    assert shared_server.stripe.v1.customers.retrieve(made.id).name == "Ann"
    assert made.last_response is not None
    answered = made.last_response.headers.get("stripe-account")
    assert answered == (account if header == "stripe_account" else None)


@pytest.mark.parametrize("header", ["stripe_account", "stripe_context"])
def test_another_account_is_refused_as_a_key_without_access_to_it(
    shared_server: SandboxServer, header: str
) -> None:
    """403 `account_invalid`; the message shows no more of the key than its ends."""
    service = shared_server.stripe.v1
    options: Any = {header: "acct_other"}
    for call in (
        lambda: service.customers.create({"name": "Ann"}, options),
        lambda: service.accounts.retrieve("acct_other"),
    ):
        error = refused(call)
        assert isinstance(error, stripe.PermissionError)
        assert (error.http_status, error.error and error.error.code) == (403, "account_invalid")
        assert error.user_message == (
            "The provided key 'sk_test_***dbox' does not have access to account 'acct_other' (or "
            "that account does not exist). Application access may have been revoked."
        )


def test_the_account_is_retrieved_by_its_id_and_has_no_connected_ones(
    shared_server: SandboxServer,
) -> None:
    """`GET /v1/account`, `GET /v1/accounts/:id` and an empty list."""
    accounts = shared_server.stripe.v1.accounts
    own = accounts.retrieve_current()
    assert accounts.retrieve(own.id).to_dict() == own.to_dict()
    assert accounts.list().data == []
