"""Training from a configuration: what a run leaves behind."""

import csv
import json
import logging
import subprocess

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

import genzoo
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Uniform
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.runs.build import build_module, trainer_options
from genzoo.runs.summary import code_version
from genzoo.runs.train import train
from support import SHAPES, composed, resolved


def test_a_run_leaves_config_checkpoint_metrics_pictures_and_log(configured, only_run):
    values = train(configured()).metrics
    run = only_run()
    report = json.loads((run / "metrics.json").read_text())
    assert report["metrics"] == values
    assert 0 <= values["test/code_error_majority"] <= values["test/code_error_one_to_one"] <= 1
    assert "test/code_error_one_to_one_running_statistics" in values
    assert (report["state"], report["rounds"], report["images"]) == ("finished", 4, 64)
    assert report["marks"] == ["smoke"]
    assert report["seconds"] > 0 < report["processor_seconds"]
    assert report["timed_from_round"] == 0
    assert OmegaConf.load(run / "config.yaml").seed == 0
    assert (run / "last.ckpt").is_file()
    assert "finished after 4 of 4 rounds" in (run / "run.log").read_text()
    for kind in ("grid", "traversal"):
        assert [p.name for p in sorted((run / "samples").glob(f"{kind}-*.png"))] == [
            f"{kind}-{n:06d}.png" for n in (1, 2, 3, 4)
        ]
    with Image.open(run / "samples" / "grid.gif") as film:
        assert film.n_frames == 4


def test_losses_are_logged_by_images_seen(configured, only_run):
    train(configured("metrics=none"))
    with open(next(only_run().glob("csv/*/metrics.csv"))) as file:
        rows = [row for row in csv.DictReader(file) if row["train/generator_loss"]]
    assert [int(row["step"]) for row in rows] == [16, 32, 48, 64]
    assert [float(row["progress/rounds"]) for row in rows] == [1, 2, 3, 4]


def test_runs_of_the_same_second_get_folders_of_their_own(configured, tmp_path):
    for _ in range(3):
        train(configured("trainer.rounds=1", "metrics=none", "callbacks.pictures=null", "callbacks.validation=null"))
    folders = [p for p in (tmp_path / "runs").glob("*/*") if (p / "metrics.json").is_file()]
    assert len(folders) == 3
    assert not any("=" in part for p in (tmp_path / "runs").rglob("*") for part in p.parts)


def weights(run):
    return torch.load(run / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.parametrize(("other", "same"), [("seed=0", True), ("seed=1", False)])
def test_the_seed_decides_every_weight(configured, tmp_path, other, same):
    train(configured("metrics=none", f"paths.runs={tmp_path}/a"))
    train(configured("metrics=none", f"paths.runs={tmp_path}/b", other))
    a, b = (weights(next((tmp_path / name).glob("*/*"))) for name in "ab")
    assert all(torch.equal(a[k], b[k]) for k in a) == same


def test_pictures_and_metrics_do_not_disturb_training(configured, tmp_path):
    train(configured(f"paths.runs={tmp_path}/a"))
    train(configured(f"paths.runs={tmp_path}/b", "callbacks.pictures=null", "callbacks.validation=null"))
    a, b = (weights(next((tmp_path / name).glob("*/*"))) for name in "ab")
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_a_nan_stops_the_run_by_name_and_leaves_the_last_healthy_checkpoint(configured, only_run, monkeypatch):
    original, calls = Uniform.sample, []

    def poisoned(self, n, generator=None, device=None):
        calls.append(generator is None)  # in training codes come from the round's own random numbers
        z = original(self, n, generator, device)
        return z * float("nan") if generator is None and sum(calls) > 9 else z

    monkeypatch.setattr(Uniform, "sample", poisoned)
    # Four draws a round (two players, two uniform parts): the tenth is the discriminator's in round 2.
    with pytest.raises(GenzooError, match=r"discriminator_loss was not finite in round 2 \(seed 0\)"):
        train(configured("callbacks.losses.times=null", "callbacks.losses.every=100"))
    checkpoint = torch.load(only_run() / "last.ckpt", weights_only=True)
    assert checkpoint["progress"]["rounds"] == 2
    assert all(v.isfinite().all() for v in checkpoint["state_dict"].values())
    assert "not finite in round 2" in (only_run() / "run.log").read_text()


def test_a_full_disk_stops_the_run_and_keeps_the_last_checkpoint(configured, only_run, monkeypatch):
    save, saved = torch.save, []

    def full(content, path):
        saved.append(path)
        if len(saved) == 3:
            path.write_bytes(b"half of it")
            raise OSError(28, "No space left on device")
        save(content, path)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(GenzooError, match="No space left on device"):
        train(configured())
    assert torch.load(only_run() / "last.ckpt", weights_only=True)["progress"]["rounds"] == 2
    assert not list(only_run().rglob("*.partial"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("data.batch_size=0",), "data.batch_size=0: a positive integer"),
        (("data.batch_size=-4",), "data.batch_size=-4: a positive integer"),
        (("data.batch_size=65",), "only 64"),
        (("seed=-1",), "seed=-1: a non-negative integer"),
        (("trainer.rounds=0",), "trainer.rounds=0: a positive integer"),
        (("data.size=30",), "multiple of 4"),
        (
            ("model.generator.shape=[3,28,28]",),
            r"generator's images have the .*\(3, 28, 28\).*discriminator's \(1, 28, 28\)",
        ),
        (
            ("model.generator.shape=[3,28,28]", "model.discriminator.shape=[3,28,28]"),
            r"data=shapes has images .*\(1, 28, 28\).*built for \(3, 28, 28\)",
        ),
        (("trainer=gpu", "trainer.devices=64"), r"trainer.devices=64: this machine has \d+ GPU"),
        (("model.batch_norm=bach",), "Accepted: running, batch"),
        (("+model.information_weight.tilt=1",), "information_weight.tilt: no such part.*noise, digit, style"),
        (("+model.schedules={critic:{lr:1}}",), "schedules.critic: no such player.*discriminator, generator"),
        (("~model.optimizers.generator",), "model.optimizers: generator has no optimizer"),
        (("+model.width=3",), r"model\.width: InfoGAN has no such setting"),
        (("model.optimizers.generator.lr=-1",), "model.optimizers.generator: Invalid learning rate: -1"),
        (("trust=[no_such_module]",), "trust=no_such_module: the module cannot be imported"),
    ],
)
def test_bad_input_gets_one_line_and_no_run_folder_is_left_half_made(configured, tmp_path, overrides, message):
    with pytest.raises(GenzooError, match=message) as caught:
        train(configured(*overrides))
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "runs").glob("*/*/last.ckpt"))


def test_an_unwritable_place_for_runs_is_named(configured, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GenzooError, match=r"paths\.runs=.*file"):
        train(configured(f"paths.runs={tmp_path}/file"))


def test_the_log_file_is_closed_after_the_run(configured):
    train(configured("metrics=none", "trainer.rounds=1"))
    assert not [h for h in logging.getLogger("genzoo").handlers if isinstance(h, logging.FileHandler)]


def test_averages_start_from_what_the_initialisation_made(configured, only_run):
    average = "model.averages={generator:{_target_:genzoo.core.averages.EMA,decay:0.999}}"
    train(configured("model=gan", f"+{average}", "trainer.rounds=1", "metrics=none"))
    found = weights(only_run())
    (bias,) = [key for key in found if key.startswith("generator.") and found[key].shape == (28 * 28,)]
    # The first GAN's output biases start from the marginals of the images, far from zero.
    assert found[bias].abs().max() > 1
    torch.testing.assert_close(
        found[f"averages.generator.network.{bias.partition('.')[2]}"], found[bias], rtol=0, atol=0.1
    )


def test_what_metrics_make_at_the_end_is_kept(only_run, tmp_path):
    small = (
        "trainer=smoke",
        "trainer.rounds=1",
        "recipe.batch_size=60",
        "metrics=[film,demonstrations]",
        "logger=none",
    )
    own = ("metrics.demonstrations.trajectories=2", f"paths.runs={tmp_path}/runs")
    train(composed("model=trpo", "data=pendulum", *small, *own))
    kept = {path.name for path in (only_run() / "samples").iterdir()}
    assert {"episode.gif", "demonstrations.npz", "return.png"} <= kept


def test_pictures_that_were_drawn_while_it_trained_are_not_kept_twice(configured, only_run):
    train(configured("model=pixelcnn", "data.levels=2", "metrics=[samples,receptive_field]", "trainer.rounds=1"))
    kept = {path.name for path in (only_run() / "samples").glob("*.png")}
    assert {"receptive_field.png", "grid-000001.png"} <= kept
    assert "grid.png" not in kept


def test_after_training_the_module_is_measured_on_the_device_it_was_trained_on(configured, monkeypatch):
    moves, to = [], RoundModule.to
    monkeypatch.setattr(RoundModule, "to", lambda self, *args, **kw: (moves.append(args), to(self, *args, **kw))[1])
    train(configured("trainer.rounds=1", "metrics=none", "channels_last=false"))
    assert moves[-1] == (torch.device("cpu"),)


def test_data_dependent_initialisation_does_not_depend_on_what_was_drawn_before(configured, monkeypatch, tmp_path):
    initial = ImageData.initial
    for draws in (0, 3):  # as two ranks might
        monkeypatch.setattr(ImageData, "initial", lambda self, n=draws: (torch.rand(n), initial(self))[1])
        common = ("model=improved_gan", "trainer.rounds=1", "metrics=none", "callbacks.checkpoints.times=1")
        train(configured(*common, f"paths.runs={tmp_path}/{draws}"))
    a, b = (torch.load(path, weights_only=True)["state_dict"] for path in sorted(tmp_path.glob("*/*/*/last.ckpt")))
    gains = [name for name in a if name.endswith("gain") and name.startswith("discriminator")]
    assert gains
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a[gains[0]], torch.ones_like(a[gains[0]]))


def test_processes_started_by_somebody_else_are_refused(configured, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(GenzooError, match="not by torchrun"):
        train(configured())


@pytest.mark.parametrize(("given", "strategy"), [("devices=1", "auto"), ("devices=2", "turns")])
def test_several_devices_need_no_other_strategy(given, strategy):
    assert trainer_options(resolved(*SHAPES, "trainer=cpu", f"trainer.{given}"))["strategy"] == strategy


def test_the_code_has_a_version_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_version.__wrapped__() == genzoo.__version__


@pytest.mark.parametrize(("changed", "dirty"), [(None, False), ("docs/page.md", False), ("conf/a.yaml", True)])
def test_the_version_says_whether_code_or_configurations_are_uncommitted(tmp_path, monkeypatch, changed, dirty):
    for name in ("src/genzoo/__init__.py", "conf/a.yaml", "docs/page.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)
    if changed:
        (tmp_path / changed).write_text("new")
    monkeypatch.setattr(genzoo, "__file__", str(tmp_path / "src" / "genzoo" / "__init__.py"))
    found = code_version.__wrapped__()
    assert found.startswith(f"{genzoo.__version__}+")
    assert found.endswith("-dirty") == dirty


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.precision=bf16-true", r"trainer.precision=bf16-true: unknown. Accepted: 32-true, bf16-mixed"),
        ("trainer.accumulate=0", r"trainer.accumulate=0: a positive integer is needed"),
        ("trainer.gradient_clip=-1", r"trainer.gradient_clip=-1: a positive norm is needed"),
    ],
)
def test_settings_of_the_trainer_are_checked(override, message, tmp_path):
    with pytest.raises(GenzooError, match=message):
        train(composed(*SHAPES, "model=gan", "trainer=smoke", "logger=none", override, f"paths.runs={tmp_path}"))
    assert not list(tmp_path.iterdir())


def test_a_model_that_needs_its_whole_batch_does_not_accumulate():
    with pytest.raises(GenzooError, match=r"trainer.accumulate=2: this model needs its whole batch"):
        build_module(resolved(*SHAPES, "model=began", "trainer=smoke", "trainer.accumulate=2"))
