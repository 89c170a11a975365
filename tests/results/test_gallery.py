"""The page of runs: what it shows of a folder, and that it needs nothing else."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.results.gallery import command
from genzoo.results.gallery.command import write_gallery
from genzoo.results.gallery.found import run_folders, shown
from genzoo.results.gallery.page import page, svg
from support import composed

CONFIG = "recipe: {name: vae}\nseed: 3\ntrainer: {rounds: 200}\nnote: '<b>&'\n"
ROWS = """progress/images_per_second,progress/rounds,step,train/vae_loss,validation/elbo,test/fid
,50,5000,9.5,,
20.0,100,10000,7.25,1.5,
"""
REPORT = {"model": "vae", "data": "shapes", "seed": 3, "state": "finished", "rounds": 200, "of_rounds": 200}


@pytest.fixture
def run(tmp_path):
    """A run of 200 rounds, 100 of which are played."""
    folder = tmp_path / "runs" / "vae-shapes" / "first"
    (folder / "csv" / "version_0").mkdir(parents=True)
    (folder / "samples").mkdir()
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "run.log").write_text("")
    (folder / "csv" / "version_0" / "metrics.csv").write_text(ROWS)
    for name, level in (("grid-000050.png", 50), ("grid-000100.png", 100), ("interpolation.png", 3), ("grid.gif", 9)):
        Image.new("L", (2, 2), level).save(folder / "samples" / name)
    return folder


def finish(run, **changes):
    report = REPORT | {"metrics": {"test/fid": 12.345678}, "protocol": {"fid": {"samples": 10}}, **changes}
    (run / "metrics.json").write_text(json.dumps(report))


class Read(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_newest_picture_of_each_kind_and_the_films_are_shown(run):
    found = shown(run).pictures
    assert {caption: path.name for caption, path in found.items()} == {
        "grid after 100 rounds": "grid-000100.png",
        "interpolation": "interpolation.png",
        "grid over the rounds": "grid.gif",
    }
    sources = [image["src"] for image in Read(page([shown(run)])).all("img")]
    contents = [base64.b64decode(source.partition(",")[2]) for source in sources]
    assert contents == [path.read_bytes() for path in found.values()]
    assert [source.partition(";")[0] for source in sources] == ["data:image/png", "data:image/png", "data:image/gif"]


def test_curves_are_the_logged_values_with_at_least_two_points(run):
    assert shown(run).curves == {"train/vae_loss": [(50, 9.5), (100, 7.25)]}
    read = Read(page([shown(run)]))
    assert [image["aria-label"] for image in read.all("svg")] == ["train/vae_loss over rounds"]


def test_a_curve_is_drawn_through_its_points():
    drawn = svg("loss", [(0, 1.0), (1, 3.0), (2, 1.0)])
    (path,) = re.findall(r'<path d="(M [^"]*)"[^>]*clip-path', drawn)
    (x0, y0), (x1, y1), (x2, y2) = ((float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path))
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.01)
    assert y0 == y2 > y1  # an SVG's y axis points down


def test_a_run_that_goes_on_says_how_long(run):
    found = shown(run)
    assert found.running
    # 100 rounds of 100 images are left, at 20 images per second: 500 s
    assert found.state == "round 100 of 200, about 8 minutes left if it goes on"


def test_an_ended_run_shows_its_metrics_with_their_protocol(run):
    finish(run, seconds=90, device="CPU")
    found = shown(run)
    assert not found.running
    assert found.state == "finished: 200 of 200 rounds in 1.5 minutes, CPU"
    read = Read(page([found]))
    assert "vae on shapes, seed 3" in read.text
    assert "12.346" in read.text
    assert '"samples": 10' in read.text


def test_the_configuration_is_text_and_no_markup(run):
    read = Read(page([shown(run)]))
    assert CONFIG in read.text
    assert not read.all("b")


def test_nothing_is_fetched_from_elsewhere(run):
    finish(run)
    text = page([shown(run)] * 2)
    read = Read(text)
    assert all(image["src"].startswith("data:") for image in read.all("img"))
    assert not [tag for tag, _ in read.tags if tag in ("script", "link", "iframe")]
    assert not re.findall(r'(?:src|href)="https?:', text)
    policy = next(tag["content"] for tag in read.all("meta") if tag.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert [link["href"] for link in read.all("a")] == ["#run0", "#run1"]


def test_runs_are_found_in_folders_and_once(run):
    assert run_folders([str(run)]) == run_folders([str(run.parents[1]), str(run)]) == [run]


def write(run, *overrides):
    return write_gallery(composed(f"runs={run}", *overrides, name="gallery"))


def test_the_file_is_written(run, tmp_path):
    finish(run)
    out = write(run, f"out={tmp_path}/new/page.html")
    assert out.read_text() == page([shown(run)])


def test_a_live_page_is_written_until_all_runs_have_ended(run, tmp_path, monkeypatch):
    pages, out = [], tmp_path / "page.html"

    def pause(seconds):
        pages.append((seconds, Read(out.read_text())))
        if len(pages) == 2:
            finish(run)

    monkeypatch.setattr(command.time, "sleep", pause)
    write(run, f"out={out}", "live=true", "seconds=7")
    assert [seconds for seconds, _ in pages] == [7, 7]
    refreshes = [[m["content"] for m in page.all("meta") if m.get("http-equiv") == "refresh"] for _, page in pages]
    assert refreshes == [["7"], ["7"]]
    assert 'http-equiv="refresh"' not in out.read_text()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["out=page.txt"], r"^out=page\.txt: the page is one HTML file; give a name such as out=gallery\.html\.$"),
        (["seconds=0"], r"^seconds=0: "),
        (["runs=nowhere"], r"^runs=nowhere: it contains no run; give run folders, or the folder of a sweep\.$"),
    ],
)
def test_mistakes_are_one_line(run, overrides, message):
    with pytest.raises(GenzooError, match=message):
        write(run, *overrides)


@pytest.mark.parametrize("file", ["config.yaml", "metrics.json"])
def test_a_damaged_run_is_named(run, file):
    (run / file).write_text("{")
    with pytest.raises(GenzooError, match=r"first: config\.yaml or metrics\.json is damaged; leave this run out\.$"):
        shown(run)


def test_the_template_is_part_of_the_package():
    assert (Path(command.__file__).parent / "gallery.html").is_file()
