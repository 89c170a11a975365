"""The page of all options, and what it says about each."""

import re

import pytest

from genzoo.cli.offered import description, groups_of, kinds
from genzoo.cli.options_page import options_page
from genzoo.runs.conf import option_files
from support import ROOT

CONF = ROOT / "conf"
PAGE = (ROOT / "docs" / "options.md").read_text()


def test_the_committed_page_is_what_the_script_writes():
    assert options_page(CONF) == PAGE, "run python scripts/write_options.py"


def test_every_option_has_one_row_that_links_its_file():
    rows = re.findall(r"^\| \[`(\w+)`\]\(\.\./(\S+)\) \| (.+) \|$", PAGE, re.MULTILINE)
    files = [ROOT / file for _, file, _ in rows]
    assert all(path.is_file() and path.stem == name for (name, _, _), path in zip(rows, files, strict=True))
    listed = ("model", "data", "trainer", "metrics", "callbacks", "logger", "pairs", "likelihood", "sweep")
    assert sorted(files) == sorted(path for group in listed for path in (CONF / group).glob("[!_]*.yaml"))


@pytest.mark.parametrize("group", [group for group in groups_of(CONF) if group != "experiment"])
def test_every_option_says_what_it_is(group):
    texts = {name: description(path) for name, path in option_files(group, CONF).items()}
    poor = [name for name, text in texts.items() if len(text) < 5 or re.match(r"Source|Needs|python|Returns", text)]
    assert not poor, "begin the file with a comment of one sentence"


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("# @package _global_\n# A GAN, for 3.5 cm.\n# Source: arXiv 1.\nx: 1", "A GAN, for 3.5 cm."),
        (
            "# One sentence over\n# two lines. Another. Needs the extra mujoco.\n",
            "One sentence over two lines. Needs the extra mujoco.",
        ),
        ("# A set.\n# python train.py data=x\n", "A set."),
        (
            "a:\n  _target_: genzoo.data.gaussians.Ring\n",
            "Gaussians equally spaced on a circle, the first one on the x axis.",
        ),
        ("{}", ""),
    ],
)
def test_a_description_is_the_first_comment_or_the_classs_docstring(tmp_path, text, described):
    (tmp_path / "option.yaml").write_text(text)
    assert description(tmp_path / "option.yaml") == described


def test_kinds_divide_the_options_of_a_group():
    for group in ("model", "data"):
        divided = [name for names in kinds(group, CONF).values() for name in names]
        assert sorted(divided) == sorted(option_files(group, CONF))
    assert kinds("trainer", CONF) == {}
