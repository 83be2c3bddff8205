"""Identifiers are long, of Stripe's alphabet, and never the same."""

from __future__ import annotations

from collections import Counter

from stripe_sandbox.ids import ALPHABET, new_id, random_text


def test_an_id_is_its_prefix_and_random_characters() -> None:
    """Prefix, underscore, as many characters as asked for, no two alike."""
    made = {new_id("cus", 14) for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(len(one) == 18 and one.startswith("cus_") for one in made)
    assert set("".join(one[4:] for one in made)) <= set(ALPHABET)


def test_every_character_is_as_likely() -> None:
    """No letter of the alphabet is missing or much likelier than another."""
    counts = Counter(random_text(62_000))
    assert set(counts) == set(ALPHABET)
    assert min(counts.values()) > 800
    assert max(counts.values()) < 1_200
