"""The launcher: pages, routes and the embedded sandbox, in one process on one port.

Start it with ``streamlit run streamlit_app.py``; see README.md.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import threading
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import streamlit as st
from pydantic import SecretStr
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route, Router
from streamlit import config

from billing.access.caller import acting_as
from billing.access.demo_link import DEMO_LINKS, DemoLink
from billing.access.listening import refusal_of, start_refusal
from billing.access.mode import access_mode
from billing.access.oidc.routes import sign_in
from billing.access.sandbox_key import load_sandbox_key
from billing.changes.topics import Topic
from billing.errors import StoreFailure
from billing.http.compressed_assets import CompressedAssets
from billing.http.guards.allowed_hosts import AllowedHosts
from billing.http.open_files import LazyEventLoopPolicy, raise_open_files_limit
from billing.http.own_routes import OwnRoutesFirst
from billing.http.page_style import PageStyle
from billing.http.protection import protected
from billing.http.request_ids import RequestIds
from billing.http.route_names import METRICS_PATH
from billing.http.server_limits import configure_running_server
from billing.http.traced_requests import TracedRequests
from billing.logs import configure_logging
from billing.logs.sentry import sentry
from billing.metrics.http import MeasuredRequests
from billing.routes import OPEN_PATHS, PREVIEWS, change_socket, routes
from billing.services import Services
from billing.settings.embedded import (
    BILLING_DATABASE,
    CREDIT_PRICE,
    ENDPOINT_DESCRIPTION,
    PRO_PRICE,
    SANDBOX_DATABASE,
)
from billing.settings.loading import load_settings
from billing.settings.model import LOCAL_SANDBOX, WEBHOOK_SECRET
from billing.store.engine.instance_lock import AlreadyInUse, instance_lock
from billing.tracing import start_tracing, wants_tracing
from billing.urls import BILLING_PATH, WEBHOOK_PATH
from pages.services import hand_over, portal_for_pages
from pages.streamlit_setup import auth as streamlit_auth
from pages.streamlit_setup.fragment_runs import separate_fragment_runs
from pages.streamlit_setup.garbage import freeze_loaded
from pages.streamlit_setup.logs import share_log_handler
from pages.streamlit_setup.paths import closed_paths
from stripe_sandbox import HOSTED_PAGES
from stripe_sandbox.storage.unusable import UnusableDatabaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from billing.settings.model import Settings
    from pages.services import PageServices
    from stripe_sandbox.sandbox import Sandbox

EXIT_SECONDS = 4.0  # after the server has waited for what is under way: see server_limits.py
FIRST_PAINT = Path(__file__).parent / "pages" / "first_paint.css"
OWN_PATHS = ("/api/", "/sandbox/", METRICS_PATH)
# What is open to whoever asks: it proves itself by a signature or by its address, or hides nothing.
OPEN = (*OPEN_PATHS, DEMO_LINKS, *(f"/sandbox{path}" for path in HOSTED_PAGES))
log = logging.getLogger("billing.launcher")

# As it is before Streamlit writes what is in its secrets files over it.
environment = dict(os.environ)
read_settings = partial(load_settings, environment)
first_settings = read_settings()
bound: str | None = st.get_option("server.address")
demo_link = DemoLink(os.environ["BILLING_DEMO_LINK"]) if "BILLING_DEMO_LINK" in os.environ else None
if demo_link is None and (
    reason := start_refusal(first_settings, bound) or streamlit_auth.refusal(first_settings, bound)
):
    print(f"\n{reason}\n", file=sys.stderr, flush=True)
    sys.exit(2)  # here, while it is imported: after a lifespan that fails the code is another


def address(host: str, port: str = "") -> str:
    """This server's base URL as seen from ``host``; the port is known once it is bound."""
    if bound and bound not in ("localhost", "127.0.0.1", "0.0.0.0", "::"):  # noqa: S104
        host = bound
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port or st.get_option('server.port')}"


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Build what pages and routes call, and take it down again."""
    configure_logging(as_json=first_settings.log_format == "json")
    share_log_handler()
    separate_fragment_runs()
    streamlit_auth.warn_of_unread_section(first_settings)
    configure_running_server(raise_open_files_limit())
    asyncio.set_event_loop_policy(LazyEventLoopPolicy())
    async with AsyncExitStack() as stack:
        stack.enter_context(sentry(environment.get("SENTRY_DSN")))
        stack.enter_context(start_tracing(environment))
        try:
            state = await build(stack)
        except (AlreadyInUse, StoreFailure, UnusableDatabaseError) as error:
            await stack.aclose()
            print(f"The dashboard cannot start. {error}", file=sys.stderr, flush=True)
            os._exit(1)  # raised, it would be a traceback
        yield state
        log.info("Stopping")
        end_process_within(EXIT_SECONDS)
    log.info("Stopped")


async def build(stack: AsyncExitStack) -> dict[str, Any]:
    """What the app's state is; ``stack`` takes it down again.

    Raises ``AlreadyInUse``, ``StoreFailure`` or ``UnusableDatabaseError`` when this cannot be.
    """
    settings = read_settings()
    allowed_hosts = allowed_hosts_of(settings)
    settings = settings.with_defaults(public_url=address("localhost"))
    sandbox: Sandbox | None = None
    if settings.wants_sandbox:
        # 20 MiB, which Stripe spares
        from stripe_sandbox.sandbox import Sandbox, SandboxConfig
        from stripe_sandbox.webhooks.delivery import RETRY_SCHEDULES

        stack.enter_context(instance_lock(SANDBOX_DATABASE, address("localhost")))
        key = load_sandbox_key()
        knows_callers = demo_link is not None or access_mode(settings).signs_in
        sandbox = Sandbox(
            SandboxConfig(
                database=SANDBOX_DATABASE,
                base_url=f"{settings.public_url or address('localhost')}/sandbox",
                business_name=settings.product_name,
                api_key=key.get_secret_value() if knows_callers else None,
                retry_delays=RETRY_SCHEDULES[settings.sandbox_webhook_retries],
                request_log_size=settings.request_log_size,
            )
        )
        try:
            settings = with_sandbox(sandbox, key, settings)
        except sqlite3.Error as error:
            what = f"The sandbox's database {SANDBOX_DATABASE} cannot be used: {error}."
            raise UnusableDatabaseError(
                f"{what} Free disk space, or move the file away."
            ) from error
        await stack.enter_async_context(sandbox.running())
    services = Services(
        settings,
        stripe_name=stripe_name(settings, sandbox),
        read_settings=read_settings,
        sign_in=demo_link,
        sandbox_secrets=partial(sandbox_secrets, sandbox, settings),
    )
    if services.store.file:
        stack.enter_context(instance_lock(services.store.file, address("localhost")))
    if sandbox:
        sandbox.on_delivery(partial(services.metrics.count, "sandbox_deliveries"))
        sandbox.on_requests(partial(services.changes.changed, (Topic.SANDBOX_REQUESTS,)))
        services.status_watch.add(sandbox.conditions)
    await stack.enter_async_context(services.running())
    portal = await stack.enter_async_context(portal_for_pages())
    controls_url = f"{address('127.0.0.1')}/sandbox/_control" if sandbox else None
    pages = hand_over(services, portal, controls_url)
    announcing = asyncio.create_task(log_start(services))
    stack.callback(announcing.cancel)
    if controls_url and os.environ.get("BILLING_DEMO"):
        from pages.scenarios.demo_history import fill_once_serving

        with acting_as(services.access.system):
            filling = asyncio.create_task(fill_once_serving(services, controls_url))
        stack.callback(filling.cancel)
    with acting_as(services.access.system):
        going_on = asyncio.create_task(scenarios_go_on(pages))
    stack.callback(going_on.cancel)
    freeze_loaded()
    return {"services": services, "sandbox": sandbox, "allowed_hosts": allowed_hosts}


async def scenarios_go_on(pages: PageServices) -> None:
    """Have those runs of scenarios go on that the last server's end interrupted."""
    if not pages.services.settings.stripe_is_configured:
        return
    with suppress(StoreFailure):  # which is logged; the Test kit's page looks again
        if await pages.services.scenario_runs.every():
            from pages.scenarios.runs.background import resume_once_serving

            await resume_once_serving(pages)


async def log_start(services: Services) -> None:
    """Log what has started."""
    log.info("Started: %s, listening on %s", await services.describe(), address("localhost"))


def end_process_within(seconds: float) -> None:
    """End the process by force if a thread still hangs then."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


def allowed_hosts_of(settings: Settings) -> AllowedHosts:
    """The names under which this server answers, and whose pages may speak to it."""
    if settings.public_url and not config.is_manually_set("browser.serverAddress"):
        # Streamlit checks the Origin of its WebSocket too; it learns of the public URL here.
        config.set_option("browser.serverAddress", urlsplit(settings.public_url).hostname)
    return AllowedHosts((bound or "", *settings.allowed_hosts), settings.public_url)


def with_sandbox(sandbox: Sandbox, key: SecretStr, settings: Settings) -> Settings:
    """The settings with the sandbox in Stripe's place: the same code, another address."""
    here = address("127.0.0.1")
    signing_secret = sandbox.ensure_webhook_endpoint(
        url=f"{here}{WEBHOOK_PATH}", description=ENDPOINT_DESCRIPTION
    )
    # An address that was meant for a key is not the sandbox's.
    settings = replace(settings, api_base=None)
    return settings.with_defaults(
        source=LOCAL_SANDBOX,
        secret_key=key,
        api_base=f"{here}/sandbox",
        database_url=BILLING_DATABASE,
        webhook_secrets=(SecretStr(signing_secret),),
        price_pro_monthly=sandbox.ensure_price(PRO_PRICE),
        price_extra_credit=sandbox.ensure_price(CREDIT_PRICE),
    )


def sandbox_secrets(sandbox: Sandbox | None, settings: Settings) -> list[str]:
    """What the embedded sandbox signs events for this app with, unless the settings say
    otherwise."""
    if sandbox is None or settings.source(WEBHOOK_SECRET) != LOCAL_SANDBOX:
        return []
    return sandbox.signing_secrets(f"{address('127.0.0.1')}{WEBHOOK_PATH}")


def stripe_name(settings: Settings, sandbox: Sandbox | None) -> str:
    """How people call the Stripe at the other end."""
    if not settings.stripe_is_configured:
        return "Not connected to Stripe"
    if sandbox is not None:
        return "Local sandbox"
    if settings.api_base:
        return f"Stripe-compatible API at {urlsplit(settings.api_base).netloc}"
    return "Stripe test mode"


async def sandbox_asgi(scope: Scope, receive: Receive, send: Send) -> None:
    """The sandbox under ``/sandbox`` while it is in use; otherwise a plain 404."""
    sandbox: Sandbox | None = app.state["sandbox"]
    missing = JSONResponse({"error": "The local sandbox is not in use"}, 404)
    await (sandbox.asgi if sandbox else missing)(scope, receive, send)


async def home(request: Request) -> RedirectResponse:
    """To the billing page, with whatever the address asked for."""
    return RedirectResponse(
        f"{BILLING_PATH}?{request.url.query}" if request.url.query else BILLING_PATH
    )


streamlit_auth.share_cookie_secret(first_settings)
own_routes = Router(
    [
        change_socket(lambda: app.state["services"]),
        *routes(lambda: app.state["services"]),
        Mount("/sandbox", sandbox_asgi),
    ]
)
app: st.App = st.App(
    "pages/dashboard.py",
    routes=[
        *(Route(path, home) for path in ("/", "/app", "/app/")),
        *([demo_link.route()] if demo_link else []),
    ],
    middleware=[
        Middleware(RequestIds),
        *([Middleware(TracedRequests)] if wants_tracing(environment) else ()),
        Middleware(MeasuredRequests, metrics=lambda: app.state["services"].metrics),
        Middleware(
            protected,
            allowed=lambda: app.state["allowed_hosts"],
            previews=PREVIEWS,
            closed=closed_paths(first_settings),
            proxies=first_settings.trusted_proxies,
            user_header=first_settings.user_header,
            refusal=demo_link.refusal if demo_link else refusal_of(first_settings, bound),
            open_paths=OPEN,
        ),
        Middleware(sign_in, access=lambda: app.state["services"].access),
        Middleware(OwnRoutesFirst, own=own_routes, paths=OWN_PATHS),
        Middleware(CompressedAssets, below="/app/static/"),
        Middleware(PageStyle, below="/app", css=FIRST_PAINT.read_text()),
    ],
    secrets=streamlit_auth.auth_secrets(first_settings, address("localhost", port="{port}")),
    lifespan=lifespan,
)
