"""The page for everybody: contrast in light and dark, narrow screens, and the keyboard alone."""

from pathlib import Path

import pytest

from genzoo.app.explored import Explored
from support.zoo import built

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
NAMES = ("infogan", "gated_pixelcnn", "pix2pix")  # together they have all tabs but those of runs and policies


@pytest.fixture(scope="module")
def of(opened):
    """A function that opens the page of a model once for each width and colour scheme."""
    pages = {}

    def find(name, **options):
        key = (name, *options.items())
        if key not in pages:
            _, data, module = built(name)
            pages[key] = opened(Explored(module, data, name, Path()), **options)
        return pages[key]

    return find


def tabs(found):
    """Opens one tab after the other."""
    found.page.get_by_role("tab", name="Playground", exact=True).wait_for(state="attached")
    titles = found.page.locator("button[role=tab]:visible").all_inner_texts()
    for title in dict.fromkeys(titles):
        found.tab(title)
        found.page.locator(f"button[role=tab].selected:has-text('{title}'):visible").wait_for()
        yield title


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_texts_can_be_read(of, name, scheme):
    found = of(name, color_scheme=scheme)
    seen = {title: found.page.evaluate(CONTRAST) for title in tabs(found)}
    assert len(seen) >= 2
    assert not any(seen.values()), seen
    found.check()


def test_the_measure_of_contrast_finds_grey_on_white(of):
    page = of("infogan", color_scheme="light").page
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=faint style=\"color:#808080\">faint</p>')")
    assert page.evaluate(CONTRAST)["faint"][0] == "3.95"  # of #808080 on white
    page.evaluate("document.querySelector('#faint').remove()")


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_screen_needs_no_sideways_scrolling(of, name):
    found = of(name, width=390)
    page = found.page
    page.locator("button[role=tab]:visible").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found.check()


def test_a_picture_is_drawn_and_changed_with_the_keyboard_alone(of):
    found = of("infogan", color_scheme="light")
    page = found.page
    found.tab("Samples")
    page.locator("button[role=tab].selected").focus()
    page.keyboard.press("Tab")
    for _ in range(40):  # until the button has the focus
        if page.evaluate("document.activeElement.innerText") == "Draw":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Draw"
    outline = page.evaluate("(s => s.outlineStyle + s.boxShadow)(getComputedStyle(document.activeElement))")
    assert outline != "nonenone"  # one sees where the focus is
    page.keyboard.press("Enter")
    found.tab("Codes")
    before = page.locator("#decoded img").get_attribute("src")
    page.get_by_label("first dimensions").focus()
    page.keyboard.press("Space")
    page.locator("input[type=range]:visible").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("old => document.querySelector('#decoded img').src != old", arg=before)
    found.check()
