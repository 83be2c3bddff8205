"""The receipt of a charge (https://docs.stripe.com/receipts): `GET /r/{charge}`."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox.backend import Backend
from stripe_sandbox.billing_portal.view import date_text
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.hosted_page.rendering import Templates
from stripe_sandbox.hosted_page.requests import page_answer
from stripe_sandbox.hosted_page.samples import BRAND_NAMES
from stripe_sandbox.storage.objects import Object

ROOT = "../"


class ReceiptPage:
    """Shows what was paid, and what of it was refunded."""

    def __init__(self, backend: Backend, business_name: str) -> None:
        self._backend = backend
        self._business_name = business_name
        self._templates = Templates(Path(__file__).with_name("templates"))

    def routes(self) -> list[BaseRoute]:
        """The page's route, to be served at the root or under any prefix."""
        return [Route("/r/{charge}", self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        charge = self._backend.objects.get("charge", request.path_params["charge"])
        if charge is None or charge["status"] != "succeeded":
            return page_answer(self._unknown(), 404)
        currency, refunded = charge["currency"], charge["amount_refunded"]
        page = self._templates.render(
            "receipt.html",
            root=ROOT,
            business=self._business_name,
            paid=format_amount(charge["amount"], currency),
            date=date_text(charge["created"]),
            method=_method(charge),
            description=charge["description"] or "Payment",
            refunded=format_amount(-refunded, currency) if refunded else "",
            left=format_amount(charge["amount"] - refunded, currency),
            payer=charge["billing_details"]["name"] or charge["billing_details"]["email"] or "",
        )
        return page_answer(page)

    def _unknown(self) -> str:
        return self._templates.render(
            "closed.html",
            root=ROOT,
            heading="Receipt not found",
            text="This link may be incomplete, or belong to another sandbox or to one that was "
            "reset.",
            link=None,
            link_text="",
            go_on=False,
        )


def _method(charge: Object) -> str:
    """What it was paid with, in words."""
    details = charge["payment_method_details"]
    if "card" in details:
        return f"{BRAND_NAMES[details['card']['brand']]} ending in {details['card']['last4']}"
    return f"Bank account ending in {details['us_bank_account']['last4']}"
