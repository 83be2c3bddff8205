"""Reads the JSON body of a control request; errors name what is wrong, unknown or missing."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError
from stripe_sandbox.parameters.param_types import NO_NULL, StringMap
from stripe_sandbox.storage.json_text import dump

T = TypeVar("T")


class JsonFields:
    """The fields of one JSON object.

    Each reader takes a field by name and returns its value, or the default where it is missing or
    null. StripeError 400: the value is of another type or out of range.
    """

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise errors.bad_parameter(f"Invalid object: {_shown(value)}", path or "body")
        self._left: dict[str, Any] = dict(value)
        self._path = path

    @classmethod
    def parse(cls, body: bytes) -> JsonFields:
        """The fields of a request's body; an empty one has none."""
        try:
            value = json.loads(body.decode() or "{}", parse_constant=_no_number)
            dump(value).encode()
        except UnicodeEncodeError as error:
            message = "The body contains an unpaired surrogate, which is not a character."
            raise errors.bad_parameter(message, "body") from error
        except ValueError as error:
            raise errors.bad_parameter(f"The body is not JSON: {error}", "body") from error
        except RecursionError as error:
            raise errors.bad_parameter("The body is nested too deeply.", "body") from error
        return cls(value)

    def has(self, name: str) -> bool:
        """Whether the field is there and no reader has taken it yet."""
        return self._left.get(name) is not None

    def number(self, name: str, default: T, low: float, high: float) -> float | T:
        """A number from `low` to `high`."""
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._invalid(name, "number", value)
        if not low <= value <= high:
            raise self.refusal(name, f"This value must be from {low:g} to {high:g}.")
        return value

    def integer(self, name: str, default: T, low: int, high: int) -> int | T:
        """A whole number from `low` to `high`."""
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._invalid(name, "integer", value)
        if not low <= value <= high:
            raise self.refusal(name, f"This value must be from {low} to {high}.")
        return value

    def boolean(self, name: str, default: T) -> bool | T:
        """True or false."""
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            raise self._invalid(name, "boolean", value)
        return default if value is None else value

    def text(self, name: str, default: T) -> str | T:
        """A string that is not empty."""
        value = self._take(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise self._invalid(name, "string", value)
        if value is not None and "\x00" in value:
            raise self.refusal(name, NO_NULL)
        return default if value is None else value

    def one_of(self, name: str, values: tuple[T, ...], default: T) -> T:
        """One of the values."""
        value = self._take(name)
        if value is None:
            return default
        for allowed in values:
            if value == allowed and type(value) is type(allowed):
                return allowed
        listed = ", ".join(str(allowed) for allowed in values)
        raise self.refusal(name, f"Invalid {name}: must be one of {listed}")

    def inner(self, name: str) -> JsonFields:
        """An object's fields; none where it is missing."""
        value = self._take(name)
        return JsonFields({} if value is None else value, self._named(name))

    def items(self, name: str) -> list[Any]:
        """A list; empty where it is missing."""
        value = self._take(name)
        if value is not None and not isinstance(value, list):
            raise self._invalid(name, "array", value)
        return value or []

    def objects(self, name: str) -> list[JsonFields]:
        """A list of objects' fields."""
        path = self._named(name)
        return [JsonFields(item, f"{path}[{at}]") for at, item in enumerate(self.items(name))]

    def metadata(self, name: str) -> dict[str, str]:
        """Strings by name, within Stripe's limits for metadata."""
        value = self._take(name) or {}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise self._invalid(name, "object of strings", value)
        return StringMap().read(value, self._named(name))

    def reject_unknown(self) -> None:
        """Raise a StripeError if there are fields that no reader has taken."""
        if self._left:
            raise errors.parameter_unknown([self._named(name) for name in self._left])

    def refusal(self, name: str, message: str) -> StripeError:
        """The error that says what is wrong with a field."""
        return errors.bad_parameter(message, self._named(name))

    def _take(self, name: str) -> Any:
        return self._left.pop(name, None)

    def _named(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name

    def _invalid(self, name: str, kind: str, value: Any) -> StripeError:
        return self.refusal(name, f"Invalid {kind}: {_shown(value)}")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "{...}" if isinstance(value, dict) else "[...]"
    return json.dumps(value)[:100]
