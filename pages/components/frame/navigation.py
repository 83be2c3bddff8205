"""The navigation: pages in groups, by what one does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Page = TypeVar("Page")


MOST_ABREAST = 10  # pages whose names fit beside each other on a desk; one of them is hidden


def sections(groups: Mapping[str, Sequence[Page]]) -> dict[str, list[Page]]:
    """The groups as ``st.navigation`` takes them: pages beside each other in the groups' order, so
    that each is one press away, as long as they fit. Of more, several pages of a group are a menu
    under its name, after the pages that stand by themselves."""
    abreast = [page for pages in groups.values() for page in pages]
    if len(abreast) <= MOST_ABREAST:
        return {"": abreast}
    single = [page for pages in groups.values() if len(pages) == 1 for page in pages]
    return {"": single} | {name: list(pages) for name, pages in groups.items() if len(pages) > 1}
