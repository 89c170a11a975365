"""What --help prints."""

import ast
import re
import subprocess
import sys

import pytest

from genzoo.cli.help import help_text
from genzoo.cli.main import SCRIPTS
from support import ROOT

CONF = ROOT / "conf"


@pytest.fixture(scope="module")
def text():
    return help_text("Trains.", CONF, "train")


def listed(text, kind):
    """The names after ``kind:``, up to the next one."""
    return re.split(r"[,\s]+", re.search(rf"^  {kind}: ((?:.|\n    )*)", text, re.MULTILINE)[1].strip())


def test_models_stand_with_their_families(text):
    assert {"infogan", "infogan_paper", "improved_gan_svhn_supervised"} <= set(listed(text, "adversarial"))
    assert set(listed(text, "autoregressive")) >= {"pixelcnn", "row_lstm", "diagonal_bilstm"}
    assert {"gail", "vime_ppo", "trpo_rllab"} <= set(listed(text, "reinforcement"))
    assert {"draw", "iaf_vae_cifar10"} <= set(listed(text, "variational"))
    assert "others:" not in text


def test_every_model_and_every_set_stands_once_and_no_part(text):
    for group in ("model", "data"):
        section = next(section for section in text.split("\n\n") if section.startswith(f"{group}="))
        offered = [name for kind in re.findall(r"^  (\w+):", section, re.MULTILINE) for name in listed(section, kind)]
        files = [path.stem for path in (CONF / group).glob("*.yaml")]
        assert sorted(offered) == sorted(name for name in files if not name.startswith("_"))


def test_data_stand_with_their_kinds(text):
    assert set(listed(text, "points")) == {"grid", "modes", "ring", "swiss_roll", "two_moons", "univariate"}
    assert {"cartpole", "vime_mountain_car", "hopper"} <= set(listed(text, "environments"))
    assert {"mnist", "stream"} <= set(listed(text, "images"))
    assert set(listed(text, "own")) == {"arrays", "huggingface", "images", "table", "torchvision"}


def test_tables_are_counted_and_their_rows_are_listed_on_demand(text):
    assert re.search(r"gail\s+\(130\)", text)
    assert "cartpole_1" not in text
    rows = help_text("Trains.", CONF, "train", ["--help", "experiment=gail"])
    assert {"experiment=gail", "hopper_4_bc,", "cartpole_1_constant,"} <= set(rows.split())


def test_it_fits_on_two_screens_and_shows_settings_with_their_comments(text):
    assert len(text.splitlines()) <= 100
    assert "  seed: 0                 # of initial weights" in text
    assert max(len(line) for line in text.split("Settings:")[0].splitlines()) <= 100


@pytest.mark.parametrize("name", ["evaluate", "report", "demonstrate", "curves"])
def test_each_entry_has_its_own(name):
    script = SCRIPTS / f"{name}.py"
    command = [sys.executable, "-X", "importtime", str(script), "-h"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith(ast.get_docstring(ast.parse(script.read_text())).replace("`", ""))
    assert "Settings:" in result.stdout
    assert not re.search(r"\btorch$", result.stderr, re.MULTILINE)  # it would take seconds
