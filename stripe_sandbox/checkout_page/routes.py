"""The hosted-style Checkout page: what is bought on one side, the payment form on the other.

`GET  /c/pay/{id}`               the page; 404 unknown, 410 expired, 200 otherwise
`POST /c/pay/{id}/pay`           tries to pay
`POST /c/pay/{id}/authenticate`  completes or fails a 3-D Secure challenge
`POST /c/pay/{id}/promotion_code` discounts the session by the code, or, with `remove`, no longer
`POST /c/pay/{id}/quantity`      takes another quantity of a line

The last takes a form, and leads back to the page or answers it with what is wrong. The others take
JSON from the page's script and answer JSON; a plain form, sent by a browser
without JavaScript, gets pages back. JSON answers hold `status` and, when something is wrong,
`errors: [{field, message, code, decline_code?}]`:

- 200 `paid`: `return_url` to go on to, or null when it is no web address
- 200 `applied`: the session costs something else now
- 200 `processing`: likewise, and the bank answers later
- 200 `requires_action`: `payment_intent` to authenticate
- 402 `declined`: the session is still open
- 409 `closed`: `session_status` is `complete` or `expired`, and `return_url`
- 400 `invalid`, 403 `forbidden`, 404 `unknown`, 413 `too_large`: nothing was done

A card or account number is passed on to `payments` and stored nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stripe_sandbox.checkout_page.form import read_code, read_payment_form
from stripe_sandbox.checkout_page.rendering import CheckoutHtml
from stripe_sandbox.checkout_page.view import CheckoutView, CheckoutViews
from stripe_sandbox.errors import StripeError
from stripe_sandbox.hosted_page.form import CARD_FIELD_OF_PARAM, WORDS_FOR_PAYERS, FieldError
from stripe_sandbox.hosted_page.requests import (
    Refusal,
    Refused,
    is_json,
    json_answer,
    page_answer,
    redirect_answer,
    submitted_fields,
)
from stripe_sandbox.hosted_page.security import web_link
from stripe_sandbox.payments.checkout import (
    AuthenticationRequired,
    Card,
    Declined,
    NotOpen,
    Paid,
    PaymentOutcome,
    Payments,
    Processing,
)
from stripe_sandbox.payments.outcomes import SavedCard
from stripe_sandbox.payments.quantities import Quantities
from stripe_sandbox.payments.saved_card_removal import SavedCardRemoval
from stripe_sandbox.resources.checkout.ui_modes import HOSTED

_LONGEST_NUMBER = 10
RESPONSES_WITHIN = 10.0
"""Seconds that a payer waits for the shop's webhook endpoints, as in Stripe's Checkout."""

WaitForResponses = Callable[[Iterable[str], float], Awaitable[None]]
"""Returns when every endpoint responded to each of the events, or after so many seconds."""


def routes(
    payments: Payments,
    quantities: Quantities,
    removal: SavedCardRemoval,
    views: CheckoutViews,
    wait_for_responses: WaitForResponses,
    *,
    business_name: str = "",
) -> list[Route]:
    """The page's routes, to be served at the root or under any prefix."""
    page = CheckoutPage(payments, quantities, removal, views, wait_for_responses, business_name)
    return [
        Route("/c/pay/{session_id}", page.show, methods=["GET"]),
        Route("/c/pay/{session_id}/pay", page.pay, methods=["POST"]),
        Route("/c/pay/{session_id}/promotion_code", page.enter_code, methods=["POST"]),
        Route("/c/pay/{session_id}/authenticate", page.authenticate, methods=["POST"]),
        Route("/c/pay/{session_id}/quantity", page.change_quantity, methods=["POST"]),
        Route("/c/pay/{session_id}/remove_card", page.remove_card, methods=["POST"]),
    ]


class CheckoutPage:
    """Answers the page's requests."""

    def __init__(
        self,
        payments: Payments,
        quantities: Quantities,
        removal: SavedCardRemoval,
        views: CheckoutViews,
        wait_for_responses: WaitForResponses,
        business_name: str,
    ) -> None:
        self._payments = payments
        self._quantities = quantities
        self._removal = removal
        self._views = views
        self._wait_for_responses = wait_for_responses
        self._html = CheckoutHtml(business_name)

    async def show(self, request: Request) -> Response:
        """The page of a session: the form while it is open, else what became of it."""
        view = self._views.get(request.path_params["session_id"])
        if view is None:
            return page_answer(self._html.unknown(), 404)
        if view.status == "open" and view.ui_mode != HOSTED:
            return page_answer(self._html.elsewhere(view), 501)
        if view.status == "open":
            return page_answer(self._html.open(view))
        return page_answer(self._html.closed(view), 410 if view.status == "expired" else 200)

    async def pay(self, request: Request) -> Response:
        """Try to pay as submitted; a payment is answered once the webhooks were delivered."""
        session_id = request.path_params["session_id"]
        submitted: dict[str, Any] = {}
        try:
            submitted = await submitted_fields(request)
            view = self._known(session_id)
            form = read_payment_form(submitted, view)
            if isinstance(form, list):
                raise Refused(400, Refusal.INVALID, *form)  # noqa: TRY301  # one way out for all
            if form.paid_with is None:
                outcome = self._payments.complete(session_id, form.payer)
            elif isinstance(form.paid_with, SavedCard):
                outcome = self._payments.pay_again(session_id, form.paid_with, form.payer)
            elif isinstance(form.paid_with, Card):
                outcome = self._payments.pay(session_id, form.paid_with, form.payer)
            else:
                outcome = self._payments.debit(session_id, form.paid_with.number, form.payer)
        except Refused as refused:
            return self._refusal(request, refused, submitted)
        return await self._answer(request, outcome, submitted)

    async def enter_code(self, request: Request) -> Response:
        """Discount the session by the `promotion_code`, or take the discount back with `remove`;
        then the page shows it."""
        session_id = request.path_params["session_id"]
        submitted: dict[str, Any] = {}
        try:
            submitted = await submitted_fields(request)
            self._known(session_id)
            closed = self._payments.enter_code(session_id, read_code(submitted))
        except StripeError as error:
            problem = FieldError("promotion_code", error.message, error.code or "code_invalid")
            return self._refusal(request, Refused(400, Refusal.INVALID, problem), submitted)
        except Refused as refused:
            return self._refusal(request, refused, submitted)
        if closed is not None:
            return await self._answer(request, closed, submitted)
        if is_json(request):
            return json_answer({"status": "applied"})
        return redirect_answer(f"../{session_id}")

    async def authenticate(self, request: Request) -> Response:
        """Complete (`result=complete`) or fail (`result=fail`) a 3-D Secure challenge."""
        session_id = request.path_params["session_id"]
        try:
            submitted = await submitted_fields(request)
            self._known(session_id)
            outcome = self._authenticated(session_id, submitted)
        except Refused as refused:
            return self._refusal(request, refused, {})
        return await self._answer(request, outcome, {})

    async def change_quantity(self, request: Request) -> Response:
        """Take another quantity of a line; leads back to the session's page."""
        session_id = request.path_params["session_id"]
        try:
            submitted = await submitted_fields(request)
            self._known(session_id)
            self._change_quantity(session_id, submitted)
        except Refused as refused:
            return self._refusal(request, refused, {})
        return redirect_answer(f"../{quote(session_id)}")

    async def remove_card(self, request: Request) -> Response:
        """Remove the saved `card`; leads back to the session's page."""
        session_id = request.path_params["session_id"]
        try:
            submitted = await submitted_fields(request)
            self._known(session_id)
            self._remove_card(session_id, str(submitted.get("card")))
        except Refused as refused:
            return self._refusal(request, refused, {})
        return redirect_answer(f"../{quote(session_id)}")

    def _remove_card(self, session_id: str, card: str) -> None:
        try:
            self._removal.remove(session_id, card)
        except KeyError:
            error = FieldError("saved_card", "There is no such card here.", "resource_missing")
        except StripeError as refusal:
            error = FieldError("saved_card", refusal.message, refusal.code or "card_needed")
        else:
            return
        raise Refused(400, Refusal.INVALID, error)

    def _change_quantity(self, session_id: str, submitted: dict[str, Any]) -> None:
        line, quantity = str(submitted.get("line")), str(submitted.get("quantity"))
        try:
            self._quantities.change(session_id, line, int(quantity[:_LONGEST_NUMBER]))
        except ValueError:
            error = FieldError("quantity", "Enter a whole number.", "not_a_number")
        except KeyError:
            error = FieldError("quantity", "This item is not in the order.", "resource_missing")
        except StripeError as refusal:
            error = FieldError("quantity", refusal.message, refusal.code or "quantity_invalid")
        else:
            return
        raise Refused(400, Refusal.INVALID, error)

    def _authenticated(self, session_id: str, submitted: dict[str, Any]) -> PaymentOutcome:
        result, intent = submitted.get("result"), submitted.get("payment_intent")
        if result not in ("complete", "fail"):
            error = FieldError("result", "This must be complete or fail.", "invalid_result")
            raise Refused(400, Refusal.INVALID, error)
        unknown = FieldError("payment_intent", "There is no such challenge.", "resource_missing")
        if not isinstance(intent, str) or not intent.isascii():
            raise Refused(400, Refusal.INVALID, unknown)
        try:
            return self._payments.authenticate(session_id, intent, succeed=result == "complete")
        except KeyError:
            raise Refused(404, Refusal.UNKNOWN, unknown) from None

    def _known(self, session_id: str) -> CheckoutView:
        view = self._views.get(session_id)
        if view is None:
            error = FieldError("session", "There is no such Checkout Session.", "resource_missing")
            raise Refused(404, Refusal.UNKNOWN, error)
        return view

    async def _answer(
        self, request: Request, outcome: PaymentOutcome, submitted: dict[str, Any]
    ) -> Response:
        session_id = request.path_params["session_id"]
        match outcome:
            case Paid() | Processing():
                # As Stripe does: the shop hears of the payment before its customer is back.
                await self._wait_for_responses(outcome.event_ids, RESPONSES_WITHIN)
                return_url = web_link(outcome.return_url)
                if is_json(request):
                    return json_answer({"status": outcome.type, "return_url": return_url})
                view = self._known(session_id)
                return page_answer(
                    self._html.complete(view, return_url, paid=isinstance(outcome, Paid))
                )
            case AuthenticationRequired():
                intent = outcome.payment_intent
                if is_json(request):
                    return json_answer({"status": outcome.type, "payment_intent": intent})
                return page_answer(self._html.challenge(self._known(session_id), intent))
            case Declined():
                field = CARD_FIELD_OF_PARAM.get(outcome.param or "", "card")
                message = WORDS_FOR_PAYERS.get(outcome.code, outcome.message)
                error = FieldError(field, message, outcome.code, outcome.decline_code)
                return self._refusal(request, Refused(402, outcome.type, error), submitted)
            case NotOpen():
                if not is_json(request):
                    return page_answer(self._html.closed(self._known(session_id), up="../"), 409)
                body = {"status": outcome.type, "session_status": outcome.status}
                return json_answer({**body, "return_url": web_link(outcome.return_url)}, 409)

    def _refusal(self, request: Request, refused: Refused, submitted: dict[str, Any]) -> Response:
        session_id = request.path_params["session_id"]
        if is_json(request):
            errors = [_error_json(error) for error in refused.errors]
            return json_answer({"status": refused.status, "errors": errors}, refused.status_code)
        view = self._views.get(session_id)
        if view is None or refused.status is Refusal.FORBIDDEN:
            return page_answer(self._html.unknown(up="../"), refused.status_code)
        if view.status != "open":
            return page_answer(self._html.closed(view, up="../"), 409)
        page = self._html.open(view, up="../", errors=refused.errors, submitted=submitted)
        return page_answer(page, refused.status_code)


def _error_json(error: FieldError) -> dict[str, str]:
    return {name: value for name, value in asdict(error).items() if value is not None}
