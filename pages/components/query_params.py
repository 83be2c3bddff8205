"""Filters in the address: a link opens the same view, and so does coming back from another page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.components.rerun import request_page_rerun
from pages.components.text.markdown import code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True)
class QueryParam:
    """A filter's ``name`` in the address and its ``label`` in a notice. ``parse`` returns the
    canonical form of a value in a link, None where the value means nothing."""

    name: str
    label: str
    parse: Callable[[str], str | None] = str.strip


@dataclass(frozen=True)
class QueryFilters:
    """The filters of one ``page``; the name begins their widgets' keys. ``former`` are parameters
    of old links: the page translates them, and the next change removes them.

    Streamlit's own ``bind="query-params"`` writes an option's label and takes nothing else.
    """

    page: str
    params: tuple[QueryParam, ...]
    former: tuple[str, ...] = ()

    def restore(self) -> None:
        """On coming back from another page without a filter in the address, filter as before.
        Call it before the widgets are drawn."""
        came_back = not any(self._key(param.name) in st.session_state for param in self.params)
        if came_back and not self.is_active:
            self._replace(st.session_state.get(f"{self.page}_filters", {}))
        self._remember()

    def values(self, name: str) -> list[str]:
        """What the address asks for under that name, in canonical form, each value once."""
        (param,) = (one for one in self.params if one.name == name)
        parsed = (param.parse(value) for value in st.query_params.get_all(name))
        return list(dict.fromkeys(value for value in parsed if value))

    def value(self, name: str) -> str:
        """The same of a filter that has one value; the last one counts."""
        return ["", *self.values(name)][-1]

    def widget(self, name: str, value: object) -> str:
        """The key for the widget of that filter, which then shows ``value``. Its ``on_change`` is
        ``write``."""
        key = self._key(name)
        if st.session_state.get(key) != value:
            st.session_state[key] = value
        return key

    def search(self, name: str, label: str, *, longest: int, **how: Any) -> str:
        """Draw a field for a text of at most so many characters; what the address asks for, or what
        has just been written. ``how`` is that of ``st.text_input``."""
        key = self.widget(name, self.value(name))
        options: dict[str, Any] = {"label_visibility": "collapsed", "max_chars": longest} | how
        text: str = st.text_input(label, type="search", key=key, on_change=self.write, **options)
        return text.strip()

    def choice(self, name: str, label: str, options: Mapping[str, str], **how: Any) -> None:
        """Draw a list of which one is chosen; ``options`` are values with their labels, the first
        for any. A value of the address that is none of them is its own label."""
        chosen = self.value(name)
        st.selectbox(
            label,
            list(dict.fromkeys((*options, chosen))),
            format_func=lambda option: options.get(option, option),
            key=self.widget(name, chosen),
            on_change=self.write,
            **how,
        )

    def pills(self, name: str, label: str, options: Mapping[str, str]) -> list[str]:
        """Draw pills of which several may be chosen; those that are."""
        return st.pills(
            label,
            list(options),
            format_func=options.__getitem__,
            selection_mode="multi",
            key=self.widget(name, self.values(name)),
            on_change=self.write,
            label_visibility="collapsed",
            wrap=True,
        )

    def write(self) -> None:
        """As a widget's callback: have the address ask for what all widgets show."""
        # Not only for the one that changed: after quick clicks the browser's address is outdated.
        keys = {param.name: self._key(param.name) for param in self.params}
        self._replace(
            {
                name: _in_address(st.session_state[key])
                for name, key in keys.items()
                if key in st.session_state
            }
        )

    def replace(self, name: str, values: list[str]) -> None:
        """Have the address ask for these values under that name; for any where there are none."""
        self._replace({name: values})

    def choose(self, name: str, values: list[str]) -> None:
        """The same; as a callback, also in a fragment."""
        self._replace({name: values})
        request_page_rerun()

    @property
    def is_active(self) -> bool:
        """The address asks for less than everything."""
        return any(st.query_params.get_all(param.name) for param in self.params)

    def clear(self) -> None:
        """Have the address ask for everything; as a callback, also in a fragment."""
        self._replace({param.name: [] for param in self.params})
        request_page_rerun()

    def clear_button(self) -> None:
        """The button that clears every filter."""
        st.button(
            "Clear filters",
            key=f"{self.page}_clear",
            type="tertiary",
            icon=":material/filter_alt_off:",
            on_click=self.clear,
        )

    def show_ignored(self) -> None:
        """A notice of what in the address means nothing; the rest of it holds."""
        ignored = [
            f"{code(value[:60])} is not a valid {param.label}"
            for param in self.params
            for value in st.query_params.get_all(param.name)
            if value and param.parse(value) is None
        ]
        if ignored:
            st.warning(
                f"{'; '.join(ignored)}. The other filters of the link apply.",
                title="Unknown filter in the link",
                icon=":material/link_off:",
            )

    def _key(self, name: str) -> str:
        return f"{self.page}_{name}"

    def _replace(self, changes: dict[str, list[str]]) -> None:
        here = st.query_params
        # The browser may still speak from an old address: to write that down would bring it back.
        if all(here.get_all(name) == values for name, values in changes.items()):
            return
        names = dict.fromkeys((*here, *changes))
        after = {name: changes.get(name, here.get_all(name)) for name in names}
        # At once, so that the browser's way back leads to what was there before.
        here.from_dict(
            {name: values for name, values in after.items() if values and name not in self.former}
        )
        self._remember()  # here too: who goes to another page at once ends the run that follows

    def _remember(self) -> None:
        now = {param.name: st.query_params.get_all(param.name) for param in self.params}
        st.session_state[f"{self.page}_filters"] = now


def at_most(longest: int) -> Callable[[str], str]:
    """Parses any text of so many characters; of a longer one its beginning."""
    return lambda value: value.strip()[:longest]


def one_of(options: Iterable[tuple[str, str]]) -> Callable[[str], str | None]:
    """Parses an option by itself or by its label, in any case; ``options`` are pairs of both."""
    known = {text.lower(): option for option, label in options for text in (label, option)}

    def parse(value: str) -> str | None:
        return known.get(value.strip().lower())

    return parse


def _in_address(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["true"] if value else []
    return [text] if (text := str(value or "").strip()) else []
