import re

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Features
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData
from genzoo.metrics.probe import LinearProbe

SIZE = 3


def clouds(n, seed, spread=60.0, labels=None):
    """Levels of three classes, around three images, with their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n) if labels is None else np.asarray(labels)
    centres = np.random.default_rng(0).uniform(80, 170, (3, SIZE * SIZE))
    levels = (centres[labels] + random.normal(0, spread, (n, SIZE * SIZE))).clip(0, 255).round()
    return ImageSet(torch.from_numpy(levels).to(torch.uint8).view(-1, 1, SIZE, SIZE), torch.from_numpy(labels))


class Clouds(ImageData):
    """Three clouds, split in three."""

    name = "clouds"

    def __init__(self, classes=3, **splits):
        super().__init__(size=SIZE, channels=1, classes=classes)
        self.given = {"train": clouds(90, 1), "validation": clouds(60, 2), "test": clouds(80, 3)} | splits

    def load(self):
        return self.given


class Pixels(Inference):
    """Its features are the pixels in [0, 1]."""

    device = torch.device("cpu")
    image_shape = (1, SIZE, SIZE)

    def __init__(self):
        super().__init__()
        self.passes = []

    def capabilities(self):
        return frozenset({Features})

    def features(self, images):
        self.passes.append(images)
        return to_unit(images).flatten(1)


def arrays(images):
    return images.images.flatten(1).numpy() / np.float32(255), images.labels.numpy()


def error(machine, images):
    x, y = arrays(images)
    return np.mean(machine.predict(x) != y)


COSTS = (0.001, 0.1, 100.0)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_it_is_the_machine_with_the_least_error_on_validation_images(split):
    data = Clouds()
    machines = {c: LinearSVC(C=c, random_state=1).fit(*arrays(data.given["train"])) for c in COSTS}
    errors = {c: error(machine, data.given["validation"]) for c, machine in machines.items()}
    best = min(COSTS, key=errors.get)
    assert len(set(errors.values())) == 3  # so that a wrong choice shows
    found = LinearProbe(costs=COSTS)(Pixels(), data, split)
    assert found.values["probe_c"] == best
    assert found.values["probe_error"] == pytest.approx(error(machines[best], data.given[split]), abs=1 / 60)
    assert found.protocol["validation_errors"] == pytest.approx({str(c): e for c, e in errors.items()}, abs=1 / 60)
    assert (found.protocol["labels"], found.protocol["features"]) == (90, 9)


def test_c_is_chosen_on_validation_images_and_never_on_test_images():
    # Validation labels turned round: there the worst machine is best.
    data = Clouds()
    turned = data.given["validation"]
    turned = ImageSet(turned.images, (turned.labels + 1) % 3)
    honest, misled = LinearProbe(costs=COSTS), LinearProbe(costs=COSTS)
    a = honest(Pixels(), data, "test").values
    b = misled(Pixels(), Clouds(validation=turned), "test").values
    assert b["probe_c"] != a["probe_c"]
    assert b["probe_error"] > a["probe_error"]
    # Test labels turned round: the same choice.
    test = data.given["test"]
    c = LinearProbe(costs=COSTS)(Pixels(), Clouds(test=ImageSet(test.images, (test.labels + 1) % 3)), "test").values
    assert c["probe_c"] == a["probe_c"]


def test_of_equally_good_machines_the_one_with_the_smallest_c_is_taken():
    apart = {split: clouds(60, seed, spread=1.0) for seed, split in enumerate(("train", "validation", "test"))}
    found = LinearProbe(costs=(1.0, 10.0, 100.0))(Pixels(), Clouds(**apart), "test").values
    assert found == {"probe_error": 0, "probe_c": 1.0}


def test_features_come_as_they_are_and_the_loss_is_the_squared_hinge(monkeypatch):
    fitted = []
    fit = LinearSVC.fit

    def noting(self, x, y):
        fitted.append((self, x, y))
        return fit(self, x, y)

    monkeypatch.setattr(LinearSVC, "fit", noting)
    data = Clouds()
    LinearProbe(costs=COSTS)(Pixels(), data, "test")
    assert [machine.C for machine, _, _ in fitted] == list(COSTS)
    for machine, x, y in fitted:
        assert (machine.loss, machine.penalty, machine.multi_class) == ("squared_hinge", "l2", "ovr")
        rows, labels = arrays(data.given["train"])
        # The training images, each once, in some order.
        assert sorted(map(tuple, np.c_[x, y].round(5))) == sorted(map(tuple, np.c_[rows, labels].round(5)))


def test_a_limited_number_of_labels_is_drawn_from_each_class_by_the_seed():
    def drawn(seed):
        module, data = Pixels(), Clouds()
        found = LinearProbe(labels_per_class=5, seed=seed, batch_size=15)(module, data, "test")
        assert set(found.values) == {"probe_error_n15", "probe_c_n15"}
        assert found.protocol["labels"] == 15
        x, y = arrays(data.given["train"])
        of = [int(np.abs(x - row).sum(1).argmin()) for row in to_unit(module.passes[0]).flatten(1).numpy()]
        return of, y[of]

    first, labels = drawn(0)
    assert np.bincount(labels).tolist() == [5, 5, 5]
    assert len(set(first)) == 15
    assert (np.diff(labels) != 0).sum() > 2  # classes are mixed: batch statistics are of all of them
    assert drawn(0)[0] == first
    assert drawn(1)[0] != first


def test_images_are_passed_in_batches_of_one_size():
    module = Pixels()
    LinearProbe(batch_size=32, costs=(1.0,))(module, Clouds(), "test")
    assert [len(images) for images in module.passes] == [32] * (3 + 2 + 3)


def test_images_of_unknown_label_are_left_out():
    data, few = Clouds(), {}
    for split, images in data.given.items():
        labels = images.labels.clone()
        labels[::3] = -1
        few[split] = ImageSet(images.images, labels)
    known = {split: ImageSet(*(f[x.labels >= 0] for f in x[:2])) for split, x in few.items()}
    found, expected = (LinearProbe()(Pixels(), Clouds(**splits), "test") for splits in (few, known))
    assert found.protocol["labels"] == 60
    assert found.values == expected.values


def test_a_second_call_gives_the_same_and_touches_no_global_random_state():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()
    metric = LinearProbe(labels_per_class=4)
    assert metric(Pixels(), Clouds(), "test") == metric(Pixels(), Clouds(), "test")
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert str(np.random.get_state()) == str(numpy_state)


EMPTY = clouds(0, 0)
UNKNOWN = ImageSet(clouds(5, 0).images, torch.full((5,), -1))


@pytest.mark.parametrize(
    "data",
    [
        Clouds(classes=0),
        Clouds(train=UNKNOWN),
        Clouds(train=clouds(9, 0, labels=[1] * 9)),
        Clouds(test=UNKNOWN),
        Clouds(test=EMPTY),
    ],
    ids=["no classes", "no label to train on", "one class to train on", "no label to test on", "no test images"],
)
def test_without_labels_there_are_no_values(data):
    module = Pixels()
    assert LinearProbe()(module, data, "test").values == {}
    assert module.passes == []


def test_without_validation_images_c_cannot_be_chosen():
    with pytest.raises(GenzooError, match=r"^metrics.probe: .* data=clouds has none; .*metrics.probe=null\).$"):
        LinearProbe()(Pixels(), Clouds(validation=EMPTY), "test")


def test_more_labels_than_the_set_has_are_refused():
    data = Clouds(train=clouds(7, 0, labels=[0, 0, 0, 1, 1, 2, 2]))
    with pytest.raises(GenzooError, match=r"labels_per_class=3: data=clouds has only 2 .* of class 1; choose fewer"):
        LinearProbe(labels_per_class=3)(Pixels(), data, "test")


@pytest.mark.parametrize("converges", [True, False])
def test_the_protocol_says_whether_the_solver_came_to_its_end(converges):
    # Two images that are the same belong to two classes each; a large C cannot settle that.
    train = clouds(8, 1, labels=[0, 0, 1, 1, 1, 2, 2, 2])
    train.images[1], train.images[3] = train.images[2], train.images[5]
    train = ImageSet(train.images // 64, train.labels)
    found = LinearProbe(costs=(1.0 if converges else 1e6,))(Pixels(), Clouds(train=train), "test")
    assert found.protocol["converged"] is converges


@pytest.mark.parametrize(
    ("key", "value"),
    [("labels_per_class", 0), ("labels_per_class", 2.5), ("batch_size", 0), ("costs", []), ("costs", [0.1, 0])],
)
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=re.escape(f"metrics.probe.{key}={value}: ")):
        LinearProbe(**{key: value})


def test_other_data_than_the_models_own_are_probed_and_named():
    other = Clouds(train=clouds(90, 5), test=clouds(80, 7))
    own = LinearProbe(costs=COSTS)(Pixels(), other, "test")
    found = LinearProbe(costs=COSTS, data=other)(Pixels(), Clouds(), "test")
    assert found.values == {f"{name}_clouds": value for name, value in own.values.items()}
    limited = LinearProbe(labels_per_class=5, costs=COSTS, data=other)(Pixels(), Clouds(), "test")
    assert limited.values.keys() == {"probe_error_clouds_n15", "probe_c_clouds_n15"}


def test_other_data_of_another_shape_are_refused():
    module = Pixels()
    module.image_shape = (3, 32, 32)
    with pytest.raises(GenzooError, match=r"metrics.probe.data: images of clouds are \(1, 3, 3\).*takes \(3, 32, 32\)"):
        LinearProbe(data=Clouds())(module, Clouds(), "test")
