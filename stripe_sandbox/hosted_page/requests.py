"""What a hosted page is posted, and how it answers: JSON to a script, a page to a plain form."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from stripe_sandbox.hosted_page.form import FieldError
from stripe_sandbox.hosted_page.security import SECURITY_HEADERS, comes_from_another_site

LARGEST_BODY = 16 * 1024
_DYNAMIC_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}


class Refusal(StrEnum):
    """Why a request was refused, mostly before anything was done."""

    DECLINED = "declined"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"
    TOO_LARGE = "too_large"


class Refused(Exception):
    """Stops a request before anything is done; it is answered with this status and these errors."""

    def __init__(self, status_code: int, status: StrEnum, *errors: FieldError) -> None:
        super().__init__(status)
        self.status_code = status_code
        self.status = status
        self.errors = errors


async def submitted_fields(request: Request) -> dict[str, Any]:
    """The posted fields, from JSON or from a plain form. Refused: they come from another site's
    page, are too large, or are none."""
    if comes_from_another_site(request):
        error = FieldError("origin", "Pages of other sites cannot pay here.", "cross_site")
        raise Refused(403, Refusal.FORBIDDEN, error)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            error = FieldError("body", "The submitted form is too large.", "too_large")
            raise Refused(413, Refusal.TOO_LARGE, error)
    try:
        if not is_json(request):
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        error = FieldError("body", "The body must be a JSON object or a form.", "invalid_body")
        raise Refused(400, Refusal.INVALID, error)
    return fields


def is_json(request: Request) -> bool:
    """Whether a script asks, which is answered in JSON."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type != "application/x-www-form-urlencoded"


def json_answer(body: dict[str, Any], status_code: int = 200) -> Response:
    """A JSON answer with the pages' security headers."""
    return JSONResponse(body, status_code, headers=_DYNAMIC_HEADERS)


def page_answer(html: str, status_code: int = 200) -> Response:
    """A page with the pages' security headers."""
    return HTMLResponse(html, status_code, headers=_DYNAMIC_HEADERS)


def redirect_answer(url: str) -> Response:
    """Leads to another page, which is asked for with GET."""
    return Response(status_code=303, headers={**_DYNAMIC_HEADERS, "Location": url})
