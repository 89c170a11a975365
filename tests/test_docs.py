"""The examples of the documentation work as they stand there, and its links lead to files."""

import doctest
import importlib.util
import json
import pydoc
import re
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genzoo.core.files import read_json
from genzoo.runs.train import train
from support import ROOT, composed, forked
from support.sets import noise, write_huggingface, write_kmnist, write_pictures, write_table

TEXT = (ROOT / "docs" / "adding_a_model.md").read_text()


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    """The folder that the guide has its reader write."""
    folder = tmp_path_factory.mktemp("guide") / "mine"
    (folder / "model").mkdir(parents=True)
    blocks = re.findall(r"`mine/(\S+)`.*?```(?:python|yaml)\n(.*?)```", TEXT, re.DOTALL)
    assert [name for name, _ in blocks] == [
        *("relativistic.py", "model/relativistic_gan.yaml", "autoencoder.py", "model/my_autoencoder.yaml")
    ]
    for name, content in blocks:
        (folder / name).write_text(content)
    return folder


def commands() -> list[str]:
    return [line for line in TEXT.splitlines() if line.startswith("python train.py") and "trainer=smoke" in line]


def run(command: str, mine: Path) -> subprocess.CompletedProcess:
    script, *arguments = command.replace("--config-dir mine", f"--config-dir {mine}").split()[1:]
    return forked.run(script, *arguments, cwd=mine.parent, path=mine)


@pytest.mark.parametrize("command", commands())
def test_the_guides_models_train_and_are_measured(command, mine):
    result = run(command, mine)
    assert result.returncode == 0, result.stderr
    name = re.search(r"model=(\w+)", command)[1]
    (folder,) = (mine.parent / "runs" / f"{name}-shapes").iterdir()
    assert json.loads((folder / "metrics.json").read_text())["state"] == "finished"
    assert (folder / "samples" / "traversal-000004.png").is_file()
    module = re.search(r"_target_: (\w+)\.", (mine / "model" / f"{name}.yaml").read_text())[1]
    refused = run(f"python evaluate.py ckpt={folder}", mine)
    assert "not registered" in refused.stderr
    assert run(f"python evaluate.py ckpt={folder} trust=[{module}] metrics=traversal", mine).returncode == 0


# Each way to bring one's own data along.

YOURS = re.findall(r"^python train.py (.* data=(\w+) .*)$", (ROOT / "docs" / "your_data.md").read_text(), re.MULTILINE)


def write_yours(folder: Path, name: str) -> None:
    """The data that an example names, in a folder."""
    images, labels = noise(0, 40, 32, 32, 3), np.arange(40) % 2
    if name == "arrays":
        np.savez(folder / "images.npz", images=images, labels=labels)
    elif name == "images":
        write_pictures(folder / "pictures", classes=("a", "b"), n=20)
    elif name == "table":
        write_table(folder)
    elif name == "huggingface":
        write_huggingface(folder / "saved")
    elif name == "torchvision":
        write_kmnist(folder / "data")


def test_there_is_an_example_of_each_way():
    assert sorted(name for _, name in YOURS) == ["arrays", "huggingface", "images", "table", "torchvision"]


@pytest.mark.parametrize(("command", "name"), YOURS, ids=[name for _, name in YOURS])
def test_your_data_are_trained_on(command, name, tmp_path, monkeypatch, only_run, no_network):
    write_yours(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    overrides = shlex.split(command)
    train(composed(*overrides, "trainer=smoke", "recipe.batch_size=8", "logger=csv", f"paths.runs={tmp_path}/runs"))
    assert read_json(only_run() / "metrics.json")["state"] == "finished"
    assert not no_network


# Links, as they are followed in the repository; `mkdocs build --strict` follows those of the site.

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("**/*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).is_file()]


@pytest.mark.parametrize(
    ("page", "link", "in_the_site"),
    [
        ("gan.md", "zoo.md#faces", "zoo.md#faces"),
        ("gan.md", "../benchmarks/README.md", "benchmarks/README.md"),
        ("gan.md", "../conf/model/gan.yaml", "conf/model/gan.yaml.md"),
        ("results/gan.md", "../../conf/model/gan.yaml", "../conf/model/gan.yaml.md"),
        ("CONTRIBUTING.md", "docs/zoo.md", "zoo.md"),
        ("CONTRIBUTING.md", "LICENSE", "LICENSE.md"),
        ("benchmarks/README.md", "fidelity.py", "fidelity.py.md"),
        ("benchmarks/README.md", "../docs/zoo.md", "../zoo.md"),
        ("gan.md", "../nowhere.md", "../nowhere.md"),
        ("gan.md", "https://lightning.ai", "https://lightning.ai"),
        ("gan.md", "#faces", "#faces"),
    ],
)
def test_links_are_rewritten_for_the_site(page, link, in_the_site):
    spec = importlib.util.spec_from_file_location("site_links", ROOT / "scripts" / "site_links.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    generated = None if (ROOT / "docs" / page).exists() else "site_links"
    found = SimpleNamespace(file=SimpleNamespace(src_uri=page, generated_by=generated))
    assert hook.on_page_markdown(f"a [b]({link}), c", page=found) == f"a [b]({in_the_site}), c"


def test_the_readme_begins_with_the_commands_that_tools_read():
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("pip install")]
    assert lines == [
        "pip install -e . && python train.py model=infogan data=mnist trainer=quick",
        "pip install -e '.[dev]' && pytest -n auto",
    ]


@pytest.mark.parametrize("name", re.findall(r"^::: (\S+)", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE))
def test_examples_of_the_api_page_are_in_a_section_of_their_own(name):
    """Elsewhere `>>>` becomes a quotation, and a list below a list a link that leads nowhere."""
    entry = pydoc.locate(name)
    assert entry.__doc__
    for found in doctest.DocTestFinder().find(entry, name):
        before, example, _ = found.docstring.partition(">>>")
        assert not example or re.search(r"^ *Examples:$", before, re.MULTILINE), found.name
