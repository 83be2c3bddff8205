"""Pages in groups."""

from __future__ import annotations

from pages.components.frame.navigation import sections


def test_a_group_of_several_pages_is_a_menu_and_a_single_page_stands_by_itself() -> None:
    groups = {"Sell": ["Billing"], "Look": ["Sessions", "Customers"], "Run": ["Test kit"]}
    assert sections(groups) == {"": ["Billing", "Test kit"], "Look": ["Sessions", "Customers"]}


def test_a_group_without_a_page_is_not_shown() -> None:
    assert sections({"Sell": ["Billing"], "Manage": []}) == {"": ["Billing"]}
