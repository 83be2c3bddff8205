"""Countries and regions that a payer can live in."""

from __future__ import annotations

import json
from pathlib import Path

COUNTRIES: dict[str, str] = json.loads(
    Path(__file__).with_name("countries.json").read_text(encoding="utf-8")
)
"""ISO 3166-1 alpha-2 code to English name, in the order of the names."""
