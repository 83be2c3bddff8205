"""The customer portal, with forms alone: every step works without a script.

`GET  /p/session/{id}`                              the plan, the card, the invoices
`GET  /p/session/{id}/payment-method`               the form of a new card; POST saves it
`GET  /p/session/{id}/subscriptions/{sub}/cancel`   asks whether to cancel; POST cancels
`POST /p/session/{id}/subscriptions/{sub}/keep`     takes a cancellation back
`GET  /p/session/{id}/subscriptions/{sub}/update`   asks for another plan
`GET  /p/session/{id}/subscriptions/{sub}/update/confirm`   what that costs; POST changes it
`GET  /p/session/{id}/done`                         the end of a flow that does not end at the home

A session that has expired, or never was, is answered 410; what is not its customer's, or what its
configuration does not allow, 404. A post leads on with 303.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.billing_portal.actions import CustomerActions
from stripe_sandbox.billing_portal.flows import ends_elsewhere, first_step
from stripe_sandbox.billing_portal.plan_changes import Plan, PlanChanges
from stripe_sandbox.billing_portal.rendering import PortalHtml
from stripe_sandbox.billing_portal.view import PortalViews
from stripe_sandbox.errors import StripeError
from stripe_sandbox.hosted_page.form import (
    CARD_FIELD_OF_PARAM,
    UNPRINTABLE,
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
from stripe_sandbox.resources.billing_portal import plan_updates
from stripe_sandbox.resources.billing_portal.portal_sessions import PortalSessions
from stripe_sandbox.storage.objects import Object

LONGEST_COMMENT = 500
_URL = "/p/session/{session}"


class Portal:
    """Answers the portal's requests."""

    def __init__(
        self,
        backend: Backend,
        sessions: PortalSessions,
        actions: CustomerActions,
        plans: PlanChanges,
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._actions = actions
        self._plans = plans
        self._views = PortalViews(backend, actions)
        self._html = PortalHtml()

    def routes(self) -> list[BaseRoute]:
        """The portal's routes, to be served at the root or under any prefix."""
        subscription = f"{_URL}/subscriptions/{{subscription}}"
        found = (
            ("GET", _URL, self._home, "../../"),
            ("GET", f"{_URL}/payment-method", self._show_card, "../../../"),
            ("POST", f"{_URL}/payment-method", self._save_card, "../../../"),
            ("GET", f"{_URL}/done", self._done, "../../../"),
            ("GET", f"{subscription}/cancel", self._ask, "../../../../../"),
            ("POST", f"{subscription}/cancel", self._cancel, "../../../../../"),
            ("POST", f"{subscription}/keep", self._keep, "../../../../../"),
            ("GET", f"{subscription}/update", self._show_plans, "../../../../../"),
            ("GET", f"{subscription}/update/confirm", self._preview, "../../../../../../"),
            ("POST", f"{subscription}/update/confirm", self._update, "../../../../../../"),
        )
        return [
            Route(path, self._answering(handler, root), methods=[method])
            for method, path, handler, root in found
        ]

    def _answering(
        self, handler: Callable[[Request, Object, Object], Awaitable[Response]], root: str
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            session = self._sessions.use(request.path_params["session"])
            if session is None:
                return page_answer(self._html.closed(root), 410)
            try:
                return await handler(request, session, self._sessions.configuration(session))
            except Refused as refused:
                message = refused.errors[0].message
                page = self._html.notice("Not possible", message, session["return_url"], root)
                return page_answer(page, refused.status_code)

        return answer

    async def _home(self, request: Request, session: Object, configuration: Object) -> Response:
        flow = session["flow"]
        if flow is not None and not self._sessions.is_done(session):
            return redirect_answer(f"{session['id']}/{first_step(flow)}")
        portal = self._views.portal(session, configuration)
        note = request.query_params.get("done")
        return page_answer(self._html.home(session, configuration, portal, note))

    async def _show_card(self, _: Request, session: Object, configuration: Object) -> Response:
        _allow(configuration, "payment_method_update")
        return page_answer(self._html.card(session, self._backend.clock.now()))

    async def _save_card(
        self, request: Request, session: Object, configuration: Object
    ) -> Response:
        submitted = await submitted_fields(request)
        _allow(configuration, "payment_method_update")
        customer = self._backend.require("customer", session["customer"], "customer")
        fields = Fields(submitted)
        card, payer = read_card(fields), read_payer(fields, customer["email"] or "")
        found, status = fields.errors, 400
        if not found:
            refusal = self._actions.change_card(customer["id"], card, payer)
            if refusal is None:
                return self._finish(session, "card", "../")
            field = CARD_FIELD_OF_PARAM.get(refusal.param or "", "card")
            found, status = [FieldError(field, refusal.message, refusal.code)], 402
        now = self._backend.clock.now()
        return page_answer(self._html.card(session, now, errors=found, submitted=submitted), status)

    async def _ask(self, request: Request, session: Object, configuration: Object) -> Response:
        subscription = self._to_cancel(request, session, configuration)
        text = self._views.subscription(subscription, configuration)
        return page_answer(self._html.cancel(session, configuration, text))

    async def _cancel(self, request: Request, session: Object, configuration: Object) -> Response:
        submitted = await submitted_fields(request)
        subscription = self._to_cancel(request, session, configuration)
        cancel = configuration["features"]["subscription_cancel"]
        details = _details(submitted, cancel["cancellation_reason"])
        at_period_end = cancel["mode"] == "at_period_end"
        self._actions.cancel(subscription, at_period_end=at_period_end, details=details)
        return self._finish(session, "cancel", "../../../")

    async def _keep(self, request: Request, session: Object, configuration: Object) -> Response:
        await submitted_fields(request)
        self._actions.keep(self._to_cancel(request, session, configuration))
        return redirect_answer(f"../../../{session['id']}?done=keep")

    async def _show_plans(
        self, request: Request, session: Object, configuration: Object
    ) -> Response:
        subscription = self._to_update(request, session, configuration)
        plans = self._plans.plans(subscription, configuration)
        page = self._html.plans(
            session,
            self._views.subscription(subscription, configuration),
            [self._views.plan(one) for one in plans],
            quantity=any(one.quantities for one in plans),
        )
        return page_answer(page)

    async def _preview(self, request: Request, session: Object, configuration: Object) -> Response:
        subscription = self._to_update(request, session, configuration)
        return self._confirmation(session, configuration, subscription, dict(request.query_params))

    async def _update(self, request: Request, session: Object, configuration: Object) -> Response:
        submitted = await submitted_fields(request)
        subscription = self._to_update(request, session, configuration)
        try:
            _, params = self._chosen(subscription, configuration, submitted)
            self._plans.make(subscription, params)
        except StripeError as error:
            return self._confirmation(
                session, configuration, subscription, submitted, error.message, error.status
            )
        return self._finish(session, "update", "../../../../")

    def _confirmation(
        self,
        session: Object,
        configuration: Object,
        subscription: Object,
        chosen: dict[str, Any],
        message: str = "",
        status: int = 200,
    ) -> Response:
        """The page that says what the chosen change costs. Refused: it cannot be."""
        try:
            plan, params = self._chosen(subscription, configuration, chosen)
            preview = self._plans.preview(subscription, params)
        except StripeError as error:
            field = FieldError("page", error.message, error.code or "invalid_request")
            raise Refused(400, Refusal.INVALID, field) from error
        quantity: int = params["items"][0]["quantity"]
        page = self._html.confirm(
            session,
            self._views.subscription(subscription, configuration),
            self._views.plan(plan),
            quantity,
            self._views.preview(preview),
            error=message,
        )
        return page_answer(page, status)

    def _chosen(
        self, subscription: Object, configuration: Object, chosen: dict[str, Any]
    ) -> tuple[Plan, Object]:
        """The plan, and the update's parameters. StripeError: it cannot be chosen."""
        given = str(chosen.get("quantity", subscription["items"]["data"][0]["quantity"]))
        quantity = int(given) if given.isdecimal() and len(given) < 10 else 0
        price = str(chosen.get("price", ""))
        params = plan_updates.update(self._backend, subscription, configuration, price, quantity)
        plans = self._plans.plans(subscription, configuration)
        plan = next((one for one in plans if one.price["id"] == price), None)
        if plan is None:
            raise errors.no_such("price", price, "price")
        return plan, params

    async def _done(self, _: Request, session: Object, __: Object) -> Response:
        if not ends_elsewhere(session) or not self._sessions.is_done(session):
            return redirect_answer(f"../{session['id']}")
        return page_answer(self._html.flow_end(session))

    def _finish(self, session: Object, done: str, up: str) -> Response:
        """Lead on after a step: home, or, in a flow, to where that ends. `up` leads to the folder
        that the session's first page is in."""
        if session["flow"] is not None:
            self._sessions.finish(session)
        if ends_elsewhere(session):
            return redirect_answer(f"{up}{session['id']}/done")
        return redirect_answer(f"{up}{session['id']}?done={done}")

    def _to_cancel(self, request: Request, session: Object, configuration: Object) -> Object:
        """The subscription that the path names. Refused: it cannot be canceled here."""
        _allow(configuration, "subscription_cancel")
        return self._subscription(request, session)

    def _to_update(self, request: Request, session: Object, configuration: Object) -> Object:
        """The subscription that the path names. Refused: its plan cannot be changed here."""
        _allow(configuration, plan_updates.FEATURE)
        found = self._subscription(request, session)
        if not plan_updates.is_updatable(found, configuration):
            raise _unavailable("The plan of this subscription cannot be changed here.")
        return found

    def _subscription(self, request: Request, session: Object) -> Object:
        """The subscription that the path names. Refused: it is not the customer's, or has ended."""
        identifier = request.path_params["subscription"]
        found = self._actions.subscription(session["customer"], identifier)
        if found is None:
            raise _unavailable("There is no such subscription, or it has ended already.")
        return found


def _allow(configuration: Object, feature: str) -> None:
    if not configuration["features"][feature]["enabled"]:
        raise _unavailable("The shop does not offer this here.")


def _unavailable(message: str) -> Refused:
    return Refused(404, Refusal.UNKNOWN, FieldError("page", message, "resource_missing"))


def _details(submitted: dict[str, Any], asked: Object) -> dict[str, Any]:
    """The customer's reasons, as far as they were asked for."""
    if not asked["enabled"]:
        return {}
    details = {}
    if submitted.get("feedback") in asked["options"]:
        details["feedback"] = submitted["feedback"]
    comment = submitted.get("comment")
    if isinstance(comment, str) and comment.strip():
        details["comment"] = UNPRINTABLE.sub(" ", comment.strip())[:LONGEST_COMMENT]
    return details
