"""Pages in groups."""

from __future__ import annotations

from pages.components.frame.navigation import MOST_ABREAST, sections


def test_as_long_as_they_fit_all_pages_are_one_press_away_in_the_order_of_their_groups() -> None:
    groups = {"Sell": ["Billing"], "Look": ["Sessions", "Customers"], "Run": ["Test kit"]}
    assert sections(groups) == {"": ["Billing", "Sessions", "Customers", "Test kit"]}


def test_of_more_a_group_of_several_is_a_menu_and_a_single_page_stands_by_itself() -> None:
    many = [f"Page {number}" for number in range(MOST_ABREAST)]
    assert sections({"Sell": ["Billing"], "Look": many, "Run": ["Test kit"]}) == {
        "": ["Billing", "Test kit"],
        "Look": many,
    }


def test_a_group_without_a_page_is_not_shown() -> None:
    assert sections({"Sell": ["Billing"], "Manage": []}) == {"": ["Billing"]}
