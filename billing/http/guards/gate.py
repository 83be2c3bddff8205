"""Who does not come in gets a page that says why, and what to do."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import HTMLResponse, JSONResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

NO_STORE = {"Cache-Control": "no-store"}
PROGRAMS = ("/api/", "/sandbox/", "/metrics")  # get JSON


class Step(NamedTuple):
    """Something to do: what it is, how, and the settings that it takes."""

    title: str
    how: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a request is not served, each in a sentence or two, and the ways to have it served."""

    title: str
    reason: str
    steps: tuple[Step, ...] = ()
    note: str = ""

    def as_text(self) -> str:
        """For programs."""
        steps = (
            f"{number}. {step.title}. {step.how} {' '.join(step.settings)}".rstrip()
            for number, step in enumerate(self.steps, 1)
        )
        return " ".join(filter(None, (self.reason, *steps, self.note)))


class Gate:
    """Answers 403 where ``refusal`` gives one for the request, HTTP or WebSocket; all others, and
    those to ``open_paths``, go on to the app. An open path that ends with a slash stands for all
    below it.
    """

    def __init__(
        self,
        app: ASGIApp,
        refusal: Callable[[Scope], Refusal | None],
        open_paths: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._refusal = refusal
        self._open_paths = frozenset(open_paths)
        self._open_folders = tuple(path for path in open_paths if path.endswith("/"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in ("http", "websocket") and not self._is_open(scope["path"]):
            refusal = self._refusal(scope)
            if refusal:
                return _answer(refusal, scope)(scope, receive, send)
        return self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in self._open_paths or path.startswith(self._open_folders)


def _answer(refusal: Refusal, scope: Scope) -> Response:
    if scope["type"] == "websocket" or scope["path"].startswith(PROGRAMS):
        return JSONResponse({"error": refusal.as_text()}, 403, NO_STORE)
    return HTMLResponse(page(refusal), 403, NO_STORE)


def page(refusal: Refusal) -> str:
    """``refusal`` as a page of HTML."""
    steps = "".join(
        f"<li><h2>{html.escape(step.title)}</h2><p>{html.escape(step.how)}</p>"
        + "".join(f"<code>{html.escape(name)}</code>" for name in step.settings)
        + "</li>"
        for step in refusal.steps
    )
    return PAGE.format(
        title=html.escape(refusal.title),
        reason=html.escape(refusal.reason),
        steps=f"<ol>{steps}</ol>" if steps else "",
        note=f'<p class="note">{html.escape(refusal.note)}</p>' if refusal.note else "",
    )


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex, nofollow">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{
  color-scheme: light dark; --page: #f5f6fa; --card: #fff; --line: #e1e4ec; --text: #12162b;
  --soft: #5a6078; --accent: #4338ca; --tint: #eef0fd;
  font: 16px/1.5 Inter, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --page: #0e1117; --card: #171b26; --line: #2a3040; --text: #e6e9f2; --soft: #a5abc1;
    --accent: #a5b4fc; --tint: #20263a;
  }}
}}
* {{ box-sizing: border-box; }}
body {{
  display: grid; place-items: center; min-height: 100vh; margin: 0; padding: 24px 16px;
  background: var(--page); color: var(--text); overflow-wrap: anywhere;
}}
main {{
  width: 100%; max-width: 640px; padding: 32px; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 8px 30px #12162b12;
}}
svg {{ display: block; margin: 0 0 16px -5px; color: var(--accent); }}
h1 {{ margin: 0 0 8px; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; }}
p {{ margin: 0; color: var(--soft); }}
ol {{ display: grid; gap: 12px; margin: 24px 0 0; padding: 0; list-style: none; counter-reset: n; }}
li {{
  position: relative; padding: 14px 16px 14px 56px; border: 1px solid var(--line);
  border-radius: 10px; counter-increment: n;
}}
li::before {{
  content: counter(n); position: absolute; left: 16px; top: 14px; width: 26px; height: 26px;
  border-radius: 50%; background: var(--tint); color: var(--accent); font-size: .85rem;
  font-weight: 650; line-height: 26px; text-align: center;
}}
h2 {{ margin: 2px 0; font-size: 1rem; font-weight: 650; line-height: 22px; }}
li p {{ font-size: .94rem; }}
code {{
  display: inline-block; margin: 8px 6px 0 0; padding: 2px 8px; border-radius: 6px;
  background: var(--tint); color: var(--text);
  font: .8rem/1.5 "JetBrains Mono", ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}}
.note {{ margin-top: 24px; font-size: .9rem; }}
@media (max-width: 480px) {{ main {{ padding: 24px 18px; }} }}
</style>
</head>
<body>
<main>
<svg width="36" height="36" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6"
  stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
<rect x="4.5" y="10.5" width="15" height="10" rx="2.5"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>
</svg>
<h1>{title}</h1>
<p>{reason}</p>
{steps}
{note}
</main>
</body>
</html>
"""
