"""The account (https://docs.stripe.com/api/accounts): the sandbox has one."""

from __future__ import annotations

from stripe.params._account_retrieve_current_params import AccountRetrieveCurrentParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

ID, _CREATED = "account", "account_created"


class Accounts(Resource):
    """Shows the one account; its id never changes."""

    kind = "account"

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        if backend.database.setting(ID) is None:
            backend.database.set_setting(_CREATED, str(backend.clock.now()))
            backend.database.set_setting(ID, new_id("acct", 16))

    def routes(self) -> list[Route]:
        """All endpoints: the account can be asked for with its id or without."""
        return [
            Route("GET", "/v1/account", self._retrieve, AccountRetrieveCurrentParams, self.kind),
            Route(
                "GET",
                "/v1/accounts/:account",
                self._retrieve_by_id,
                AccountRetrieveCurrentParams,
                self.kind,
            ),
        ]

    def id(self) -> str:
        """The account's id."""
        return str(self._backend.database.setting(ID))

    def _retrieve_by_id(self, call: Call) -> Object:
        if call.ids[0] != self.id():
            raise errors.account_invalid(call.ids[0], call.key)
        return self._retrieve(call)

    def _retrieve(self, _: Call) -> Object:
        return build(
            self.kind,
            {
                "id": self.id(),
                "object": self.kind,
                "business_profile": build("account.BusinessProfile", {"name": "Local sandbox"}),
                "capabilities": {"card_payments": "active", "transfers": "active"},
                "charges_enabled": True,
                "controller": {"type": "account"},
                "country": "US",
                "created": int(self._backend.database.setting(_CREATED) or 0),
                "default_currency": "usd",
                "details_submitted": True,
                "email": "sandbox@example.com",
                "metadata": {},
                "payouts_enabled": True,
                "settings": build(
                    "account.Settings",
                    {
                        "branding": build("account.Settings.Branding", {}),
                        "card_payments": build("account.Settings.CardPayments", {}),
                        "dashboard": build(
                            "account.Settings.Dashboard",
                            {"display_name": "Local sandbox", "timezone": "Etc/UTC"},
                        ),
                        "payments": build("account.Settings.Payments", {}),
                    },
                ),
                "type": "standard",
            },
        )
