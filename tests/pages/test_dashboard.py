"""The frame around every page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import streamlit as st

from tests.support.browsers.pages import HOSTILE, open_page
from tests.support.servers.billing_server import billing_server

if TYPE_CHECKING:
    import pytest

    from tests.support.servers.shop import Shop


def test_the_product_is_named_at_the_left_of_the_navigation(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "logo", lambda image, **_: shown.append(image))
    for name in ("PingPoint", HOSTILE):
        with billing_server(replace(shop.services.settings, product_name=name)) as server:
            open_page(server)
        text = ElementTree.fromstring(shown[-1]).find("{http://www.w3.org/2000/svg}text")  # noqa: S314 - it is our own
        assert text is not None
        assert text.text == name
