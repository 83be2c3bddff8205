"""Reads the settings: from the environment, then from this folder's ``.streamlit/secrets.toml``."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from billing.errors import NotConfigured
from billing.settings.model import ENVIRONMENT, SECRETS_FILE, SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMES = frozenset(setting.name for setting in SETTINGS.values())


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every setting. Never raises for a bad value: see ``Settings.problems``.

    ``environment`` is for the launcher: Streamlit overwrites ``os.environ`` with the values of
    every secrets file it knows, the home folder's too, before the app starts.
    """
    values: dict[str, Any] = {}
    problems: dict[str, NotConfigured] = {}
    sources: dict[str, str] = {}
    try:
        file = _read_file()
    except NotConfigured as problem:
        problems[problem.setting] = problem
        file = {}
    for attribute, setting in SETTINGS.items():
        name = setting.name
        in_environment = name in environment
        value = environment[name] if in_environment else file.get(name, "")
        if not str(value).strip():
            continue
        sources[name] = ENVIRONMENT if in_environment else str(SECRETS_FILE)
        try:
            values[attribute] = setting.parse(name, _text(name, value))
        except NotConfigured as problem:
            problems[name] = problem
    for name, section in _in_sections(file):
        if name not in sources:
            sources[name] = str(SECRETS_FILE)
            problems[name] = NotConfigured(
                name,
                f"{name} is in the section [{section}] of {SECRETS_FILE}, where it is not read.",
                "Move it to the top of the file, above the first section.",
            )
    return Settings(**values, problems=problems, sources=sources)


def _read_file() -> dict[str, Any]:
    """What is in the secrets file, if there is one. Its text may hold a secret: never quote it."""
    try:
        return tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotConfigured(
            str(SECRETS_FILE),
            f"{SECRETS_FILE} cannot be read: {error.strerror}.",
            "Allow the user that runs the app to read it.",
        ) from None
    except ValueError:
        raise NotConfigured(
            str(SECRETS_FILE),
            f"{SECRETS_FILE} is not valid TOML, so nothing in it was read.",
            'Write each setting as NAME = "value", one a line.',
        ) from None


def _text(name: str, value: object) -> str:
    if isinstance(value, list | dict):
        raise NotConfigured(
            name,
            f"{name} is a list or a section in {SECRETS_FILE}.",
            f'Write it as {name} = "value", above the first section.',
        )
    return str(value).strip()


def _in_sections(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The names of settings that are in a section, each with the section's name."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from ((name, f"{prefix}{key}") for name in value if name in _NAMES)
            yield from _in_sections(value, f"{prefix}{key}.")
