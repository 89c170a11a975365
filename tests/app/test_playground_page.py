"""The playground in a browser, on a page without a checkpoint."""

import shutil

import pytest

pytest.importorskip("gradio", reason="the explorer needs gradio: pip install 'genzoo[explore]'")
pytest.importorskip("playwright.sync_api", reason="pages are tested with playwright: pip install playwright")
from playwright.sync_api import expect, sync_playwright

from genzoo.app.page import STYLE, page
from genzoo.app.server import HOST, free_port

CHROMIUM = shutil.which("chromium")


@pytest.fixture
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no program chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def address(monkeypatch):
    """Of the served page."""
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    blocks = page([])
    port = free_port(None)
    blocks.launch(server_name=HOST, server_port=port, prevent_thread_lock=True, quiet=True, css=STYLE, ssr_mode=False)
    yield f"http://{HOST}:{port}"
    blocks.close()


def test_a_game_is_started_paused_and_restarted_without_a_checkpoint(browser, address):
    view = browser.new_page()
    errors, hosts = [], set()
    view.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    view.on("pageerror", lambda error: errors.append(str(error)))
    view.on("request", lambda request: hosts.add(request.url.split("/")[2]) if "://" in request.url else None)
    view.goto(address)
    image, status = view.locator("#game img"), view.locator("#game-status")
    expect(status).to_contain_text("Round 0")
    first = image.get_attribute("src")

    view.get_by_role("button", name="Start", exact=True).click()
    expect(status).not_to_contain_text("Round 0", timeout=30_000)
    assert image.get_attribute("src") != first
    view.get_by_role("button", name="Pause").click()
    view.wait_for_timeout(4000)  # what was asked for before arrives
    paused = image.get_attribute("src")
    view.wait_for_timeout(3000)
    assert image.get_attribute("src") == paused

    view.get_by_role("button", name="Restart").click()
    expect(status).to_contain_text("Round 0", timeout=30_000)
    view.get_by_role("button", name="Step").click()
    expect(status).to_contain_text("Round 1 ", timeout=30_000)
    assert not errors
    assert hosts == {address.split("/")[2]}
