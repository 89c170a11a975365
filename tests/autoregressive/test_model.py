"""The model: its likelihood sums to 1 over all images, images are drawn with it, and what it refuses."""

import itertools
import math

import pytest
import torch

from genzoo.autoregressive.model import Autoregressive
from genzoo.autoregressive.sampling.cached import Cached
from genzoo.autoregressive.sampling.naive import Naive
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import (
    Completes,
    DrawsSequentially,
    HasReceptiveField,
    MapsLikelihood,
    Samples,
    SamplesAtTemperature,
    SamplesClasses,
    ScoresLikelihood,
)
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.nn.likelihoods import Bernoulli
from genzoo.nn.logistic_mixture import LogisticMixture
from genzoo.nn.softmax_levels import SoftmaxLevels
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved
from support.causal import NETWORKS, network


def model(name="pixelcnn", shape=(1, 2, 2), likelihood=None, sampler=None, **options):
    """A small model in float64 with lively random weights."""

    def made(**kwargs):
        return network(name, kwargs["channels"], kwargs["colours"], kwargs["outputs"])

    sgd = lambda parameters: torch.optim.SGD(parameters, 0.1)  # noqa: E731
    likelihood = likelihood or Bernoulli()
    return Autoregressive(
        shape=shape,
        network=made,
        likelihood=likelihood,
        sampler=sampler or Naive(),
        optimizers={"model": sgd},
        **options,
    ).ready()


def all_images(shape, levels):
    """Every image there is, as levels."""
    c, h, w = shape
    return torch.tensor([*itertools.product(range(levels), repeat=c * h * w)], dtype=torch.uint8).view(-1, c, h, w)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("shape", "likelihood"),
    [
        ((1, 3, 3), Bernoulli()),
        ((3, 1, 3), Bernoulli()),
        ((3, 2, 1), SoftmaxLevels(3)),
        ((3, 2, 1), LogisticMixture(2, 3)),
    ],
    ids=["binary", "binary colours", "softmax", "mixture"],
)
def test_the_likelihoods_of_all_images_sum_to_1(name, shape, likelihood):
    images = all_images(shape, likelihood.levels)
    found = model(name, shape, likelihood).log_prob(images)
    assert found.dtype == torch.float32
    assert found.double().exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert found.std() > 0.1, "the images are not all equally likely"


@pytest.mark.parametrize("name", ["pixelcnn", "gated_pixelcnn_conditional"])
def test_images_are_drawn_with_their_likelihood(name):
    module, images, n = model(name, sampling_batch=5000), all_images((1, 2, 2), 2), 5000
    drawn = to_levels(module.sample(n, generator=torch.Generator().manual_seed(0)), 2).flatten(1).long()
    counted = (drawn * torch.tensor([8, 4, 2, 1])).sum(1).bincount(minlength=16)
    expected = n * module.log_prob(images).exp()
    assert ((counted - expected) ** 2 / expected).sum().item() < 37.7, "χ² of 15 degrees of freedom, one in a thousand"


def test_a_lower_temperature_draws_likelier_images():
    module = model()
    cold, warm = (
        module.log_prob(
            to_levels(module.sample(500, generator=torch.Generator().manual_seed(0), temperature=t), 2)
        ).mean()
        for t in (0.3, 1.0)
    )
    assert cold > warm + 0.2
    cool = model(temperature=0.3)
    assert torch.equal(
        *(m.sample(9, None, torch.Generator().manual_seed(0), t) for m, t in ((cool, None), (module, 0.3)))
    )


def test_the_likelihood_of_any_class_is_the_mean_of_those_of_classes():
    module, images = model("gated_pixelcnn_conditional"), all_images((1, 2, 2), 2)
    of_class = torch.stack([module.log_prob(images, labels=torch.full((16,), k)) for k in range(3)])
    assert not torch.allclose(of_class[0], of_class[1])
    torch.testing.assert_close(module.log_prob(images), of_class.exp().mean(0).log())
    # Pixel by pixel it is a conditional probability too: the first k pixels' add up to log p of these.
    first_two = module.log_prob_map(images).flatten(1)[:, :2].sum(1).exp()
    same = images.flatten(1)[:, None, :2] == images.flatten(1)[None, :, :2]
    expected = (same.all(-1) * module.log_prob(images).exp()).sum(1)
    torch.testing.assert_close(first_two, expected)


def test_the_loss_is_the_mean_negative_log_likelihood_and_is_recorded_in_bits_too():
    module, levels = model(), all_images((1, 2, 2), 2)
    batch = ImageBatch(from_levels(levels, 2).double(), torch.full((16,), -1))
    loss = module.loss(batch)
    assert loss.item() == pytest.approx(-module.log_prob(levels).mean().item(), rel=1e-5)
    assert module.meters.means()["bits_per_dim"].item() == pytest.approx(loss.item() / (4 * math.log(2)), rel=1e-5)


def test_a_conditional_model_learns_from_labelled_images_with_their_labels():
    module, images = model("gated_pixelcnn_conditional"), all_images((1, 2, 2), 2)[:6]
    assert [s.pool for s in module.streams()] == ["labelled"]
    labels = torch.tensor([0, 1, 2, 2, 1, 0])
    loss = module.loss(ImageBatch(from_levels(images, 2).double(), labels))
    assert loss.item() == pytest.approx(-module.log_prob(images, labels=labels).mean().item(), rel=1e-5)
    assert [s.pool for s in model().streams()] == ["train"]


def test_given_classes_are_drawn_and_else_any():
    module = model("gated_pixelcnn_conditional", sampling_batch=7)
    labels = torch.arange(20) % 3
    a, b = (module.sample(20, y, torch.Generator().manual_seed(0)) for y in (labels, 2 - labels))
    assert not torch.equal(a, b)
    # The same pictures whatever is drawn beside them: classes are drawn first, noise image by image.
    c, d = (
        model("gated_pixelcnn_conditional", sampling_batch=n).sample(20, generator=torch.Generator().manual_seed(0))
        for n in (20, 3)
    )
    assert torch.equal(c, d)


def test_its_capabilities():
    able = {
        *(Samples, SamplesAtTemperature, ScoresLikelihood, MapsLikelihood, HasReceptiveField, Completes),
        DrawsSequentially,
    }
    assert model().capabilities() == able
    assert model("gated_pixelcnn_conditional").capabilities() == able | {SamplesClasses}


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m: m.sample(2, temperature=0.0), r"model.temperature=0.0: expected a number above 0"),
        (lambda m: m.sample(2, temperature=-1), r"model.temperature=-1: expected a number above 0"),
        (lambda m: model(temperature=0), r"model.temperature=0: expected a number above 0"),
        (lambda m: model(sampling_batch=0), r"model.sampling_batch=0"),
        (lambda m: m.sample(2, torch.tensor([0, 1])), r"labels: this model is not conditioned on classes"),
        (
            lambda m: model("gated_pixelcnn_conditional").sample(2, torch.tensor([0, 3])),
            r"0 to 3 were given; .* 0 to 2",
        ),
        (lambda m: model("gated_pixelcnn_conditional").sample(2, torch.tensor([-1, 0])), r"labels: -1 to 0 were given"),
        (lambda m: model("gated_pixelcnn_conditional").sample(2, torch.tensor([0])), r"shape is \(1,\), but \(2,\)"),
        (
            lambda m: model("gated_pixelcnn_conditional").log_prob(
                all_images((1, 2, 2), 2), labels=torch.full((16,), 7)
            ),
            r"labels: 7 to 7 were given",
        ),
        (lambda m: m.log_prob(torch.zeros(2, 1, 3, 3)), r"log_prob: images of shape \(2, 1, 3, 3\).*any, 1, 2, 2"),
        (lambda m: m.log_prob(torch.zeros(2, 3, 2, 2)), r"log_prob: images of shape \(2, 3, 2, 2\)"),
        (lambda m: m.sample(0), r"number of images=0: a positive integer"),
        (
            lambda m: m.log_prob(torch.tensor([[0, 1], [1, 2]]).view(1, 1, 2, 2)),
            r"log_prob: int64 values from 0 to 2 .* integers from 0 to 1",
        ),
        (lambda m: m.log_prob(-torch.ones(2, 1, 2, 2).int()), r"int32 values from -1 to -1"),
        (lambda m: m.log_prob_map(torch.zeros(2, 1, 2, 2)), r"log_prob: float32 values from 0.0 to 0.0"),
        (lambda m: m.receptive_field(torch.full((2, 1, 2, 2), 255), 0, 0), r"receptive_field: int64 values .* 255"),
        (
            lambda m: m.complete(torch.zeros(2, 3, 2, 2), torch.ones(2, 1, 2, 2)),
            r"complete: images of shape \(2, 3, 2, 2\)",
        ),
        (lambda m: m.receptive_field(torch.zeros(2, 1, 3, 3), 0, 0), r"receptive_field: images of shape"),
        (
            lambda m: m.receptive_field(torch.zeros(2, 1, 2, 2).int(), 2, 0),
            r"no pixel in row 2 and column 0; .* rows 0 to 1",
        ),
        (lambda m: m.receptive_field(torch.zeros(2, 1, 2, 2).int(), 0, -1), r"no pixel in row 0 and column -1"),
        (lambda m: m.complete(torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4)), r"complete: images of shape"),
        (
            lambda m: m.complete(torch.zeros(2, 1, 2, 2), torch.ones(2, 1, 2, 3)),
            r"mask's shape .* \(2, 1, 2, 2\) is needed",
        ),
        (lambda m: m.complete(torch.zeros(2, 1, 2, 2), torch.ones(1, 1, 2, 2)), r"mask's shape is \(1, 1, 2, 2\)"),
        (lambda m: m.complete(torch.zeros(0, 1, 2, 2), torch.ones(0, 1, 2, 2)), r"number of images=0: a positive"),
        (
            lambda m: m.complete(torch.ones(2, 1, 2, 2, dtype=torch.uint8), torch.ones(2, 1, 2, 2)),
            r"complete: a given pixel is 1 \(uint8\), but .* floats in \[-1, 1\]; .*from_levels",
        ),
        (lambda m: m.complete(torch.full((1, 1, 2, 2), 7.0), torch.ones(1, 1, 2, 2)), r"a given pixel is 7.0 \(float"),
        (lambda m: m.complete(torch.full((1, 1, 2, 2), torch.nan), torch.ones(1, 1, 2, 2)), r"a given pixel is nan"),
        (
            lambda m: model("gated_pixelcnn_conditional").sample(2, torch.tensor([0.7, 1.0])),
            r"labels: float32 was given; integers are needed",
        ),
    ],
)
def test_bad_input_gets_one_line(ask, message):
    with pytest.raises(GenzooError, match=message) as caught:
        ask(model())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (DataSpec("faces", (3, 28, 28), 2, 0), r"data=faces has images of .* \(3, 28, 28\), but .* \(1, 28, 28\)"),
        (DataSpec("big", (1, 32, 32), 2, 0), r"\(1, 32, 32\), but the model is built for \(1, 28, 28\)"),
        (DataSpec("mnist", (1, 28, 28), 256, 10), r"data=mnist has 256 levels per pixel, but the model needs 2"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_they_are_loaded(data, message):
    module = build_module(resolved("model=pixelcnn", *SHAPES, "data.levels=2", "trainer=smoke"))
    with pytest.raises(GenzooError, match=message):
        module.check_data(data)


def test_data_with_other_classes_are_refused():
    config = resolved("model=gated_pixelcnn_conditional", *SHAPES, "trainer=smoke", "model.network.condition=7")
    with pytest.raises(
        GenzooError, match=r"data=shapes has 4 classes, but .* depend on 7; use model.network.condition=4"
    ):
        build_module(config).check_data(build_data(config).spec)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("data=binarized_mnist",), r"data=binarized_mnist has 0 classes .* choose data with classes \(data=mnist"),
        (
            (*SHAPES, "model.network.condition=0"),
            r"data=shapes has 4 classes and model.network.condition=0, .*model=gated",
        ),
    ],
)
def test_a_conditional_model_without_classes_is_refused_before_data_are_loaded(overrides, message):
    config = resolved("model=gated_pixelcnn_conditional", *overrides, "trainer=smoke")
    with pytest.raises(GenzooError, match=message):
        build_module(config).check_data(build_data(config).spec)


def test_the_likelihood_follows_the_datas_levels():
    binary, grey = (
        build_module(resolved("model=gated_pixelcnn", *SHAPES, f"data.levels={n}", "trainer=smoke")) for n in (2, 256)
    )
    assert (binary.levels, grey.levels) == (2, 256)
    assert (type(binary.likelihood), type(grey.likelihood)) == (Bernoulli, SoftmaxLevels)


def test_a_mixture_lets_the_network_see_whole_pixels():
    mixture = "recipe.likelihoods.levels_256._target_=genzoo.nn.logistic_mixture.LogisticMixture"
    colour = [*SHAPES, "data.channels=3", "trainer=smoke", "model=pixelcnn"]
    assert build_module(resolved(*colour, mixture)).network.colours == 1
    assert build_module(resolved(*colour)).network.colours == 3


@pytest.mark.parametrize("name", ["pixelcnn", "gated_pixelcnn_conditional"])
def test_completions_keep_what_is_given_and_are_drawn_given_that(name):
    module, n = model(name, sampling_batch=5000), 5000
    upper = torch.tensor([[-1.0, 1.0], [1.0, 1.0]]).expand(n, 1, 2, 2)
    mask = torch.tensor([[1, 1], [0, 0]]).expand(n, 1, 2, 2)
    drawn = to_levels(module.complete(upper, mask, torch.Generator().manual_seed(0)), 2)
    assert (drawn[:, 0, 0] == torch.tensor([0, 1])).all()
    counted = (drawn[:, 0, 1].long() * torch.tensor([2, 1])).sum(1).bincount(minlength=4)
    expected = n * module.log_prob(all_images((1, 2, 2), 2)[4:8]).softmax(0)
    assert ((counted - expected) ** 2 / expected).sum().item() < 16.3, "χ² of 3 degrees of freedom, one in a thousand"


def test_the_class_of_a_completion_is_drawn_given_the_pixels_before_the_first_missing_one():
    module, n = model("gated_pixelcnn_conditional", sampling_batch=700), 2000
    image = torch.tensor([[-1.0, 1.0], [1.0, 1.0]])
    of_class = torch.stack([module.log_prob_map(to_levels(image, 2)[None, None], torch.tensor([k])) for k in range(3)])
    for missing, leading in ((2, 2), (1, 1), (0, 0)):  # the pixels after it are given too
        mask = torch.ones(4).index_fill(0, torch.tensor(missing), 0).view(1, 1, 2, 2).expand(n, 1, 2, 2).bool()
        images = torch.where(mask, image, torch.nan)  # what is missing is not looked at
        counted = module._classes_given(images, mask, torch.Generator().manual_seed(0)).bincount(minlength=3)
        expected = n * of_class.flatten(1)[:, :leading].sum(1).softmax(0)
        assert ((counted - expected) ** 2 / expected).sum().item() < 13.8, "χ² of 2 degrees of freedom, one in 1,000"


def test_completions_without_a_generator_are_always_the_same():
    module, images, mask = model(shape=(1, 3, 4)), torch.ones(6, 1, 3, 4), torch.zeros(6, 1, 3, 4)
    assert torch.equal(module.complete(images, mask), module.complete(images, mask))
    assert torch.equal(module.complete(images, mask + 1), images)
    unknown = torch.full_like(images, torch.nan)  # what is missing may hold anything
    assert torch.equal(module.complete(unknown, mask), module.complete(images, mask))


def test_canvases_fill_in_row_by_row_until_they_are_the_samples():
    module = model("gated_pixelcnn", (1, 3, 4), sampler=Cached())
    images, frames = module.canvases(5, torch.Generator().manual_seed(0))
    samples = module.sample(5, generator=torch.Generator().manual_seed(0))
    assert images.shape == (3, 5, 1, 3, 4)
    assert frames is None
    for rows, canvas in enumerate(images, start=1):
        assert torch.equal(canvas[:, :, :rows], samples[:, :, :rows])
        assert (canvas[:, :, rows:] == -1).all()
