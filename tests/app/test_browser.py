"""Tabs in headless Chromium, on models of smoke width."""

from pathlib import Path

import pytest
from PIL import Image

from genzoo.app.explored import Explored
from support.zoo import built


@pytest.fixture(scope="module")
def of(opened):
    """A function that opens the page of a model once."""
    pages = {}

    def find(name):
        if name not in pages:
            _, data, module = built(name)
            pages[name] = opened(Explored(module, data, name, Path()))
        return pages[name]

    return find


def shown(page, name):
    """The pictures of a gallery, when there are some."""
    page.locator(f"#{name} img").first.wait_for()
    return page.locator(f"#{name} img").count()


def paint(page, name):
    """A stroke over the middle of an editor's image."""
    area = page.locator(f"#{name}-editor canvas").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 20, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=8)
    page.mouse.up()


def take(page, name):
    """Takes the test image 0."""
    page.locator(f"#{name}-take").click()
    page.locator(f"#{name}-editor").get_by_text("test image 0").wait_for()


def test_masks_are_completed(of):
    found = of("gated_pixelcnn")
    page = found.page
    found.tab("Completion")
    page.get_by_role("button", name="lower half").click()
    assert "no image is chosen" in found.told()
    take(page, "completion")
    page.locator("#complete-painted").click()
    assert "the mask is empty" in found.told()

    # By the keyboard alone.
    page.get_by_role("button", name="lower half").focus()
    page.keyboard.press("Enter")
    assert shown(page, "completions") == 6
    assert shown(page, "completion-maps") == 6

    paint(page, "completion")
    first = page.locator("#given img").get_attribute("src")
    page.locator("#complete-painted").click()
    page.wait_for_function("old => document.querySelector('#given img').src != old", arg=first)
    found.check()


@pytest.mark.parametrize("kind", ["pdf", "wide"])
def test_uploads_are_taken_or_refused_in_one_line(of, tmp_path, kind):
    found = of("gated_pixelcnn")
    page = found.page
    found.tab("Completion")
    page.locator("#completion-source").get_by_text("upload").click()
    path = tmp_path / "given.png"
    if kind == "pdf":
        path.write_bytes(b"%PDF-1.4 not a picture")
    else:
        Image.new("1", (20_000, 20_000)).save(path)
    page.locator("#completion-file input[type=file]").set_input_files(path)
    text = found.told()
    assert "given.png: this is no image" in text
    page.locator("#completion-file").get_by_role("button", name="Clear").click()
    Image.new("RGB", (60, 40), "white").save(path)
    page.locator("#completion-file input[type=file]").set_input_files(path)
    page.locator("#completion-editor").get_by_text("upload", exact=True).wait_for()
    page.locator("#completion-file").get_by_role("button", name="Clear").click()
    found.check()


def test_likelihoods_are_computed_and_compared(of):
    found = of("gated_pixelcnn")
    page = found.page
    found.tab("Anomaly")
    page.locator("#anomaly-numbers textarea, #anomaly-numbers input").first.fill("99")
    page.locator("#anomaly-score").click()
    assert "test image 99: give numbers from 0 to 31" in found.told()
    page.locator("#anomaly-numbers textarea, #anomaly-numbers input").first.fill("0, 5")
    page.locator("#anomaly-score").click()
    assert shown(page, "anomaly-images") == 2
    assert shown(page, "anomaly-maps") == 2
    page.locator("#anomaly-compare").click()
    page.locator("#anomaly-plot img").wait_for()
    assert "% of test images" in page.locator("#anomaly-images").inner_text()
    found.check()


def test_images_are_translated(of):
    found = of("pix2pix")
    page = found.page
    found.tab("Translation")
    page.locator("#translate").click()
    assert "no image is chosen" in found.told()
    take(page, "translation")
    page.locator("#translate").click()
    assert shown(page, "translated") == 2
    found.check()


def test_images_are_degraded_and_restored(of):
    found = of("denoiser")
    page = found.page
    found.tab("Translation")
    take(page, "translation")
    page.locator("#translate").click()
    assert shown(page, "translated") == 3
    found.check()


def test_samples_are_put_into_groups_and_added(of):
    found = of("gan")
    page = found.page
    found.tab("Attributes")
    page.locator("#arithmetic").click()
    assert "group A is empty" in found.told()
    for i, name in enumerate("ABC"):
        page.locator("#group").get_by_text(name, exact=True).click()
        page.locator("#grouped button.thumbnail-item").nth(i).click()
        page.locator("#grouped .caption-label", has_text=name).wait_for()
    page.locator("#arithmetic").click()
    assert shown(page, "sums") == 4
    found.check()


def test_images_follow_strokes(of):
    found = of("gan")
    page = found.page
    found.tab("Editing")
    take(page, "editing")
    page.locator("#edit").click()
    assert "no pixel has a stroke" in found.told()
    paint(page, "editing")
    page.locator("#edit").click()
    assert shown(page, "edit-result") == 3
    assert shown(page, "edit-others") == 6
    found.check()


def test_a_chosen_sample_is_the_start_of_the_codes_and_a_slider_moves_its_image(of):
    found = of("infogan")
    page = found.page
    found.tab("Samples")
    assert shown(page, "samples") == 16  # the batch whose statistics the images depend on
    page.locator("#samples button").nth(4).click()
    assert shown(page, "neighbours") == 5
    found.tab("Codes")
    image = page.locator("#decoded img")
    image.wait_for()
    for key in ("ArrowRight", "ArrowLeft"):  # to another image, by the keyboard
        before = image.get_attribute("src")
        page.locator("input[type=range]:visible").last.focus()
        page.keyboard.press(key)
        page.wait_for_function("old => document.querySelector('#decoded img').src != old", arg=before)
    before = image.get_attribute("src")
    page.locator("fieldset:has-text('digit') input[type=radio]:visible:not(:checked)").first.check()
    page.wait_for_function("old => document.querySelector('#decoded img').src != old", arg=before)
    found.check()


def test_a_path_leads_from_a_seed_to_an_upload(of, tmp_path):
    found = of("infogan")
    page = found.page
    found.tab("Between two images")
    Image.new("L", (30, 30), 90).save(tmp_path / "grey.png")
    page.locator("input[type=file]:visible, input[type=file]").last.set_input_files(tmp_path / "grey.png")
    page.get_by_text("grey", exact=False).first.wait_for()
    page.get_by_role("button", name="Show the path").click()
    assert shown(page, "path") == 10
    page.get_by_text("the last upload is").wait_for()
    page.locator("#film img").wait_for()
    found.check()
