"""What an endpoint returns, as JSON of one version of the API."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.api.endpoint import Answer, Route, Stored
from stripe_sandbox.api.expand import Expander
from stripe_sandbox.api.pagination import TOTAL_COUNT, Page, SearchPage
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.translation import Translation


@dataclass(frozen=True)
class Spoken:
    """What answers in one version of the API."""

    translation: Translation
    expander: Expander

    def render(self, route: Route, answer: Answer, expand: list[str]) -> str:
        """The answer as JSON."""
        value: Object
        if isinstance(answer, Page):
            if not expand:
                bodies = self.translation.lower_bodies(route.returns, answer.bodies)
                return Page(answer.url, bodies, answer.has_more).to_json()
            value = answer.to_object()
        elif isinstance(answer, Stored):
            if not expand and answer.body.startswith("{\n"):  # not so where SQL has changed it
                return self.translation.lower_bodies(route.returns, [answer.body])[0]
            value = load(answer.body)
        elif isinstance(answer, SearchPage):
            value = answer.to_object(counted=TOTAL_COUNT in expand)
            expand = without_count(expand)
        else:
            value = answer
        if expand:
            self.expander.apply(route.returns, value, expand)
        return dump(self.translation.lower(value))


def without_count(expand: list[str]) -> list[str]:
    """The paths without that of the count, which no object holds."""
    return [path for path in expand if path != TOTAL_COUNT]
