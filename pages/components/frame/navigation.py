"""The navigation: pages in groups, by what one does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Page = TypeVar("Page")


def sections(groups: Mapping[str, Sequence[Page]]) -> dict[str, list[Page]]:
    """The groups as ``st.navigation`` takes them: several pages are a menu under their group's
    name, a single page stands by itself, before the menus, so that no press is needed to see it."""
    single = [page for pages in groups.values() if len(pages) == 1 for page in pages]
    return {"": single} | {name: list(pages) for name, pages in groups.items() if len(pages) > 1}
