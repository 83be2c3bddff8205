"""Takes the README's pictures again: ``make pictures``.

Starts the dashboard with its sandbox in a temporary folder, walks through it, and photographs it.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.support.browsers.checkout import PAID, choose_card, press_pay
from tests.support.browsers.demo_history import LONG, fill_a_month
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parent / "images"


def buy(page: Page, url: str, button: str, quantity: int | None = None) -> Page:
    """Press the button on a fresh billing page and follow the link; the Checkout page it opens."""
    page.goto(f"{url}/app/billing")
    if quantity:
        field = page.get_by_role("spinbutton", name="Number of credits")
        field.fill(str(quantity))
        field.press("Enter")
    page.get_by_role("button", name=button).click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open Checkout").click()
    choose_card(popup.value, PAID)
    return popup.value


def film(browser: Browser, url: str) -> None:
    """A payment from the button to its timeline, as a moving picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    frames: list[tuple[bytes, int]] = []

    def show(shown: Page, seconds: float) -> None:
        shown.wait_for_timeout(1_500)  # until nothing loads or slides any more
        frames.append((shown.screenshot(), round(seconds * 1000)))

    page.goto(f"{url}/app/billing")
    field = page.get_by_role("spinbutton", name="Number of credits")
    field.fill("25")
    field.press("Enter")
    expect(page.get_by_text("$24.75")).to_be_visible()
    show(page, 2)
    page.get_by_role("button", name="BUY EXTRA LOAD CREDITS").click()
    checkout_link = page.get_by_role("link", name="Open Checkout")
    expect(checkout_link).to_be_visible()
    show(page, 2)
    with page.expect_popup() as popup:
        checkout_link.click()
    checkout = popup.value
    show(checkout, 1)
    choose_card(checkout, PAID)
    show(checkout, 2)
    press_pay(checkout)
    expect(checkout.get_by_test_id("stAlert").first).to_contain_text("granted", timeout=LONG)
    show(checkout, 3)
    session_id = re.search(r"session_id=(cs_test_\w+)", checkout.url)
    assert session_id
    checkout.goto(f"{url}/app/sessions?session={session_id[1]}")
    expect(checkout.get_by_text("Granted").first).to_be_visible()
    show(checkout, 4)
    pictures = [
        Image.open(io.BytesIO(picture)).convert("RGB").resize((960, 600)) for picture, _ in frames
    ]
    first, *rest = [one.quantize(64, dither=Image.Dither.NONE) for one in pictures]
    first.save(
        IMAGES / "payment.gif",
        save_all=True,
        append_images=rest,
        duration=[milliseconds for _, milliseconds in frames],
        loop=0,
        optimize=True,
    )
    context.close()


def listen(page: Page, url: str) -> None:
    """Have events sent to a port at which nobody listens: an endpoint that fails."""
    page.goto(f"{url}/app/endpoints")
    page.get_by_role("button", name="Send events there").click()
    page.get_by_role("button", name="Done").click()


def walk(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, device_scale_factor=2)
    page = context.new_page()
    fill_a_month(page, url)
    film(browser, url)
    buy(page, url, "BUY EXTRA LOAD CREDITS", quantity=12).close()
    checkout = buy(page, url, "PAY WITH CARD")
    checkout.screenshot(path=IMAGES / "checkout.png")
    press_pay(checkout)
    expect(checkout.get_by_test_id("stAlert")).to_contain_text("Payment received")
    newest = checkout.get_by_test_id("stDataFrame").locator("tr[aria-rowindex='2']")
    expect(newest).to_contain_text("Paid")
    checkout.screenshot(path=IMAGES / "billing.png")
    session_id = re.search(r"session_id=(cs_test_\w+)", checkout.url)
    assert session_id
    for name, path, shows in (
        ("sessions", f"sessions?session={session_id[1]}", "Granted"),
        ("customers", "customers?customer=tester@example.com", "Renews on"),
        ("events", "events", "Webhooks are working"),
        ("requests", "requests?about=/v1/", "To open a row"),
        ("endpoints", "endpoints", "Send events there"),
        ("test-kit", "test-kit", "Scenarios"),
        ("setup", "setup", "Everything is set up"),
    ):
        if name == "endpoints":
            listen(page, url)
            press_pay(buy(page, url, "BUY EXTRA LOAD CREDITS", quantity=3))
        page.goto(f"{url}/app/{path}")
        expect(page.get_by_text(shows).first).to_be_visible()
        page.wait_for_timeout(1_500)  # charts and drawers slide in
        page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        dashboard(Path(folder)) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        walk(browser, app.url)
        browser.close()
    print(f"Pictures are in {IMAGES}")


if __name__ == "__main__":
    main()
