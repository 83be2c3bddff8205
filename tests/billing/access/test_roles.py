"""Who has which role, and how people sign in, as the settings say."""

from __future__ import annotations

import pytest

from billing.access.mode import AccessMode, access_mode, sign_in_problem
from billing.access.roles import RoleAssignments
from billing.domain.access import Identity, IdentityKind, Permission, Role
from billing.settings.loading import load_settings

OIDC = {
    "BILLING_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "BILLING_OIDC_CLIENT_ID": "billing",
    "BILLING_OIDC_CLIENT_SECRET": "kept-to-itself",
    "BILLING_COOKIE_SECRET": "c" * 32,
}
HEADER = {"BILLING_USER_HEADER": "X-Email"}


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_those_below_it_may_and_nothing_above(role: Role) -> None:
    somebody = Identity("ann@example.com", IdentityKind.PROXY, role)
    for permission in Permission:
        assert somebody.may(permission) is role.covers(permission.role)
        assert (somebody.refusal(permission) is None) is role.covers(permission.role)


def test_a_refusal_names_the_role_that_is_needed_and_the_one_that_is_there() -> None:
    viewer = Identity("ann@example.com", IdentityKind.PROXY, Role.VIEWER)
    assert viewer.refusal(Permission.REFUND) == (
        "The role tester is needed to refund payments; ann@example.com is a viewer."
    )


@pytest.mark.parametrize(
    ("email", "groups", "role"),
    [
        ("ann@example.com", (), Role.ADMIN),
        ("Ann@Example.COM", (), Role.ADMIN),
        ("bob@example.com", (), Role.VIEWER),
        ("bob@example.com", ("QA",), Role.TESTER),
        ("bob@example.com", ("qa",), Role.VIEWER),  # groups are what the provider calls them
        ("eve@elsewhere.com", (), None),
        ("eve@elsewhere.com", ("QA",), Role.TESTER),
        ("eve@evil.example.com", (), None),
        ("eve@evil@example.com", (), Role.VIEWER),  # the domain is what follows the last @
        ("@example.com", (), None),
        ("group:QA", (), None),
        ("example.com", (), None),
        ("", (), None),
    ],
)
def test_the_highest_role_that_fits_counts(
    email: str, groups: tuple[str, ...], role: Role | None
) -> None:
    settings = load_settings(
        {
            "BILLING_ADMINS": "Ann@example.com",
            "BILLING_TESTERS": "group:QA",
            "BILLING_VIEWERS": "@example.com",
        }
    )
    assert RoleAssignments(settings).role_of(email, groups) is role


def test_whom_to_ask_for_a_role_are_the_admins_whose_emails_are_known() -> None:
    named = load_settings({"BILLING_ADMINS": "ann@example.com,group:ops"})
    assert RoleAssignments(named).whom_to_ask() == "Ask ann@example.com."
    unnamed = RoleAssignments(load_settings({"BILLING_ADMINS": "group:ops"})).whom_to_ask()
    assert "BILLING_VIEWERS" in unnamed


@pytest.mark.parametrize(
    ("environment", "mode", "wrong"),
    [
        ({}, AccessMode.LOCAL, None),
        ({"BILLING_ALLOW_ANONYMOUS": "1"}, AccessMode.ANONYMOUS, None),
        ({"BILLING_ALLOW_ANONYMOUS": "0"}, AccessMode.LOCAL, None),
        ({"BILLING_ALLOW_ANONYMOUS": "everybody"}, AccessMode.LOCAL, "BILLING_ALLOW_ANONYMOUS"),
        (HEADER, AccessMode.PROXY, None),
        ({"BILLING_USER_HEADER": "X Email"}, AccessMode.LOCAL, "BILLING_USER_HEADER"),
        (OIDC, AccessMode.OIDC, None),
        (OIDC | {"BILLING_ALLOW_ANONYMOUS": "1"}, AccessMode.OIDC, None),
        (OIDC | {"BILLING_COOKIE_SECRET": ""}, AccessMode.LOCAL, "BILLING_COOKIE_SECRET"),
        (OIDC | {"BILLING_COOKIE_SECRET": "short"}, AccessMode.LOCAL, "BILLING_COOKIE_SECRET"),
        (OIDC | {"BILLING_OIDC_CLIENT_ID": ""}, AccessMode.LOCAL, "BILLING_OIDC_CLIENT_ID"),
        (OIDC | HEADER, AccessMode.LOCAL, "BILLING_USER_HEADER"),
        ({"BILLING_COOKIE_SECRET": "c" * 32}, AccessMode.LOCAL, None),
    ],
)
def test_the_way_to_sign_in_is_the_one_that_is_set_whole(
    environment: dict[str, str], mode: AccessMode, wrong: str | None
) -> None:
    settings = load_settings(environment)
    problem = sign_in_problem(settings)
    assert access_mode(settings) is mode
    assert (problem.setting if problem else None) == wrong
