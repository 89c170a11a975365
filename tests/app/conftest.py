"""The explorer's page in a browser without a window."""

import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlparse

import pytest

from genzoo.app.explored import Explored

WAIT = 60_000  #: milliseconds until the page must have reacted


class Opened(NamedTuple):
    """The page of a model.

    Args:
        page: of playwright.
        requests: addresses that it has asked for.
        errors: of its console.
    """

    page: object
    requests: list[str]
    errors: list[str]

    def tab(self, title: str) -> None:
        """Opens a tab."""
        self.page.get_by_role("tab", name=title, exact=True).click()

    def told(self) -> str:
        """The error that the page shows, which is then closed."""
        toast = self.page.locator(".toast-body.error").first
        toast.wait_for()
        text = toast.inner_text()
        toast.locator("button").first.click()
        toast.wait_for(state="detached")
        return text

    def check(self) -> None:
        """Nothing was asked for elsewhere, and the console has no error."""
        local = [url for url in self.requests if urlparse(url).scheme not in ("data", "blob")]
        assert local
        assert {urlparse(url).hostname for url in local} == {"127.0.0.1"}
        assert self.errors == []


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium: install it so that `chromium` is on the PATH")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def opened(browser: object) -> Iterator[Callable[[Explored], Opened]]:
    """A function that serves the page of a model and opens it; at the end of the module all servers end."""
    from genzoo.app.page import page
    from genzoo.app.server import HOST, free_port, serve

    served = []

    def open_page(*models: Explored, width: int = 1280, color_scheme: str | None = None) -> Opened:
        blocks, port = page(models), free_port(None)
        serve(blocks, port, prevent_thread_lock=True)
        served.append(blocks)
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=color_scheme)
        shown.set_default_timeout(WAIT)
        found = Opened(shown, [], [])
        shown.on("request", lambda request: found.requests.append(request.url))
        shown.on("console", lambda told: found.errors.append(told.text) if told.type == "error" else None)
        shown.on("pageerror", lambda error: found.errors.append(str(error)))
        shown.goto(f"http://{HOST}:{port}")
        return found

    yield open_page
    for blocks in served:
        blocks.close(verbose=False)
