import csv

import pytest
import torch
from torch import nn

from genzoo.core.averages import Polyak
from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Classifies
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference, in_inference
from genzoo.data.module import ImageData
from genzoo.metrics.errors import ClassificationErrors
from genzoo.metrics.evaluation import Evaluation, evaluate
from genzoo.runs.train import train
from support import same, state


class Told(ImageData):
    """Images whose level is the class that the fake model will tell; -1 = unknown label."""

    name = "told"

    def __init__(self, levels, labels, classes=4, **options):
        super().__init__(size=1, channels=1, classes=classes, **options)
        self.images = ImageSet(torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1), torch.tensor(labels))

    def load(self):
        return {"train": self.images, "validation": ImageSet(self.images.images[:0], self.images.labels[:0])} | {
            "test": self.images
        }


class Shift(nn.Module):
    """Adds its weight to the levels it is shown, and with noise while it trains."""

    def __init__(self, by):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(float(by)))

    def forward(self, levels):
        return levels + self.by + (torch.randn(levels.shape).round() if self.training else 0)


class Reader(Inference):
    """The class is the level, shifted by 2 in training and by 0 in the average."""

    device = torch.device("cpu")

    def __init__(self):
        super().__init__(averages={"network": Polyak()})
        self.network = Shift(0)
        self.follow_averages()
        self.network.by.data.fill_(2.0)
        self.sizes = []

    def capabilities(self):
        return frozenset({Classifies})

    @in_inference
    def classify(self, images):
        self.sizes.append(len(images))
        levels = self.network(to_levels(images, 256).flatten().float())
        return -(levels.view(-1, 1) - torch.arange(4.0)).square()


def test_wrong_images_are_counted_with_the_averages_and_without_noise():
    data = Told([0, 1, 2, 3, 0, 1, 2], [0, 1, 1, 3, 2, 1, -1])
    module = Reader()
    found = ClassificationErrors(batch_size=4)(module, data, "test")
    assert found.values == {"errors": 2, "error": pytest.approx(2 / 6)}  # the third and the fifth; one is unknown
    assert module.sizes == [4, 4]
    assert module.training
    assert module.network.by == 2


def test_the_protocol_says_what_training_saw():
    data = Told([0, 1, 2, 3] * 3, [0, 1, 2, 3] * 3, labels_per_class=2, label_seed=5)
    protocol = evaluate({"errors": ClassificationErrors(8)}, Reader(), data, "test").protocol["errors"]
    assert protocol == {
        "images": 12,
        "averages": ["network"],
        "batch_size": 8,
        "batch_norm": "running",
        "labels_per_class": 2,
        "training_labels": 8,
        "label_seed": 5,
    }
    protocol = ClassificationErrors()(Reader(), Told([0], [0]), "test").protocol
    assert (protocol["labels_per_class"], protocol["training_labels"]) == (None, "all")


def test_without_labels_there_is_nothing_to_count():
    assert ClassificationErrors()(Reader(), Told([0, 1], [-1, -1]), "test") == Evaluation()
    assert ClassificationErrors()(Reader(), Told([0, 1], [0, 1]), "validation") == Evaluation()


def test_probabilities_are_the_softmax_of_the_logits():
    data = Told([1, 0, 3], [0, 1, -1])
    found = ClassificationErrors(2).probabilities(Reader(), data, "test")
    expected = torch.tensor([[1.0, 0, 1, 4], [0, 1, 4, 9]]).neg().exp()
    assert torch.allclose(found, expected / expected.sum(1, keepdim=True))


def test_a_batch_size_that_is_none_is_named():
    with pytest.raises(GenzooError, match=r"metrics.errors.batch_size=0: a positive integer"):
        ClassificationErrors(0)


RUN = ("model=acgan", "callbacks.pictures=null", "callbacks.animation=null", "trainer.rounds=6", "metrics=errors")


def test_a_run_leaves_the_curve_and_is_not_disturbed(configured, tmp_path):
    few = ("data.labels_per_class=3", "data.label_seed=1")
    values = train(
        configured(*RUN, *few, "callbacks.errors.times=null", "callbacks.errors.every=2", f"paths.runs={tmp_path}/a")
    ).metrics
    train(configured(*RUN, *few, "callbacks.errors=null", f"paths.runs={tmp_path}/b"))
    (measured,), (plain,) = ((tmp_path / name).glob("*/*") for name in "ab")
    assert same(state(measured)["state_dict"], state(plain)["state_dict"])
    with open(measured / "csv" / "version_0" / "metrics.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["test/errors"]]
    assert [int(row["step"]) for row in rows] == [32, 64, 96, 96]  # images; the last one again when the run ends
    assert float(rows[-1]["test/errors"]) == values["test/errors"] == 32 * values["test/error"]
    assert float(rows[-2]["test/errors"]) == values["test/errors"]
    assert all(0 <= float(row["validation/errors"]) <= 32 for row in rows[:-1])
    with pytest.raises(GenzooError, match=r"resume: data.label_seed=2 would change the experiment .*label_seed=1"):
        _resume(measured, "data.label_seed=2")


def _resume(run, override):
    from genzoo.runs.resume import check_overrides
    from support import composed

    stored = state(run)["genzoo"]
    check_overrides([override], composed("model=acgan", "data=shapes", override), {}, stored)


def test_a_split_that_is_none_is_named(configured):
    with pytest.raises(GenzooError, match=r"splits=tset: unknown. Did you mean 'test'"):
        train(configured(*RUN, "callbacks.errors.splits=[tset]"))


def test_training_sees_the_few_labels_only(configured, monkeypatch):
    from genzoo.adversarial.conditional import ACGAN

    seen, loss = [], ACGAN.discriminator_loss

    def note(self, real):
        seen.append(real.labels)
        return loss(self, real)

    monkeypatch.setattr(ACGAN, "discriminator_loss", note)
    train(configured(*RUN, "data.labels_per_class=3", "callbacks.errors=null"))
    for labels in seen:  # 16 images of 12 labels
        assert labels.bincount(minlength=4).min() >= 3
    assert len(seen) == 6
