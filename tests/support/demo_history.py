"""A history in the sandbox, as the Test kit's Demo data makes it, without a browser."""

from __future__ import annotations

from typing import Any

import requests

from billing.checkout_session import APP

KEY = {"Authorization": "Bearer sk_test_history"}


def fill_a_month(url: str, sessions: int = 300) -> None:
    """Give the sandbox of the dashboard at ``url`` so many sessions over the last 30 days."""
    prices = requests.get(f"{url}/sandbox/v1/prices", headers=KEY, timeout=10).json()["data"]
    sold = [
        {
            "price": price["id"],
            "mode": "subscription" if price["recurring"] else "payment",
            "weight": 1 if price["recurring"] else 3,
            "quantity": [1, 1] if price["recurring"] else [1, 50],
            "metadata": {
                "app": APP,
                "kind": "pro" if price["recurring"] else "credits",
                "quantity": "{quantity}",
                "made_by": "page",
            },
        }
        for price in prices
    ]
    wanted: dict[str, Any] = {"days": 30, "sessions": sessions, "seed": 7, "sold": sold}
    requests.post(
        f"{url}/sandbox/_control/fill", headers=KEY, json=wanted, timeout=120
    ).raise_for_status()
