"""Where a Checkout Session was created."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from billing.domain.stripe_json import text_at

if TYPE_CHECKING:
    from billing.domain.stripe_json import JSON

SOURCE = "source"  # in the metadata of sessions that this app creates


class Source(StrEnum):
    """Where a session was created; ``OTHER``: by another app in the same Stripe account. The value
    is what stands in Stripe's ``metadata``."""

    PAGE = "page"
    API = "api"
    TEST_KIT = "test_kit"
    DEMO = "demo"
    OTHER = "other"

    @property
    def label(self) -> str:
        """As people read it: ``Test kit``."""
        return _LABELS[self]

    @classmethod
    def of(cls, metadata: JSON) -> Source:
        """The source of a session of this app, by its ``metadata``. Older sessions name none: what
        created them says it, and a person did so in the dashboard."""
        named = _BY_VALUE.get(text_at(metadata, SOURCE) or "")
        return named or _BY_CREATOR.get(text_at(metadata, "made_by") or "", cls.PAGE)


# What figures cover unless others are asked for: neither tests nor demo data.
COUNTED = frozenset({Source.PAGE, Source.API, Source.OTHER})
NOT_COUNTED = frozenset(Source) - COUNTED

_LABELS = {
    Source.PAGE: "Page",
    Source.API: "API",
    Source.TEST_KIT: "Test kit",
    Source.DEMO: "Demo",
    Source.OTHER: "Another app",
}
_BY_VALUE = {source.value: source for source in Source if source is not Source.OTHER}
_BY_CREATOR = {"api": Source.API, "test kit": Source.TEST_KIT, "demo history": Source.DEMO}
