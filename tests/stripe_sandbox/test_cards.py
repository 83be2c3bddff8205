"""The table of test cards."""

from __future__ import annotations

from stripe_sandbox.payment_methods.cards import TEST_CARDS, find, passes_luhn


def test_every_number_is_there_once_and_right() -> None:
    """No number twice; each is a card number but for the one that stands for a wrong one."""
    numbers = [card.number for card in TEST_CARDS]
    assert len(set(numbers)) == len(numbers)
    assert [number for number in numbers if not passes_luhn(number)] == ["4242424242424241"]


def test_a_card_is_found_by_its_digits() -> None:
    """Test cards by their number, others not."""
    assert find("4242424242424242") is not None
    assert find("4111111111111111") is None


def test_luhn() -> None:
    """Right check digits pass; wrong ones, letters, foreign digits and wrong lengths do not."""
    assert passes_luhn("4111111111111111")
    for wrong in ("4111111111111112", "", "0", "x" * 16, "٤" * 16, "4" * 20):
        assert not passes_luhn(wrong)
