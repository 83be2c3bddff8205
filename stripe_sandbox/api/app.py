"""The pipeline of a request to /v1 or /v2: key, version, form or JSON, idempotency, parameters,
endpoint, answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from stripe_sandbox import errors
from stripe_sandbox.api.auth import check_key, masked
from stripe_sandbox.api.bodies import read_body
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.api.expand import Expander
from stripe_sandbox.api.idempotency import IdempotencyKeys, SavedAnswer
from stripe_sandbox.api.requests import (
    READ_HEADERS,
    V2,
    ApiRequest,
    digest,
    path_of,
    read_parameters,
)
from stripe_sandbox.api.responses import new_request_id
from stripe_sandbox.api.router import Endpoint, Router, Support
from stripe_sandbox.api.spoken import Spoken, without_count
from stripe_sandbox.clock import Clock
from stripe_sandbox.errors import StripeError
from stripe_sandbox.faults import FaultSwitch
from stripe_sandbox.parameters.form import Form
from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.json_text import dump
from stripe_sandbox.versions import releases
from stripe_sandbox.versions.translation import Translation, Translations

logger = logging.getLogger(__name__)

RETRYABLE = frozenset((409, 429, 500))
"""What the same request may be answered otherwise a moment later; the SDKs decide about it."""
MAXIMUM_BODY = 1 << 20


@dataclass(frozen=True)
class _Reply:
    status: int
    body: str
    original: str | None = None


@dataclass(frozen=True)
class _Claim:
    """An idempotency key that a request holds, and the digest of what it was sent with."""

    key: str
    parameters: str


class Api:
    """The ASGI app under /v1 and /v2.

    `more` makes routes that are not needed before somebody asks for them, `account` returns
    the account's id, `time_of` the context of the time in which a request happens. `delay` seconds
    pass before each answer, for measuring against a Stripe far away. With `api_key` no other key
    is accepted.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        database: Database,
        clock: Clock,
        expander: Expander,
        faults: FaultSwitch,
        translations: Translations,
        *,
        more: Callable[[str, str], Route | None],
        account: Callable[[], str],
        time_of: Callable[[Route, Call], AbstractContextManager[None]],
        base_url: str,
        delay: float = 0.0,
        api_key: str | None = None,
    ) -> None:
        self._router = Router(routes, more)
        self._account = account
        self._time_of = time_of
        self._database = database
        self._clock = clock
        self._expander = expander
        self._translations = translations
        self._spoken: dict[str, Spoken] = {}
        self._faults = faults
        self._keys = IdempotencyKeys(database, clock)
        self._base_url = base_url
        self._delay = delay
        self._api_key = api_key

    def support(self, operation: Operation) -> Support:
        """What becomes of a request that calls the operation."""
        return self._router.support(operation)

    def purge_old_keys(self) -> None:
        """Remove idempotency keys older than a day."""
        self._keys.purge_old()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {  # of those of one name the first
            name: value.decode("latin-1")
            for raw, value in reversed(scope["headers"])
            if (name := READ_HEADERS.get(raw)) is not None
        }
        request_id = new_request_id()
        path = path_of(scope)
        repeatable = ("POST", "DELETE") if path.startswith(V2) else ("POST",)
        key = headers.get("idempotency-key") if scope["method"] in repeatable else None
        version = self._translations.default
        try:
            body = b"" if scope["method"] == "GET" else await read_body(receive, MAXIMUM_BODY)
            api_key = masked(check_key(headers, self._api_key))
            version = releases.read(headers.get("stripe-version", version))
            request = ApiRequest(
                id=request_id,
                method=scope["method"],
                path=path,
                query=scope["query_string"],
                body=body,
                headers=headers,
                version=version,
                key=api_key,
            )
            reply = await self._answer(request, key)
            await self._database.committed()
        except ClientDisconnect:
            return
        except StripeError as error:
            reply = self._refusal(error, request_id, path)
        except Exception:
            logger.exception("%s %s failed (%s)", scope["method"], scope["path"], request_id)
            reply = self._refusal(errors.internal(), request_id, path)
        extra = [(b"request-id", request_id.encode()), (b"stripe-version", version.encode())]
        if key:
            extra.append((b"idempotency-key", key.encode("latin-1")))
            extra.append((b"original-request", (reply.original or request_id).encode()))
            if reply.status not in RETRYABLE:
                extra.append((b"stripe-should-retry", b"false"))
        if reply.original is not None:
            extra.append((b"idempotent-replayed", b"true"))
        if "stripe-account" in headers and reply.status == 200:
            extra.append((b"stripe-account", headers["stripe-account"].encode("latin-1")))
        if reply.status == 401:
            extra.append((b"www-authenticate", b'Bearer realm="Stripe"'))
        body = reply.body.encode()
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                    (b"cache-control", b"no-cache, no-store"),
                    *extra,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _refusal(
        self,
        error: StripeError,
        request_id: str,
        path: str,
        translation: Translation | None = None,
    ) -> _Reply:
        if translation is not None:
            error.objects = {
                name: translation.lower(value) if isinstance(value, dict) else value
                for name, value in error.objects.items()
            }
        if path.startswith(V2):
            return _Reply(error.status, dump(error.body_v2()))
        return _Reply(error.status, dump(error.body(request_id, int(self._clock.wall()))))

    async def _answer(self, request: ApiRequest, key: str | None) -> _Reply:
        faults = self._faults.current().api
        delay = self._delay + faults.delay_seconds
        fault = None if faults.status is None else self._faults.take_api_error()
        if fault is not None:
            await asyncio.sleep(delay)
            raise fault
        for header in ("stripe-account", "stripe-context"):
            account = request.headers.get(header)
            if account is not None and account != self._account():
                raise errors.account_invalid(account, request.key)
        translation = self._speaking(request.version).translation
        former = translation.former_operation(request.method, request.path)
        endpoint, ids = self._router.require(request.method, request.path, former)
        fields = read_parameters(request)
        if not key:
            reply = self._execute(endpoint, ids, request, fields, None)
            if delay:
                await asyncio.sleep(delay)
            return reply
        claim = _Claim(key, digest(fields))
        saved = self._keys.claim(key, request.path, claim.parameters)
        if saved is not None:
            return _Reply(saved.status, saved.body, original=saved.request)
        try:
            reply = self._execute(endpoint, ids, request, fields, claim)
            if delay:
                await asyncio.sleep(delay)
            return reply
        finally:
            self._keys.release(key)

    def _execute(
        self,
        endpoint: Endpoint,
        ids: tuple[str, ...],
        request: ApiRequest,
        fields: dict[str, Form],
        claim: _Claim | None,
    ) -> _Reply:
        """Run the endpoint in one transaction with the saved answer of its idempotency key."""
        route = endpoint.route
        spoken = self._speaking(request.version)
        given = spoken.translation.raise_request(route.name, fields)
        try:
            params = endpoint.parameters.read(given.form)
        except StripeError as error:
            error.reword(given.words)
            raise
        expand: list[str] = params.pop("expand", [])
        expanded = without_count(expand) if route.searches else expand
        spoken.expander.check(route.returns, expanded, lists=route.lists)
        info = RequestInfo(request.id, claim.key if claim else None)
        call = Call(params, ids, info, self._base_url, request.key)
        try:
            # One statement answers most reads; those that write begin a transaction themselves.
            reads = request.method == "GET"
            with nullcontext() if reads else self._database.shared_transaction():
                try:
                    with self._time_of(route, call):
                        answer = route.handler(call)
                except StripeError as error:
                    error.reword(given.words)
                    if not error.keeps_changes:
                        raise
                    reply = self._refusal(error, request.id, request.path, spoken.translation)
                else:
                    reply = _Reply(200, spoken.render(route, answer, expand))
                self._save(claim, request, reply)
        except StripeError as error:
            reply = self._refusal(error, request.id, request.path, spoken.translation)
            if error.before_execution:
                return reply
        except Exception:
            logger.exception("%s %s failed (%s)", request.method, request.path, request.id)
            reply = self._refusal(errors.internal(), request.id, request.path)
        else:
            return reply
        self._save(claim, request, reply)
        return reply

    def _save(self, claim: _Claim | None, request: ApiRequest, reply: _Reply) -> None:
        if claim is not None:
            answer = SavedAnswer(reply.status, reply.body, request.id)
            self._keys.save(claim.key, request.path, claim.parameters, answer)

    def _speaking(self, version: str) -> Spoken:
        spoken = self._spoken.get(version)
        if spoken is None:
            translation = self._translations.of(version)
            expander = self._expander.with_fields(translation.fields)
            spoken = self._spoken[version] = Spoken(translation, expander)
        return spoken
