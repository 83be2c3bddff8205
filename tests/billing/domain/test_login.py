"""What a provider's claims say of somebody who signed in."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.login import Login

CLAIMS = {"iss": "https://id.example.com", "sub": "1", "iat": 1_800_000_000, "nonce": "a"}


def login(**claims: Any) -> Login:
    found = Login.from_claims(CLAIMS | claims)
    assert found is not None
    return found


@pytest.mark.parametrize("missing", ["iss", "sub", "iat"])
def test_claims_without_what_every_id_token_has_name_nobody(missing: str) -> None:
    assert Login.from_claims({name: CLAIMS[name] for name in CLAIMS if name != missing}) is None


def test_each_sign_in_of_a_person_is_one_of_its_own() -> None:
    first, again, other = login(), login(iat=1_800_000_001), login(nonce="b")
    assert len({first.key, again.key, other.key}) == 3
    assert first.subject == again.subject == other.subject
    assert first.key == login(email="new@example.com").key


def test_the_same_number_at_another_provider_is_another_person() -> None:
    assert login().subject != login(iss="https://elsewhere.example").subject
    assert login(iss="a", sub="b\nc").subject != login(iss="a\nb", sub="c").subject


@pytest.mark.parametrize("verified", [False, "false"])
def test_an_email_that_the_provider_has_not_verified_gives_no_role(verified: object) -> None:
    unverified = login(email="ann@example.com", email_verified=verified)
    assert (unverified.email, unverified.name) == ("", "ann@example.com")


@pytest.mark.parametrize("verified", [{}, {"email_verified": True}, {"email_verified": "true"}])
def test_an_email_counts_where_the_provider_says_nothing_else(verified: dict[str, object]) -> None:
    assert login(email=" ann@example.com ", **verified).email == "ann@example.com"


def test_somebody_without_an_email_has_a_name_all_the_same() -> None:
    assert login(preferred_username="ann", name="Ann").name == "ann"
    assert login(name="Ann").name == "Ann"
    assert login(email=["?"]).name == "1"


def test_groups_are_a_list_or_a_single_name() -> None:
    assert login(groups=["payments", 7]).groups == ("payments", "7")
    assert login(groups="payments").groups == ("payments",)
    assert login(groups={"?": 1}).groups == login().groups == ()
