"""Who is looking, as far as a proxy in front of the app tells."""

from __future__ import annotations

import streamlit as st

# Set by the proxies that ask people to sign in: oauth2-proxy, Cloudflare, Tailscale, …
IDENTITY_HEADERS = (
    "X-Forwarded-Email",
    "X-Forwarded-User",
    "Cf-Access-Authenticated-User-Email",
    "Tailscale-User-Login",
)


def who() -> str:
    """The signed-in person, or ``page`` when nobody signs in."""
    headers = st.context.headers
    return next((headers[name] for name in IDENTITY_HEADERS if headers.get(name)), "page")
