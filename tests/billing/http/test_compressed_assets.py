"""Scripts and styles are sent compressed, once compressed, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from billing.http import compressed_assets
from billing.http.compressed_assets import CompressedAssets
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

SCRIPT = "const answer = 42;\n" * 200
FOR_EVER = {"cache-control": "public, immutable, max-age=31536000", "etag": '"1"'}


class Assets:
    """An app with files, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.url = ""
        self.asgi = CompressedAssets(
            Starlette(routes=[Route("/{path:path}", self.answer)]), "/static/"
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=10)

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        name = request.path_params["path"]
        headers = {"cache-control": "no-cache"} if "changing" in name else FOR_EVER
        body = SCRIPT[:100] if "short" in name else SCRIPT
        status = 404 if "missing" in name else 200
        return Response(body, status, headers, media_type="text/javascript")


@pytest.fixture
def assets() -> Iterator[Assets]:
    app = Assets()
    with serving(app.asgi) as app.url:
        yield app


def test_a_script_is_compressed_once_and_then_sent_from_memory(assets: Assets) -> None:
    for _ in range(3):
        answer = assets.get("/static/js/index.js")
        assert answer.text == SCRIPT
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(SCRIPT) / 4
        assert answer.headers["vary"].lower() == "accept-encoding"
        assert answer.headers["cache-control"] == FOR_EVER["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "etag" not in answer.headers, "it is that of the other bytes"
    assert assets.asked == 1


@pytest.mark.parametrize(
    "path",
    [
        "/static/short.js",
        "/static/changing.js",
        "/static/missing.js",
        "/static/font.woff2",
        "/x.js",
    ],
)
def test_what_is_short_or_changes_or_lies_elsewhere_stays_as_it_is(
    assets: Assets, path: str
) -> None:
    for asked in (1, 2):
        answer = assets.get(path)
        assert "content-encoding" not in answer.headers
        assert answer.text in (SCRIPT, SCRIPT[:100])
        assert assets.asked == asked


@pytest.mark.parametrize(
    "headers", [{"accept-encoding": "br"}, {"range": "bytes=0-9"}, {"if-none-match": '"1"'}]
)
def test_who_cannot_use_it_or_wants_a_part_gets_the_file_itself(
    assets: Assets, headers: dict[str, str]
) -> None:
    assets.get("/static/js/index.js")
    answer = assets.get("/static/js/index.js", **headers)
    assert "content-encoding" not in answer.headers
    assert answer.headers["etag"] == '"1"'
    assert assets.asked == 2


def test_memory_is_bounded(assets: Assets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed_assets, "AT_MOST", 100)
    for name in ("one", "another", "one", "another"):
        answer = assets.get(f"/static/{name}.js")
        assert answer.text == SCRIPT
        assert answer.headers["content-encoding"] == "gzip"
    assert assets.asked == 3, "the first is in memory"
