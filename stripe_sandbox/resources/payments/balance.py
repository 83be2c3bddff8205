"""The account's balance (https://docs.stripe.com/api/balance): what its transactions add up to."""

from __future__ import annotations

from stripe.params._balance_retrieve_params import BalanceRetrieveParams

from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

KIND = "balance"
_CURRENCY = "usd"
"""The account's own, which is shown also while nothing has moved."""


class Balance:
    """Shows what is available and what is pending."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoint that retrieves it."""
        return [Route("GET", "/v1/balance", self._retrieve, BalanceRetrieveParams, KIND)]

    def _retrieve(self, _call: Call) -> Object:
        return self.current()

    def current(self) -> Object:
        """The balance as it is now, by currency and in minor units."""
        rows = self._backend.database.rows(
            "SELECT currency, body ->> '$.status', sum(body ->> '$.net') "
            "FROM balance_transactions GROUP BY 1, 2"
        )
        sums = {(currency, status): net for currency, status, net in rows}
        currencies = sorted({_CURRENCY, *(currency for currency, _ in sums)})

        def parts(status: str, name: str) -> list[Object]:
            return [
                build(
                    f"{KIND}.{name}",
                    {
                        "amount": sums.get((currency, status), 0),
                        "currency": currency,
                        "source_types": build(
                            f"{KIND}.{name}.SourceTypes",
                            {"card": sums.get((currency, status), 0)},
                        ),
                    },
                )
                for currency in currencies
            ]

        return build(
            KIND,
            {
                "object": KIND,
                "available": parts("available", "Available"),
                "livemode": False,
                "pending": parts("pending", "Pending"),
            },
        )
