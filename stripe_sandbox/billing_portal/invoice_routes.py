"""The hosted page of an invoice (https://docs.stripe.com/invoicing/hosted-invoice-page).

`GET  /i/{invoice}`               the invoice; while it is open, with the form that pays it
`POST /i/{invoice}/pay`           tries to pay
`POST /i/{invoice}/authenticate`  completes or fails a 3-D Secure challenge
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox.backend import Backend
from stripe_sandbox.billing_portal.actions import CustomerActions
from stripe_sandbox.billing_portal.rendering import PortalHtml
from stripe_sandbox.billing_portal.view import PortalViews
from stripe_sandbox.hosted_page.form import (
    CARD_FIELD_OF_PARAM,
    WORDS_FOR_PAYERS,
    FieldError,
    Fields,
    read_card,
    read_payer,
)
from stripe_sandbox.hosted_page.requests import (
    Refusal,
    Refused,
    page_answer,
    redirect_answer,
    submitted_fields,
)
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.storage.objects import Object

_UP = "../../"


class InvoicePage:
    """Answers the page's requests."""

    def __init__(self, backend: Backend, actions: CustomerActions) -> None:
        self._backend = backend
        self._actions = actions
        self._views = PortalViews(backend, actions)
        self._html = PortalHtml()

    def routes(self) -> list[BaseRoute]:
        """The page's routes, to be served at the root or under any prefix."""
        return [
            Route("/i/{invoice}", self._show, methods=["GET"]),
            Route("/i/{invoice}/pay", self._answering(self._pay), methods=["POST"]),
            Route(
                "/i/{invoice}/authenticate", self._answering(self._authenticate), methods=["POST"]
            ),
        ]

    async def _show(self, request: Request) -> Response:
        invoice = self._finalized(request)
        if invoice is None:
            return page_answer(self._unknown("../"), 404)
        return page_answer(self._page(invoice, "../"))

    def _answering(
        self, handler: Callable[[Request, dict[str, Any], Object], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Has the posted fields and the open invoice handled; what is refused is answered with the
        invoice's page."""

        async def answer(request: Request) -> Response:
            submitted: dict[str, Any] = {}
            try:
                submitted = await submitted_fields(request)
                invoice = self._finalized(request)
                if invoice is None or not self._actions.can_be_paid(invoice):
                    return redirect_answer(f"../{request.path_params['invoice']}")
                return handler(request, submitted, invoice)
            except Refused as refused:
                return self._refusal(request, refused, submitted)

        return answer

    def _pay(self, request: Request, submitted: dict[str, Any], invoice: Object) -> Response:
        fields = Fields(submitted)
        card = read_card(fields)
        payer = read_payer(fields, invoice["customer_email"] or "")
        if fields.errors:
            raise Refused(400, Refusal.INVALID, *fields.errors)
        outcome = self._actions.pay(invoice, card, payer)
        if isinstance(outcome, str):
            return page_answer(self._html.challenge(self._views.invoice(invoice), outcome))
        return self._answer(request, outcome, submitted)

    def _authenticate(
        self, request: Request, submitted: dict[str, Any], invoice: Object
    ) -> Response:
        method, result = submitted.get("payment_intent"), submitted.get("result")
        if not isinstance(method, str) or result not in ("complete", "fail"):
            error = FieldError("result", "This must be complete or fail.", "invalid_result")
            raise Refused(400, Refusal.INVALID, error)
        try:
            outcome = self._actions.authenticate(invoice, method, succeed=result == "complete")
        except KeyError:
            error = FieldError("result", "There is no such challenge.", "resource_missing")
            raise Refused(404, Refusal.UNKNOWN, error) from None
        return self._answer(request, outcome, submitted)

    def _answer(
        self, request: Request, refusal: CardRefusal | None, submitted: dict[str, Any]
    ) -> Response:
        if refusal is None:
            return redirect_answer(f"../{request.path_params['invoice']}")
        field = CARD_FIELD_OF_PARAM.get(refusal.param or "", "card")
        message = WORDS_FOR_PAYERS.get(refusal.code, refusal.message)
        declined = Refused(402, Refusal.DECLINED, FieldError(field, message, refusal.code))
        return self._refusal(request, declined, submitted)

    def _refusal(self, request: Request, refused: Refused, submitted: dict[str, Any]) -> Response:
        invoice = self._finalized(request)
        if invoice is None or refused.status is Refusal.FORBIDDEN:
            return page_answer(self._unknown(_UP), refused.status_code)
        page = self._page(invoice, _UP, errors=refused.errors, submitted=submitted)
        return page_answer(page, refused.status_code)

    def _page(self, invoice: Object, root: str, **form: Any) -> str:
        return self._html.invoice(
            self._views.invoice(invoice), self._backend.clock.now(), root, **form
        )

    def _unknown(self, root: str) -> str:
        return self._html.notice(
            "Invoice not found",
            "This link may be incomplete, or belong to another sandbox or to one that was reset.",
            None,
            root,
        )

    def _finalized(self, request: Request) -> Object | None:
        invoice = self._backend.objects.get("invoice", request.path_params["invoice"])
        return None if invoice is None or invoice["status"] == "draft" else invoice
