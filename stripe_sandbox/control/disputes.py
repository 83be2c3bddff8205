"""`POST /_control/charges/{charge}/dispute`: disputes a paid charge, as the card's owner would."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.payment_methods.cards import DisputeKind
from stripe_sandbox.resources.payments.disputes import Disputes


class ControlDisputes:
    """Opens disputes as requests ask for it."""

    def __init__(self, backend: Backend, disputes: Disputes) -> None:
        self._backend = backend
        self._disputes = disputes

    def open(self, charge_id: str, fields: JsonFields) -> dict[str, Any]:
        """Dispute the charge, as `kind` says (fraudulent unless given).

        Returns the `dispute`'s id and `status`, and the ids of the `events` that it recorded.
        StripeError: no such charge, it cannot be disputed, or fields that are wrong.
        """
        kinds = tuple(kind.value for kind in DisputeKind)
        kind = DisputeKind(fields.one_of("kind", kinds, DisputeKind.FRAUDULENT.value))
        fields.reject_unknown()
        with self._backend.database.transaction(), self._backend.events.capture() as recorded:
            charge = self._backend.require("charge", charge_id, "charge", status=404)
            if charge["status"] != "succeeded":
                raise errors.invalid(f"Charge {charge_id} was not successful: nobody disputes it.")
            if "card" not in charge["payment_method_details"]:
                raise errors.not_simulated("charge", "disputes of bank debits")
            if charge["disputed"]:
                raise errors.invalid(f"Charge {charge_id} has already been disputed.")
            dispute = self._disputes.open(charge, kind)
        return {"dispute": dispute["id"], "status": dispute["status"], "events": recorded.ids}
