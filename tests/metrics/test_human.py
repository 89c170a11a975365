import base64
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.data.module import ImageData, split_of
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.human import HumanJudgement


class Pictures(ImageData):
    """Random images; those of the test split all differ."""

    name = "pictures"

    def __init__(self, n=30, channels=1, levels=256):
        super().__init__(size=5, channels=channels, levels=levels)
        self.n = n

    def load(self):
        randomness = torch.Generator().manual_seed(0)
        images = torch.randint(self.spec.levels, (self.n, self.spec.channels, 5, 5), generator=randomness)
        test = ImageSet(images.to(torch.uint8), torch.full((self.n,), -1))
        train = split_of(torch.zeros(1, self.spec.channels, 5, 5, dtype=torch.uint8))
        return {"train": train, "validation": train, "test": test}


class Noise(Inference):
    """Samples noise."""

    def __init__(self, channels=1):
        super().__init__()
        self.channels = channels

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return torch.rand(n, self.channels, 5, 5, generator=generator) * 2 - 1


class Page(HTMLParser):
    """The tags of a page and the text of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def page(images=20, seed=0, data=None, module=None):
    return HumanJudgement(images, seed)(module or Noise(), data or Pictures(), "test").pages["human"]


def deck(text):
    """The images of a page, (N, H, W, ...), and for each whether it is real."""
    found = json.loads(Page(text).scripts[0])
    prefix = "data:image/png;base64,"
    assert all(uri.startswith(prefix) for uri in found["images"])
    pixels = [np.array(Image.open(io.BytesIO(base64.b64decode(uri[len(prefix) :])))) for uri in found["images"]]
    return np.stack(pixels), [is_ == "real" for is_ in json.loads(base64.b64decode(found["truth"]))]


def rows(images):
    """Images as a set that can be compared."""
    return {np.asarray(image).tobytes() for image in images}


@pytest.mark.parametrize(("channels", "levels"), [(1, 256), (3, 256), (1, 2)])
def test_half_are_test_images_and_half_are_the_samples_of_the_seed(channels, levels):
    data, module = Pictures(channels=channels, levels=levels), Noise(channels)
    images, is_real = deck(page(20, 4, data, module))
    assert len(images) == 20
    assert sum(is_real) == 10
    is_real = np.array(is_real)
    tests = data.split("test").images.permute(0, 2, 3, 1).numpy() * (255 // (levels - 1))
    samples = module.sample(10, generator=generator(4, "human samples")).permute(0, 2, 3, 1)
    samples = ((samples > 0) * 255).byte().numpy() if levels == 2 else to_levels(samples).numpy()
    shape = images.shape[1:]
    assert len(rows(images[is_real])) == 10
    assert rows(images[is_real]) < rows(tests.reshape(-1, *shape))
    assert rows(images[~is_real]) == rows(samples.reshape(-1, *shape))


def test_the_order_is_mixed_and_the_seeds():
    _, one = deck(page(100, data=Pictures(n=60)))
    assert one not in (sorted(one), sorted(one, reverse=True))
    assert 30 < sum(a != b for a, b in zip(one[1:], one[:-1], strict=True)) < 70  # real and generated alternate freely
    assert page(seed=1) == page(seed=1) != page(seed=2)


def test_binary_data_are_shown_black_and_white_and_samples_too():
    images, is_real = deck(page(data=Pictures(levels=2)))
    assert set(np.unique(images[np.array(is_real)])) == set(np.unique(images[~np.array(is_real)])) == {0, 255}


def test_a_small_split_gives_a_small_test_and_none_gives_none():
    found = HumanJudgement(100)(Noise(), Pictures(n=7), "test")
    assert found.protocol == {"real": 7, "generated": 7, "seed": 0}
    assert sum(deck(found.pages["human"])[1]) == 7
    assert HumanJudgement()(Noise(), Pictures(n=0), "test") == Evaluation()


def test_global_randomness_is_not_touched():
    state = torch.get_rng_state()
    page()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("images", [0, 7, -2, 2.0])
def test_the_number_of_images_is_checked(images):
    with pytest.raises(GenzooError, match=rf"metrics.human.images={images}: expected an even number"):
        HumanJudgement(images)


def test_nothing_is_loaded_from_elsewhere_and_the_truth_is_not_in_plain_sight():
    text = page()
    assert "{{" not in text
    assert not re.search(r"https?:|//[a-z]|url\(|@import", re.sub(r"base64,[\w+/=]+", "", text))
    for tag, attributes in Page(text).tags:
        assert not {"src", "href", "srcset", "action"} & attributes.keys(), tag
        assert tag not in ("link", "iframe", "object", "embed", "form")
    policy = next(a["content"] for t, a in Page(text).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert '["real"' not in Page(text).scripts[0]
    assert "image-rendering: pixelated" in text


def test_a_title_cannot_end_the_script():
    data = Pictures()
    data.name = "</script><b>"
    assert "</script><b>" not in (text := page(data=data))
    assert json.loads(Page(text).scripts[0])["title"] == "</script><b>, test"


BROWSER = """
const elements = {}, listeners = {};
const element = (id) => elements[id] ??= { id, hidden: false, focus() { this.focused = true; },
  addEventListener(kind, f) { this["on" + kind] = f; } };
globalThis.document = { getElementById: element, addEventListener: (kind, f) => { listeners[kind] = f; } };
element("deck").textContent = DECK;
const press = (key, more) => listeners.keydown({ key, preventDefault() {}, ...more });
SCRIPT
const shown = [];
MOVES.forEach(([kind, value], i) => {
  shown.push(element("image").src);
  kind === "key" ? press(value) : element(value).onclick();
  press("r", { repeat: true }); press("g", { ctrlKey: true }); press("x");  // none of which answers
});
press("r");  // after the last image
console.log(JSON.stringify({ shown, elements }));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_page_counts_what_a_visitor_answers():
    text = page(8, 5)
    deck_json, script = Page(text).scripts
    _, is_real = deck(text)
    moves = [("key", "r"), ("key", "G"), ("click", "real"), ("click", "generated")]
    moves += [("key", "ArrowLeft"), ("key", "ArrowRight"), ("key", "r"), ("key", "r")]
    said_real = [True, False, True, False, True, False, True, True]
    program = BROWSER.replace("DECK", json.dumps(deck_json)).replace("SCRIPT", "{" + script + "}")
    program = program.replace("MOVES", json.dumps(moves))
    ran = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    elements = found["elements"]
    assert found["shown"] == json.loads(deck_json)["images"]
    counts = {
        f"{'real' if is_ else 'generated'}-{'real' if said else 'generated'}": sum(
            (a, b) == (is_, said) for a, b in zip(is_real, said_real, strict=True)
        )
        for is_ in (True, False)
        for said in (True, False)
    }
    assert {name: elements[name]["textContent"] for name in counts} == counts
    errors = sum(a != b for a, b in zip(is_real, said_real, strict=True))
    assert 0 < errors < 8
    assert elements["verdict"]["textContent"] == f"Error rate {100 * errors / 8:.1f} %: {errors} of 8 images"
    assert elements["verdict"]["focused"]
    assert (elements["trial"]["hidden"], elements["result"]["hidden"]) == (True, False)
    assert (elements["progress"]["value"], elements["progress"]["max"]) == (8, 8)
    href = elements["download"]["href"]
    record = json.loads(unquote(href.removeprefix("data:application/json,")))
    assert record["answers"] == ["real" if said else "generated" for said in said_real]
    assert record["truth"] == ["real" if is_ else "generated" for is_ in is_real]
    assert record["error_rate"] == errors / 8
    assert record["errors"] == errors
    assert record["table"]["real"]["generated"] == counts["real-generated"]
