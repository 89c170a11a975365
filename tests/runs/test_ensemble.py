"""Runs of one recipe measured as one classifier."""

import json
import logging
import statistics

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.data.shapes import Shapes
from genzoo.metrics.errors import ClassificationErrors
from genzoo.runs.ensemble import measure
from genzoo.runs.evaluate import evaluate
from genzoo.runs.folders import log_to
from genzoo.runs.found import find_checkpoints
from genzoo.runs.train import train
from support import SHAPES, composed

QUIET = (
    "trainer=smoke",
    "trainer.rounds=2",
    "recipe.batch_size=16",
    "logger=none",
    "callbacks=default",
    "metrics=none",
)
OFF = tuple(f"callbacks.{name}=null" for name in ("pictures", "animation", "validation", "errors"))


def run(runs, *overrides, model="acgan"):
    train(composed(*SHAPES, f"model={model}", *QUIET, *OFF, f"paths.runs={runs}", *overrides))
    return max(runs.glob("*/*"), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Three finished runs that differ in their seed; the model's running statistics, so that batches do not matter."""
    runs = tmp_path_factory.mktemp("ensemble") / "runs"
    few = ("data.labels_per_class=4", "data.label_seed=1", "model.batch_norm=running")
    return [run(runs, *few, f"seed={seed}") for seed in range(3)]


def evaluation(members, tmp_path, *overrides):
    given = members if isinstance(members, str) else f"[{','.join(map(str, members))}]"
    return evaluate(composed(f"ckpt={given}", f"paths.runs={tmp_path}/out", *overrides, name="evaluate"))


def logits(member):
    """What a run's classifier says to the test images, from its weights alone."""
    from genzoo.runs.build import build_module

    stored = torch.load(member / "last.ckpt", weights_only=True)
    module = build_module(stored["genzoo"]["config"])
    module.load_state_dict(stored["state_dict"])
    images = Shapes(28, 1, n_train=64, n_validation=32, n_test=32).split("test").images
    with torch.no_grad():
        module.eval()
        return module.class_head(module.discriminator.features(from_levels(images, 256)))


def test_it_averages_the_members_probabilities(members, tmp_path):
    labels = Shapes(28, 1, n_train=64, n_validation=32, n_test=32).split("test").labels
    each = [logits(member) for member in members]
    errors = [int((one.argmax(1) != labels).sum()) for one in each]
    together = sum(one.exp() / one.exp().sum(1, keepdim=True) for one in each)
    wrong = int((together.argmax(1) != labels).sum())

    handler = log_to(tmp_path)
    values = evaluation(members, tmp_path)
    logging.getLogger("genzoo").removeHandler(handler)
    handler.close()
    assert values == {
        "test/ensemble_errors": wrong,
        "test/ensemble_error": wrong / 32,
        "test/member_errors_mean": pytest.approx(statistics.mean(errors)),
        "test/member_errors_std": pytest.approx(statistics.stdev(errors)),
        "test/members": 3,
    }
    (path,) = (tmp_path / "out" / "ensembles").glob("acgan-shapes/*/metrics.json")
    report = json.loads(path.read_text())
    assert report["metrics"] == values
    assert [(one["seed"], one["errors"]) for one in report["members"]] == list(enumerate(errors))
    assert report["seed"] == 1, "the label seed, by which ensembles are told apart"
    assert report["protocol"]["ensemble"]["training_labels"] == 16
    printed = (tmp_path / "run.log").read_text()
    assert f"test/ensemble_errors {wrong}" in printed
    assert all(f"seed {seed}, 2 rounds: {n} errors" in printed for seed, n in enumerate(errors))


@pytest.mark.parametrize("given", [5, [5, 6], None])
def test_what_is_no_path_is_told(given):
    with pytest.raises(GenzooError, match="ckpt"):
        find_checkpoints(given, "ckpt")


class Sure:
    """A member that says the same to every image; neither averages nor batch norm."""

    averages, batch_norm, device = {}, "running", torch.device("cpu")

    def __init__(self, *probabilities):
        self.logits = torch.tensor(probabilities).log()

    def inference(self):
        return torch.no_grad()

    def classify(self, images):
        return self.logits.expand(len(images), -1)


def test_probabilities_are_averaged_and_not_logits_or_votes():
    # The mean probabilities are 0.300, 0.267, 0.290, 0.143. By logits class 2 would win, by votes class 1.
    sure, unsure = (0.9, 0.001, 0.09, 0.009), (0.0001, 0.4, 0.39, 0.2099)
    members = [Sure(*unsure), Sure(*sure), Sure(*unsure)]
    data = Shapes(8, 1, n_train=1, n_validation=0, n_test=40)
    counts = data.split("test").labels.bincount(minlength=4)
    found, errors = measure(members, ClassificationErrors(), data, "test")
    assert torch.stack([m.logits for m in members]).mean(0).argmax() == 2
    assert found.values["test/ensemble_errors"] == 40 - counts[0]
    assert len(set(counts.tolist())) > 2
    assert errors == [40 - counts[1], 40 - counts[0], 40 - counts[1]]


def test_a_folder_of_runs_and_a_sweep_are_ensembles(members, tmp_path):
    expected = evaluation(members, tmp_path)
    assert evaluation(str(members[0].parent), tmp_path) == expected
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    jobs = [{"number": i, "overrides": [], "state": "done", "folder": str(run)} for i, run in enumerate(members)]
    (sweep / "jobs.json").write_text(json.dumps(jobs))
    assert evaluation(str(sweep), tmp_path, "metrics=none") == expected
    assert find_checkpoints(sweep, "ckpt") == [member / "last.ckpt" for member in members]
    (sweep / "jobs.json").write_text(json.dumps([*jobs, jobs[0] | {"number": 3, "state": "failed", "folder": None}]))
    with pytest.raises(
        GenzooError, match=r"ckpt=.*sweep: job 3 of the sweep is failed; finish the sweep, or give runs"
    ):
        find_checkpoints(sweep, "ckpt")
    (sweep / "jobs.json").write_text("[1")
    with pytest.raises(GenzooError, match=r"jobs.json is damaged .*; give the runs as"):
        find_checkpoints(sweep, "ckpt")


def test_one_checkpoint_is_measured_as_ever(members, tmp_path):
    values = evaluation(members[:1], tmp_path, "metrics=errors")
    assert set(values) == {"test/errors", "test/error"}
    assert values == evaluation(str(members[0]), tmp_path, "metrics=errors")
    assert not (tmp_path / "out").exists()


def altered(member, folder, edit):
    folder.mkdir()
    checkpoint = torch.load(member / "last.ckpt", weights_only=True)
    edit(checkpoint["genzoo"])
    torch.save(checkpoint, folder / "last.ckpt")
    return folder


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("data", "label_seed", 2),
        ("data", "labels_per_class", 5),
        ("data", "n_test", 31),
        ("model", "class_weight", 2.0),
        ("recipe", "batch_size", 8),
        ("trainer", "rounds", 3),
    ],
)
def test_members_that_differ_in_more_than_their_seed_are_refused(members, tmp_path, section, key, value):
    other = altered(members[1], tmp_path / "other", lambda stored: stored["config"][section].update({key: value}))
    with pytest.raises(
        GenzooError, match=rf"ckpt: .*other/last.ckpt has {section}.{key}={value}, but .*differ in their"
    ):
        evaluation([members[0], other], tmp_path)


def test_members_of_other_images_are_refused(members, tmp_path):
    other = altered(members[1], tmp_path / "other", lambda stored: stored["data"].update(source="elsewhere"))
    with pytest.raises(GenzooError, match=r"other/last.ckpt has images.source=elsewhere, but .* has official"):
        evaluation([members[0], other], tmp_path)


def test_what_decides_nothing_may_differ(members, tmp_path):
    def edit(stored):
        del stored["config"]["data"]["offline" if "offline" in stored["config"]["data"] else "seed"]

    other = altered(members[1], tmp_path / "other", edit)
    assert evaluation([members[0], other], tmp_path)["test/members"] == 2


def test_a_member_given_twice_or_missing_is_named(members, tmp_path):
    with pytest.raises(GenzooError, match="is given twice; give each run once"):
        evaluation([members[0], members[0] / "last.ckpt"], tmp_path)
    with pytest.raises(GenzooError, match=r"ckpt=.*nothing: there is no checkpoint"):
        evaluation([members[0], tmp_path / "nothing"], tmp_path)
    with pytest.raises(GenzooError, match=r"ckpt=\[\]: there is no checkpoint"):
        find_checkpoints([], "ckpt")


def test_members_that_do_not_classify_are_named(tmp_path):
    given = [run(tmp_path / "runs", f"seed={seed}", model="gan") for seed in range(2)]
    with pytest.raises(GenzooError, match=r"ckpt: .*last.ckpt does not classify, .*give one checkpoint, or runs of"):
        evaluation(given, tmp_path)
    assert not (tmp_path / "out").exists()


def test_without_labels_there_is_nothing_to_count(members, tmp_path):
    data = Shapes(8, 1, n_train=1, n_validation=0, n_test=4)
    with pytest.raises(GenzooError, match=r"split=validation: data=shapes has no labelled images"):
        measure([], ClassificationErrors(), data, "validation")
