"""Filters in the address, on a page of their own."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page_with_filters() -> None:
    import streamlit as st

    from pages.components.query_params import QueryFilters, QueryParam, one_of

    filters = QueryFilters(
        "page",
        (
            QueryParam("color", "color", one_of([("r", "Red"), ("g", "Green")])),
            QueryParam("q", "q"),
        ),
        former=("colour",),
    )
    filters.restore()
    color_key = filters.widget("color", filters.values("color"))
    st.multiselect("Color", ["r", "g"], key=color_key, on_change=filters.write)
    st.text_input("Search", key=filters.widget("q", filters.value("q")), on_change=filters.write)
    filters.show_ignored()
    filters.clear_button()


def opened(**query: str | list[str]) -> AppTest:
    page = AppTest.from_function(page_with_filters)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize("value", ["r", "R", " red ", ["Red", "r"]])
def test_a_widget_shows_options_of_the_address_by_value_or_label(value: str) -> None:
    page = opened(color=value)
    assert page.multiselect[0].value == ["r"]
    assert page.query_params["color"] == value
    assert not page.warning


def test_a_change_writes_all_filters_and_drops_former_parameters() -> None:
    page = opened(color=["Red", "g"], colour="red", other="1")
    page.text_input[0].set_value(" shoes ").run()
    assert page.query_params == {"color": ["r", "g"], "q": "shoes", "other": "1"}


def test_what_means_nothing_is_named_and_the_rest_applies() -> None:
    page = opened(color=["pink", "g"])
    assert page.multiselect[0].value == ["g"]
    assert "`pink` is not a valid color." in page.warning[0].value


def test_clearing_leaves_other_parameters() -> None:
    page = opened(color="g", q="shoes", other="1")
    page.button[0].click().run()
    assert page.query_params == {"other": "1"}
    assert (page.multiselect[0].value, page.text_input[0].value) == ([], "")
