"""The bank's page for 3-D Secure: `GET /3d_secure/{intent}?client_secret=…` asks, `POST` completes
or fails it and leads back to the intent's `return_url`."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox.currencies import format_amount
from stripe_sandbox.hosted_page.rendering import Templates
from stripe_sandbox.hosted_page.requests import Refused, page_answer, submitted_fields
from stripe_sandbox.hosted_page.security import web_link
from stripe_sandbox.payments.intents.authentication import IntentAuthentication
from stripe_sandbox.storage.objects import Object

_ROOT = "../"


class AuthenticationPage:
    """Has payers complete or fail 3-D Secure."""

    def __init__(self, authentication: IntentAuthentication) -> None:
        self._authentication = authentication
        self._templates = Templates(Path(__file__).with_name("templates"))

    def routes(self) -> list[BaseRoute]:
        """The page's routes, to be served at the root or under any prefix."""
        path = "/3d_secure/{intent}"
        return [
            Route(path, self._show, methods=["GET"]),
            Route(path, self._finish, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        secret = request.query_params.get("client_secret", "")
        intent = self._authentication.find(request.path_params["intent"], secret)
        if intent is None:
            return self._notice(
                "Nothing to confirm",
                "This payment was confirmed or canceled meanwhile, or the link is incomplete.",
                status_code=404,
            )
        return page_answer(self._challenge(intent))

    async def _finish(self, request: Request) -> Response:
        try:
            submitted = await submitted_fields(request)
        except Refused as refused:
            text = " ".join(error.message for error in refused.errors)
            return self._notice("This was not accepted", text, status_code=refused.status_code)
        secret, result = str(submitted.get("client_secret", "")), submitted.get("result")
        intent = self._authentication.find(request.path_params["intent"], secret)
        if intent is None or result not in ("complete", "fail"):
            return self._notice(
                "Nothing to confirm",
                "This payment was confirmed or canceled meanwhile.",
                status_code=404,
            )
        return_url = self._authentication.finish(intent, succeed=result == "complete")
        heading = "Confirmed" if result == "complete" else "Not confirmed"
        if return_url is None:
            return self._notice(heading, "You can close this page.")
        return self._notice(heading, "You return to the shop.", web_link(return_url))

    def _challenge(self, intent: Object) -> str:
        total = None
        if intent["object"] == "payment_intent":
            total = format_amount(intent["amount"], intent["currency"])
        return self._templates.render(
            "challenge.html",
            root=_ROOT,
            action=intent["id"],
            total=total,
            hidden={"client_secret": intent["client_secret"]},
        )

    def _notice(
        self, heading: str, text: str, link: str | None = None, *, status_code: int = 200
    ) -> Response:
        page = self._templates.render(
            "closed.html",
            root=_ROOT,
            heading=heading,
            text=text,
            link=link,
            link_text="Return to the shop",
            go_on=True,
        )
        return page_answer(page, status_code)
