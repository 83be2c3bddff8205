"""The sandbox's log of the requests that anybody made to it, as this app's own log is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.logged_request import (
    THIS_APP,
    CausedEvent,
    ErrorCause,
    LoggedRequest,
    ObjectChange,
    RequestDetails,
    RequestError,
    RequestPage,
    Try,
)
from billing.json_codec import dumps
from billing.request_log.reading import PAGE_SIZE
from pages.scenarios.sandbox_requests import ANY_KEY, TIMEOUT, ControlFailure, send
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import SecretStr

    from billing.domain.logged_request import RequestFilter
    from billing.domain.stripe_json import JSON

GONE = "the client did not wait for it"


class SandboxRequestLog:
    """A ``RequestLog`` at the sandbox's controls. Every method raises ``ControlFailure``."""

    def __init__(self, controls_url: str, key: SecretStr = ANY_KEY) -> None:
        self._url = f"{controls_url}/requests"
        self._key = key

    @requires(Permission.VIEW)
    async def page(self, wanted: RequestFilter, below: int | None = None) -> RequestPage:
        """The newest that match, or those below the id of one."""
        asked = {
            "status": wanted.status,
            "path": wanted.path,
            "client": wanted.client,
            "about": wanted.object_id,
            "cause": wanted.cause,
            "errors": "true" if wanted.errors else "",
            "below": "" if below is None else str(below),
            "limit": str(PAGE_SIZE),
        }
        answer = await self._get("", {name: value for name, value in asked.items() if value})
        return RequestPage(tuple(map(_request, answer["data"])), answer["older"])

    @requires(Permission.VIEW)
    async def get(self, request_id: int) -> RequestDetails | None:
        """One of them whole, with what it changed."""
        try:
            found = await self._get(f"/{request_id}")
        except ControlFailure as failure:
            if failure.message.startswith("No such request"):
                return None
            raise
        return RequestDetails(
            _request(found),
            tuple(map(_request, found["twins"])),
            tuple(CausedEvent(one["id"], one["type"]) for one in found["events"]),
            tuple(map(_change, found["changes"])),
        )

    @requires(Permission.VIEW)
    async def causes(self) -> list[ErrorCause]:
        """Why requests failed, the newest cause first."""
        return [ErrorCause(**cause) for cause in (await self._get("/causes"))["data"]]

    @requires(Permission.VIEW)
    async def touching(self, object_ids: Collection[str]) -> list[LoggedRequest]:
        """Those that touched any of these objects, the oldest first."""
        return await self._touching(object_ids)

    @requires(Permission.VIEW)
    async def of_others(self, object_ids: Collection[str]) -> list[LoggedRequest]:
        """Those of them that another program made, or a payer's page; the oldest first."""
        return await self._touching(object_ids, {"without_client": THIS_APP})

    @requires(Permission.VIEW)
    async def clients(self) -> list[str]:
        """Who made them, in alphabetical order."""
        return list((await self._get("/clients"))["data"])

    @requires(
        Permission.SEND_REQUESTS,
        on="request.request_id",
        does="Send {request.method} {request.path} again",
    )
    async def send_again(self, request: LoggedRequest) -> int:
        """Make the same request once more, with a new idempotency key; its number in the log."""
        answer = await self._send("POST", f"/{request.id}/send_again")
        return int(answer["id"])

    async def _touching(
        self, object_ids: Collection[str], params: dict[str, str] | None = None
    ) -> list[LoggedRequest]:
        if not object_ids:
            return []
        found = await self._get(f"/touching/{','.join(object_ids)}", params)
        return [_request(one) for one in found["data"]]

    async def _get(self, path: str, params: dict[str, str] | None = None) -> JSON:
        return await self._send("GET", path, params=params)

    async def _send(self, method: str, path: str, **body: Any) -> JSON:
        """In a thread: the sandbox may well be served by this process's event loop."""
        call = partial(send, method, self._url + path, key=self._key, timeout=TIMEOUT, **body)
        return await to_thread.run_sync(call)


def _request(found: JSON) -> LoggedRequest:
    error = found["error"]
    return LoggedRequest(
        id=found["id"],
        at=found["at"],
        method=found["method"],
        path=found["path"],
        status=found["status"],
        seconds=found["seconds"],
        tries=(Try(found["status"], found["seconds"], GONE if found["status"] is None else ""),),
        client=found["client"],
        api_version=found["api_version"],
        idempotency_key=found["idempotency_key"],
        replayed=found["replayed"],
        request_id=found["request_id"],
        error=error and RequestError(error["type"], error["code"] or "", error["message"]),
        params=_text(found.get("params")),
        answer=_text(found.get("answer")),
        object_ids=tuple(found.get("object_ids", ())),
    )


def _change(found: JSON) -> ObjectChange:
    return ObjectChange(
        found["object"],
        found["id"],
        found["change"],
        _text(found.get("before")),
        _text(found.get("after")),
    )


def _text(value: Any) -> str:
    return "" if value is None else dumps(value)


def sandbox_request_log() -> SandboxRequestLog | None:
    """That of the sandbox at the other end; None where that is another Stripe."""
    billing = page_services()
    if billing.controls_url is None:
        return None
    key = billing.services.settings.secret_key or ANY_KEY
    return SandboxRequestLog(billing.controls_url, key)
