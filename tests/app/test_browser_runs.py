"""The tabs of runs in headless Chromium: pictures over the rounds, episodes, and several models side by side."""

import json
from pathlib import Path

import pytest
from PIL import Image

from genzoo.app.explored import Explored
from support.zoo import built


@pytest.fixture
def shown(tmp_path):
    """A function that gives a model whose run has kept two pictures and measured a metric."""

    def make(name, grey=0):
        _, data, module = built(name)
        folder = tmp_path / name
        (folder / "samples").mkdir(parents=True)
        for rounds in (10, 20):
            Image.new("L", (60, 40), grey + rounds).save(folder / "samples" / f"grid-{rounds:06}.png")
        (folder / "metrics.json").write_text(json.dumps({"metrics": {"test/fid": 1.5 + grey}}))
        return Explored(module, data, name, folder)

    return make


def source(page, selector):
    """The address of a picture."""
    image = page.locator(f"{selector} img").first
    image.wait_for()
    return image.get_attribute("src")


def press(page, selector, key):
    """A key in a slider."""
    page.locator(f"{selector} input[type=range], input[type=range]{selector}").first.focus()
    page.keyboard.press(key)


def changes(page, selector, before):
    """Waits for another picture."""
    page.wait_for_function("([at, old]) => document.querySelector(`${at} img`).src != old", arg=[selector, before])


def test_pictures_of_a_training_follow_the_slider(opened, shown):
    found = opened(shown("gan"))
    page = found.page
    found.tab("Training")
    before = source(page, "#kept")
    press(page, "#place", "ArrowLeft")
    changes(page, "#kept", before)
    page.get_by_text("After 10 rounds.").wait_for()
    found.check()


def test_models_are_compared_by_samples_trainings_and_metrics(opened, shown):
    names = ("gan", "vae", "gated_pixelcnn")
    found = opened(*(shown(name, grey=50 * i) for i, name in enumerate(names)))
    page = found.page
    found.tab("Compare")
    for name in names:
        page.get_by_text(f"{name}, after 20 rounds").wait_for()
    page.get_by_role("button", name="Draw", exact=True).locator("visible=true").click()
    for i in range(len(names)):
        page.locator(f"#compared-{i} img").nth(11).wait_for()
        hidden = page.locator(f"#compared-{i} .grid-wrap").evaluate(
            "e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]"
        )
        assert max(hidden) <= 1  # nothing is hidden below or beside an edge
        size = page.locator(f"#compared-{i} img").first.bounding_box()
        assert size["width"] == pytest.approx(size["height"], abs=1)  # as that of the images: nothing is cut off
    press(page, "#share", "Home")
    for name in names:
        page.get_by_text(f"{name}, after 10 rounds").wait_for()
    text = page.locator("#metrics").inner_text()
    assert "test/fid" in text
    assert "1.5" in text
    assert "101.5" in text
    found.check()


def test_an_episode_is_played(opened):
    _, data, module = built("reinforce")
    found = opened(Explored(module, data, "a policy", Path()))
    page = found.page
    found.tab("Episodes")
    page.get_by_role("button", name="Play an episode").click()
    page.locator("#episode img").wait_for()
    page.locator("#return img").wait_for()
    page.get_by_text("Return", exact=False).first.wait_for()
    found.check()
