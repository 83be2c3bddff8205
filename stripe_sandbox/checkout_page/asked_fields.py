"""What a session asks its payer for beyond the payment method: a phone number, a billing address
and the shop's own fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stripe_sandbox.hosted_page.form import UNPRINTABLE, Fields, Problem
from stripe_sandbox.resources.checkout.custom_fields import LONGEST_VALUE

_CUSTOM = "custom_"
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_NEEDS_STATE = ("US", "CA")


@dataclass(frozen=True)
class AskedField:
    """A field of the form. `options` are a dropdown's (value, label); `default` what stands in it
    first; `pattern` what a browser checks."""

    name: str
    label: str
    missing: str
    required: bool = True
    type: str = "text"
    autocomplete: str = "off"
    pattern: str = ""
    options: tuple[tuple[str, str], ...] = ()
    shortest: int = 0
    longest: int = LONGEST_VALUE
    default: str = ""

    def problem(self, text: str) -> Problem | None:
        """What is wrong with the text, if anything."""
        if not text:
            return (self.missing, "missing") if self.required else None
        if self.options and text not in dict(self.options):
            return self.missing, "option_invalid"
        if self.type == "tel" and not _PHONE.fullmatch(_dialled(text)):
            return "Your phone number is invalid.", "phone_invalid"
        if self.type == "number" and not (text.isascii() and text.isdigit()):
            return "Enter digits only.", "not_a_number"
        if len(text) < self.shortest:
            return f"Enter at least {self.shortest} characters.", "too_short"
        if len(text) > self.longest or UNPRINTABLE.search(text):
            return f"Enter at most {self.longest} characters.", "too_long"
        return None


def phone_field(default: str) -> AskedField:
    """The phone number; `default` is the customer's."""
    return AskedField(
        "phone", "Phone number", "Enter your phone number.", type="tel", autocomplete="tel",
        longest=30, default=default,
    )  # fmt: skip


ADDRESS_FIELDS = (
    AskedField("line1", "Address", "Enter your address.", autocomplete="billing address-line1"),
    AskedField(
        "line2", "Address line 2 (optional)", "", required=False,
        autocomplete="billing address-line2",
    ),
    AskedField("city", "City", "Enter your city.", autocomplete="billing address-level2"),
    AskedField(
        "state", "State or province", "Enter your state or province.", required=False,
        autocomplete="billing address-level1",
    ),
    AskedField(
        "postal_code", "ZIP or postal code", "Enter your ZIP or postal code.", required=False,
        autocomplete="billing postal-code", longest=20,
    ),
)  # fmt: skip
"""A billing address, beside its country; which of them it needs depends on that."""


def custom_field(field: Mapping[str, Any]) -> AskedField:
    """A field of the shop's own, of a session's `custom_fields`."""
    kind = field["type"]
    details, label = field[kind], field["label"]["custom"]
    required = not field["optional"]
    choice = kind == "dropdown"
    return AskedField(
        name=_CUSTOM + field["key"],
        label=label if required else f"{label} (optional)",
        missing="Choose an option." if choice else "Fill in this field.",
        required=required,
        type="number" if kind == "numeric" else "text",
        pattern="[0-9]*" if kind == "numeric" else "",
        options=tuple((option["value"], option["label"]) for option in details["options"])
        if choice
        else (),
        shortest=0 if choice else details["minimum_length"] or 0,
        longest=LONGEST_VALUE if choice else details["maximum_length"] or LONGEST_VALUE,
        default=details["default_value"] or "",
    )


def read_phone(fields: Fields, field: AskedField) -> str:
    """The phone number as Stripe stores it: `+15555550100`."""
    number = _dialled(fields.read(field.name, field.problem))
    return number if number.startswith("+") else f"+1{number}"


def read_address(fields: Fields, country: str) -> dict[str, str]:
    """The address beside its country, as far as it is filled in."""
    address = {}
    for optional in ADDRESS_FIELDS:
        needed = country in _NEEDS_STATE and optional.missing
        field = replace(optional, required=True) if needed else optional
        text = fields.read(field.name, field.problem)
        if text:
            address[field.name] = text
    return address


def read_custom(fields: Fields, asked: tuple[AskedField, ...]) -> dict[str, str]:
    """What is filled in of the shop's own fields, by key."""
    answers = {field.name: fields.read(field.name, field.problem) for field in asked}
    return {name.removeprefix(_CUSTOM): text for name, text in answers.items() if text}


def _dialled(number: str) -> str:
    return re.sub(r"[\s().-]", "", number)
