"""What both panels of faults are built of: each control shows what is on, and a press is in effect
at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.domain.access import Permission
from pages.components.permission import Guarded, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class FaultControls:
    """Controls that call ``on_change``; their keys begin with ``prefix``."""

    prefix: str
    on_change: Callable[[], None]
    disabled: bool = False

    def choice(
        self, label: str, name: str, options: Mapping[Any, str], about: str | None = None
    ) -> None:
        """One of some values, each with its text; ``about`` says what it does."""
        st.segmented_control(
            label,
            list(options),
            format_func=lambda one: options[one],
            key=f"{self.prefix}_{name}",
            required=True,
            on_change=self.on_change,
            **self._guarded(about),
        )

    def switch(self, label: str, name: str, about: str | None = None) -> None:
        """On or off."""
        st.toggle(
            label,
            key=f"{self.prefix}_{name}",
            on_change=self.on_change,
            **self._guarded(about),
        )

    def fill(self, values: Mapping[str, object]) -> None:
        """Have the controls show these values, by their names; before they are drawn."""
        for name, value in values.items():
            st.session_state[f"{self.prefix}_{name}"] = value

    def _guarded(self, about: str | None) -> Guarded:
        return guarded(Permission.SET_FAULTS, about, disabled=self.disabled)
