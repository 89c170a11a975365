"""The examples work as their pages say, outside of the repository."""

import json
import re
import shutil

import pytest

from support import ROOT, forked

PROJECT = ROOT / "examples" / "my_project"
SCRIPTS = "src/genzoo/cli/commands"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return shutil.copytree(PROJECT, tmp_path_factory.mktemp("examples") / "project")


def commands() -> dict[str, list[str]]:
    """Subcommand -> its arguments on the project's page."""
    lines = re.findall(r"^genzoo (\w+) (.*)$", (PROJECT / "README.md").read_text(), re.MULTILINE)
    return {name: arguments.split() for name, arguments in lines}


def test_a_project_of_ones_own_trains_and_evaluates_its_own_parts(project):
    given = commands()
    quick = ["trainer=smoke", "logger=none", "trainer.accelerator=cpu"]
    trained = forked.run(f"{SCRIPTS}/train.py", *given["train"], *quick, cwd=project, path=project)
    assert trained.returncode == 0, trained.stderr
    assert "round 1: mean norm of codes" in trained.stdout
    assert "test/absolute_error" in trained.stdout
    (run,) = project.glob("runs/denoising-stripes/*")
    of_run = [argument.replace("runs/denoising-stripes/<run>", str(run)) for argument in given["evaluate"]]
    evaluated = forked.run(f"{SCRIPTS}/evaluate.py", *of_run, cwd=project, path=project)
    assert evaluated.returncode == 0, evaluated.stderr
    error = re.compile(r"test/absolute_error [\d.]+")
    assert error.findall(evaluated.stdout) == error.findall(trained.stdout)


def test_it_is_short():
    files = [PROJECT / "my_project.py", *PROJECT.glob("conf/*/*.yaml")]
    assert len(files) == 5
    assert sum(len(path.read_text().splitlines()) for path in files) < 120


def code_of(notebook: str) -> list[str]:
    """The cells of a notebook that are programs."""
    cells = json.loads((ROOT / "examples" / notebook).read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_the_cells_of_the_first_notebook_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = code_of("first_run.ipynb")
    code[1] = code[1].replace('"trainer.rounds": 1500', '"trainer.rounds": 2, "data.n_train": 128')
    space: dict = {}
    for cell in code:
        exec(cell, space)
    assert space["run"].folder.is_dir()
    assert len(space["images"]) == 20
    assert space["test"].grad.abs().sum() > 0


def test_the_cells_of_the_lesson_run(tmp_path, monkeypatch, no_network):
    monkeypatch.chdir(tmp_path)
    settings, *rest = code_of("lesson.ipynb")
    space: dict = {}
    exec(settings, space)
    for given in space["models"].values():
        given |= {"trainer.rounds": 2, "trainer.width": "smoke", "paths.data": str(tmp_path)}
        if "metrics.likelihood.images" in given:
            given["metrics.likelihood.images"] = 4
    for cell in rest:
        exec(cell, space)
    assert {name: run.folder.is_dir() for name, run in space["runs"].items()} == dict.fromkeys(space["models"], True)
    given, completed = space["given"], space["completed"].unflatten(0, (4, 6))
    assert (completed[..., :14, :] == given[:, None, :, :14]).all()
    assert (completed[..., 14:, :] != given[:, None, :, 14:]).any()
