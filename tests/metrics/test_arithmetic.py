import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Decodes
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Categorical, Latent, Uniform
from genzoo.core.randomness import generator
from genzoo.data.shapes import Shapes
from genzoo.metrics import exemplars
from genzoo.metrics.arithmetic import Arithmetic
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.extractors.classifier import Classifier

LATENT = Latent(noise=Uniform(3), kind=Categorical(4))
GREY = Shapes(size=16, channels=1, n_train=1)
GROUPS = {"a": [1, 5, 9], "b": [2], "c": [7, 4]}


class Recorder(Inference):
    """Decodes to grey images that tell the first number of their code, and keeps all codes."""

    device = torch.device("cpu")

    def __init__(self):
        super().__init__()
        self.latent, self.codes = LATENT, []

    def capabilities(self):
        return frozenset({Decodes})

    def decode(self, z):
        self.codes.append(z)
        return z[:, :1, None, None].expand(-1, -1, 64, 64).clamp(-1, 1)


def of_seed(seed):
    return LATENT.sample(1, generator(seed, "arithmetic"))[0]


def test_the_result_is_a_minus_b_plus_c_of_the_means_with_noise_around():
    module = Recorder()
    found = Arithmetic(GROUPS, noise=0.1)(module, GREY, "test")
    (codes,) = module.codes
    rows = codes.split([4, 2, 3, 9])
    means = []
    for row, seeds in zip(rows, GROUPS.values(), strict=False):
        for code, seed in zip(row, seeds, strict=False):
            assert torch.equal(code, of_seed(seed))
        assert torch.allclose(row[-1], sum(of_seed(seed) for seed in seeds) / len(seeds))
        means.append(row[-1])
    a, b, c = means
    assert torch.allclose(rows[3][4], a - b + c, atol=1e-6)
    around = rows[3][[0, 1, 2, 3, 5, 6, 7, 8]] - (a - b + c)
    assert around.abs().max() <= 0.1 + 1e-6
    assert around.abs().max(1).values.min() > 0.02  # eight, none of them exact
    assert around.abs().amax(0).min() > 0.05  # in every dimension
    assert (around.max() > 0.05) & (around.min() < -0.05)
    assert found.values == {}


def test_the_picture_shows_groups_with_their_means_then_three_rows_of_results():
    module = Recorder()
    sheet = Arithmetic(GROUPS)(module, GREY, "test").pictures["arithmetic"]
    pixels = np.array(sheet)[:, -(4 * 66 + 2) :]
    pitch = (len(pixels) - 2) // 6
    shown = pixels[2::pitch, 2::66][:6, :4]
    levels = iter(to_levels(module.codes[0][:, 0]).tolist())
    for row, count in zip(shown, (4, 2, 3, 3, 3, 3), strict=True):
        assert row[:count].tolist() == [next(levels) for _ in range(count)]
        assert (row[count:] == 128).all()
    assert sheet.width > 4 * 66 + 2  # names


def test_without_configuration_three_seeds_make_a_group():
    module = Recorder()
    Arithmetic()(module, GREY, "test")
    (codes,) = module.codes
    assert len(codes) == 3 * 4 + 9
    assert len(codes[[0, 1, 2, 4, 5, 6, 8, 9, 10]].unique(dim=0)) == 9


def test_the_noise_is_a_function_of_the_seed_and_no_global_random_state_is_touched():
    torch.manual_seed(1)
    state, module = torch.get_rng_state(), Recorder()
    for seed in (0, 0, 1):
        Arithmetic(seed=seed)(module, GREY, "test")
    first, again, other = module.codes
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert torch.equal(first[:12], other[:12])
    assert (first[12:] != other[12:]).any()


@pytest.fixture
def by_first_number(monkeypatch):
    """Classifies images by their brightness, the first number of the code: three equal intervals of [-1, 1]."""

    class Brightness(torch.nn.Module):
        def forward(self, levels):
            value = levels[:, 0, 0, 0].float() / 127.5 - 1
            centres = torch.tensor([-2 / 3, 0, 2 / 3, 5])
            return None, -3 * (value[:, None] - centres).square()

    monkeypatch.setattr(exemplars, "classifier_of", lambda data, cache, device: None)
    monkeypatch.setattr(exemplars, "load_classifier", lambda path: Brightness())


def test_the_codes_of_a_class_are_those_that_the_classifier_is_most_certain_of(by_first_number):
    module = Recorder()
    Arithmetic(classes={"a": 2, "b": 0, "c": 1}, n=4, draws=300)(module, GREY, "test")
    *draws, shown = module.codes
    first = torch.cat(draws)[:, 0]
    assert len(first) == 300
    rows = shown[:15, 0].view(3, 5)
    assert torch.allclose(rows[0, :4], first.sort(descending=True).values[:4])  # the brightest
    assert torch.allclose(rows[1, :4], first.sort().values[:4])
    nearest = first[first.abs().argsort()[:4]]
    assert rows[2, :4].abs().max() <= nearest.abs().max() + 0.01  # the classifier sees 8 bits
    assert torch.allclose(rows[:, 4], rows[:, :4].mean(1))
    assert torch.allclose(shown[15 + 4, 0], rows[0, 4] - rows[1, 4] + rows[2, 4], atol=1e-6)


def test_only_draws_of_the_class_stand_for_it(by_first_number):
    module = Recorder()
    found = Arithmetic(classes={"a": 2, "b": 0, "c": 1}, n=50, draws=30)(module, GREY, "test")
    *draws, shown = module.codes
    first = torch.cat(draws)[:, 0]
    counts = [int(x.sum()) for x in (first > 1 / 3, first < -1 / 3, first.abs() < 1 / 3)]
    assert sum(counts) == 30
    assert len(shown) == 30 + 3 + 9
    assert "arithmetic" in found.pictures


def test_a_class_without_draws_is_logged_and_gives_no_picture(by_first_number, caplog):
    found = Arithmetic(classes={"a": 2, "b": 3, "c": 1}, draws=30)(Recorder(), GREY, "test")
    assert found == Evaluation()
    assert "metrics.arithmetic.classes.b=3: none of 30 draws" in caplog.text


def test_the_classifier_is_the_one_that_measures_the_data_and_no_global_random_state_is_touched(monkeypatch, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Classifier(1, 4).eval()
    record = {"channels": 1, "classes": 4, "trained_on": {}, "seed": 0, "test_accuracy": 0.5}
    monkeypatch.setattr("genzoo.metrics.extractors.training.train_classifier", lambda data, **_: (network, record))
    state, module = torch.get_rng_state(), Recorder()
    codes = module.latent.sample(200, generator(3, "exemplars"))
    with torch.no_grad():
        logits = network(to_levels(module.decode(codes)))[1]
    common = int(logits.argmax(1).mode().values)  # untrained, it may never name some classes
    best = logits.softmax(1)[:, common].argsort(descending=True)[:3]
    Arithmetic(classes=dict.fromkeys("abc", common), draws=200, seed=3, cache=tmp_path)(module, GREY, "test")
    assert torch.allclose(module.codes[-1][:3].sort(0).values, codes[best].sort(0).values)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_class_that_the_data_do_not_have_is_refused():
    with pytest.raises(GenzooError, match=r"metrics\.arithmetic\.classes\.c=4: data=shapes has 4 classes"):
        Arithmetic(classes={"a": 0, "b": 1, "c": 4})(Recorder(), GREY, "test")


def test_classes_of_images_that_no_classifier_can_learn_from_are_refused():
    tiny = Shapes(size=8, channels=1, n_train=1)
    with pytest.raises(GenzooError, match=r"metrics\.arithmetic\.classes: no classifier can learn from data=shapes"):
        Arithmetic(classes={"a": 0, "b": 1, "c": 2})(Recorder(), tiny, "test")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"groups": {"a": [1], "b": [2]}}, r"groups\.c=None: expected a list of seeds"),
        ({"groups": {"a": [1], "b": [], "c": [2]}}, r"groups\.b=\[\]: expected a list of seeds"),
        ({"groups": {"a": 1, "b": [1], "c": [2]}}, r"groups\.a=1: expected a list of seeds"),
        ({"groups": {"a": [1], "b": [-1], "c": [2]}}, r"groups\.b=\[-1\].*integers from 0"),
        ({"groups": {**GROUPS, "d": [1]}}, r"groups\.d=\[1\].*nothing else"),
        ({"classes": {"a": 1, "b": 2}}, r"classes\.c=None: expected a class"),
        ({"classes": {"a": 1, "b": 2, "c": "x"}}, r"classes\.c=x: expected a class"),
        ({"n": 0}, r"n=0: a positive integer"),
        ({"draws": 0}, r"draws=0: a positive integer"),
    ],
    ids=str,
)
def test_bad_settings_are_refused_in_one_line(setting, message):
    with pytest.raises(GenzooError, match=r"metrics\.arithmetic\." + message) as caught:
        Arithmetic(**setting)
    assert "\n" not in str(caught.value)
