"""The command ``genzoo``: its subcommands, and what it prints without one."""

import subprocess
import sys
from pathlib import Path

import pytest

import genzoo
from genzoo.cli.help import options_text
from genzoo.cli.main import COMPLETION, SCRIPTS, main
from genzoo.core.errors import GenzooError
from genzoo.runs.conf import CONF
from support import SHAPES, forked

COMMANDS = sorted(path.stem for path in SCRIPTS.glob("[!_]*.py"))


def printed(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "genzoo", *arguments], capture_output=True, text=True)


def test_without_a_command_it_lists_all_of_them(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["genzoo"])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"genzoo {genzoo.__version__}: Generative models")
    assert [line.split()[0] for line in lines if line.startswith("  ")] == COMMANDS
    assert "  train        Trains a model." in lines


@pytest.mark.parametrize("arguments", [["--version"], ["train", "--version"]])
def test_the_version_is_genzoos(arguments):
    assert printed(*arguments).stdout == f"{genzoo.__version__}\n"


def test_an_unknown_command_is_one_line_with_the_nearest():
    result = printed("trian")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: genzoo trian: there is no such command. Did you mean 'train'?\n"


@pytest.mark.parametrize("script", [("src/genzoo/__main__.py", "train"), ("src/genzoo/cli/commands/train.py",)])
def test_a_command_and_its_children_train_in_any_folder_with_the_users_own_modules(tmp_path, script):
    (tmp_path / "mine.py").write_text("from genzoo.data.shapes import Shapes\n\n\nclass Mine(Shapes):\n    pass\n")
    data = [*SHAPES, "data._target_=mine.Mine", "trainer=smoke", "recipe.batch_size=16", "logger=none", "metrics=none"]
    result = forked.run(*script, "model=gan", *data, "callbacks.pictures=null", "trust=[mine]", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.glob("runs/gan-shapes/*/last.ckpt")] == ["last.ckpt"]


@pytest.mark.parametrize(("old", "new"), [("record", "demonstrate"), ("report", "report"), ("curves", "curves")])
def test_scripts_that_have_moved_print_where_they_are(old, new):
    result = forked.run(f"{old}.py")
    assert result.returncode == 1
    assert result.stderr == f"error: python {old}.py is now: genzoo {new}\n"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["model"], "gan_2d"),
        (["data", "metrics"], "active_units"),
        (["experiment"], "gail (130)"),
        (["experiment=vime"], "sparse_mountain_car_trpo"),
        ([], "callbacks="),
    ],
)
def test_options_are_listed(names, found):
    assert found in " ".join(options_text(CONF, names).split())  # wherever lines end


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("modle", "genzoo list modle: there is no such group. Did you mean 'model'?"),
        ("experiment=gial", "genzoo list experiment=gial: there is no such paper. Did you mean 'gail'?"),
        ("model=gan", "genzoo list model=gan: give the group alone, genzoo list model."),
    ],
)
def test_what_cannot_be_listed_is_named(name, message):
    with pytest.raises(GenzooError) as caught:
        options_text(CONF, [name])
    assert str(caught.value).startswith(message)


def completed(line: str, tmp_path: Path) -> list[str]:
    """The suggestions of bash for a line that ends where the cursor is."""
    words = line.split(" ")
    (tmp_path / "genzoo").write_text(f'#!/bin/sh\nexec {sys.executable} -m genzoo "$@"\n')
    (tmp_path / "genzoo").chmod(0o755)
    script = (
        f"PATH={tmp_path}:$PATH; source {COMPLETION}; COMP_WORDS=({' '.join(words)} '');"
        f"COMP_CWORD={len(words) - 1}; COMP_LINE='{line}'; _genzoo; echo ${{COMPREPLY[@]}}"
    )
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_the_shell_completes_commands_and_options(tmp_path):
    assert completed("genzoo ev", tmp_path) == ["evaluate"]
    assert completed("genzoo train model=wgan_gp", tmp_path) == ["model=wgan_gp", "model=wgan_gp_resnet"]
