"""Requests to Stripe's API as they were logged: what was asked, by which tries, and the answer."""

from __future__ import annotations

from dataclasses import dataclass

THIS_APP = "PingPoint"  # what this app calls itself where it asks Stripe
MICROSECONDS = 1_000_000  # of a second
NO_ANSWER = "none"  # in place of a status, where a filter asks for one
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Try:
    """One time that a request was sent. ``status`` is None where no answer came; ``failure`` says
    why, in a few words."""

    status: int | None
    seconds: float
    failure: str = ""

    @property
    def is_failed(self) -> bool:
        """No answer came, or an error did."""
        return self.status is None or self.status >= 400

    @property
    def text(self) -> str:
        """``500``, ``no answer (connection reset)``."""
        if self.status is not None:
            return str(self.status)
        return f"no answer ({self.failure})" if self.failure else "no answer"


@dataclass(frozen=True)
class RequestError:
    """Stripe's error, as far as it says so. https://docs.stripe.com/api/errors"""

    type: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class LoggedRequest:
    """A call of Stripe's API as its caller made it, with every try.

    ``id`` is the microsecond at which it was sent, so that later ones have greater ids; ``at`` is
    the same in Unix seconds UTC, ``seconds`` how long all of it took, ``status`` None where no
    answer came. ``client`` is a short name for what the User-Agent says: ``PingPoint``, ``curl``.
    ``replayed``: the answer was that of an earlier request with the same idempotency key.
    ``request_id`` is Stripe's: ``req_…``. ``params`` and ``answer`` are JSON text without secrets,
    empty where there is none, and in a list of requests. ``object_ids`` are Stripe's ids in the
    path, the parameters and at the top of the answer; empty in a list.
    """

    id: int
    at: float
    method: str  # GET, POST, DELETE
    path: str  # without a query
    status: int | None
    seconds: float
    tries: tuple[Try, ...]
    client: str
    api_version: str = ""
    idempotency_key: str | None = None
    replayed: bool = False
    request_id: str | None = None
    error: RequestError | None = None
    params: str = ""
    answer: str = ""
    object_ids: tuple[str, ...] = ()

    @property
    def is_failed(self) -> bool:
        """No answer came, or an error did: after the last try."""
        return self.status is None or self.status >= 400

    @property
    def is_unusual(self) -> bool:
        """It failed, or a try of it did, or its answer was a replay."""
        return self.is_failed or len(self.tries) > 1 or self.replayed

    @property
    def is_ours(self) -> bool:
        """This app made it."""
        return self.client == THIS_APP

    @property
    def caller(self) -> str:
        """Who made it, in words: ``curl 8.5``, ``the payer's page``."""
        if not self.path.startswith(("/v1/", "/v2/")):
            return "the payer's page"
        return self.client or "an unnamed program"

    @property
    def outcome(self) -> str:
        """How it went, in a line: ``200``, ``402 card_declined``, ``2 tries: 500, then 200``,
        ``2 tries: the first answer was lost, then 200``."""
        end = self._end
        if len(self.tries) < 2:
            return f"{end}, a replay" if self.replayed else end
        return f"{len(self.tries)} tries: {', then '.join((*self._earlier, end))}"

    @property
    def _end(self) -> str:
        if self.status is None:
            return self.tries[-1].text if self.tries else "no answer"
        code = (self.error.code or self.error.type) if self.error else ""
        return f"{self.status} {code}".strip()

    @property
    def _earlier(self) -> list[str]:
        """The tries but for the last. Where Stripe replayed the answer it had done the work: what
        did not come was the answer."""
        texts = []
        for number, one in enumerate(self.tries[:-1]):
            is_lost = one.status is None and self.replayed and number < len(_ORDINALS)
            texts.append(f"the {_ORDINALS[number]} answer was lost" if is_lost else one.text)
        return texts


@dataclass(frozen=True)
class RequestFilter:
    """Which requests; an empty value means any. ``status``: ``402``, or ``none`` for no answer.
    ``path`` is the beginning of one. ``object_id`` is the whole id of an object that they touched,
    Stripe's own id of a request, or an idempotency key. ``errors``: those of which a try failed.
    ``cause``: those of an ``ErrorCause``."""

    status: str = ""
    path: str = ""
    client: str = ""
    object_id: str = ""
    errors: bool = False
    cause: str = ""


@dataclass(frozen=True)
class RequestPage:
    """Requests, the newest first; ``older`` is where the next page begins: below this id, None at
    the end."""

    requests: tuple[LoggedRequest, ...]
    older: int | None


@dataclass(frozen=True)
class ErrorCause:
    """Requests that failed, or a try of them, for one reason. ``cause`` names it by method, path
    without ids, and outcome; ``count`` of them from ``first_at`` until ``last_at`` (Unix
    seconds)."""

    cause: str
    count: int
    first_at: float
    last_at: float


@dataclass(frozen=True)
class ObjectChange:
    """What a request did to an object of Stripe's: ``created``, ``updated`` or ``deleted`` it.
    ``before`` and ``after`` are JSON texts of the fields that an update changed."""

    kind: str  # as Stripe calls it: payment_intent
    id: str
    change: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class CausedEvent:
    """An event that a request caused."""

    id: str
    type: str


@dataclass(frozen=True)
class RequestDetails:
    """A request whole. ``twins`` are others with its idempotency key, ``events`` those of Stripe's
    that say that it caused them: with this app's own log as far as they have arrived. ``changes``
    are what the sandbox says that it changed; this app's own log does not know."""

    request: LoggedRequest
    twins: tuple[LoggedRequest, ...] = ()
    events: tuple[CausedEvent, ...] = ()
    changes: tuple[ObjectChange, ...] = ()


def cause_of(request: LoggedRequest, path_template: str) -> str:
    """What requests like this are counted under when they fail; empty for one of which no try
    failed. ``path_template`` is its path without ids: ``/v1/customers/{id}``."""
    if not (request.is_failed or any(one.is_failed for one in request.tries)):
        return ""
    return f"{request.method} {path_template}: {request.outcome}"
