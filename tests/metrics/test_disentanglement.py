import numpy as np
import pytest
import torch
from sklearn.metrics import mutual_info_score

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import InfersCodes
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Categorical, Latent, Uniform
from genzoo.data.module import ImageData
from genzoo.metrics.disentanglement import MutualInformationGap, discretised, mutual_information


@pytest.mark.parametrize("seed", range(5))
def test_mutual_information_is_that_of_sklearn(seed):
    random = np.random.default_rng(seed)
    a = random.integers(0, 6, 200)
    b = (a * random.integers(0, 2, 200) + random.integers(0, 3, 200)) * 2  # dependent, with gaps in its values
    assert mutual_information(a, b) == pytest.approx(mutual_info_score(a, b))
    assert mutual_information(a, a) == pytest.approx(mutual_info_score(a, a))


@pytest.mark.parametrize("bins", [1, 3, 20])
def test_bins_are_equally_wide_from_the_least_to_the_greatest(bins):
    values = np.random.default_rng(0).normal(size=500)
    low, high = values.min(), values.max()
    expected = [min(int((v - low) / (high - low) * bins), bins - 1) for v in values]
    assert discretised(values, bins).tolist() == expected


def test_a_constant_is_one_bin():
    assert len(set(discretised(np.full(5, 3.0), 20))) == 1


# Two binary factors and one of four values, in all combinations; the level of an image's only pixel is their number.
FACTORS = torch.cartesian_prod(torch.arange(2.0), torch.arange(2.0), torch.arange(4.0)).repeat(4, 1)


class Known(ImageData):
    """Images that tell their number, with known factors."""

    name = "known"

    def __init__(self, factors=FACTORS):
        names = () if factors is None else tuple("abcdef"[: factors.shape[1]])
        super().__init__(size=1, channels=1, factors=names)
        self.factors = factors

    def load(self):
        n = 64 if self.factors is None else len(self.factors)
        images = ImageSet(torch.arange(n, dtype=torch.uint8).view(-1, 1, 1, 1), torch.full((n,), -1), self.factors)
        return {"train": ImageSet(images.images[:1], images.labels[:1]), "validation": images, "test": images}


class Reader(Inference):
    """Infers the codes that a table gives for an image's number."""

    device = torch.device("cpu")

    def __init__(self, latent, **tables):
        super().__init__()
        self.latent, self.tables, self.passes = latent, tables, []

    def capabilities(self):
        return frozenset({InfersCodes})

    def infer_codes(self, images):
        self.passes.append(len(images))
        numbers = to_levels(images).flatten().long()
        return {name: table[numbers] for name, table in self.tables.items()}


def continuous(*columns):
    """A model that infers one continuous code of these dimensions."""
    table = torch.stack([torch.as_tensor(column, dtype=torch.float) for column in columns], dim=1)
    return Reader(Latent(noise=Uniform(7), style=Uniform(len(columns))), style=table)


def measure(module, factors=FACTORS, **options):
    data = Known(factors)
    data._splits = data.load()
    return MutualInformationGap(**options)(module, data, "test").values


A, B, C = FACTORS.T


def test_a_perfect_code_has_gap_one():
    # Each factor by a dimension of its own, in any order, scale and direction.
    found = measure(continuous(-3 * C, B * 0.1 + 5, A))
    assert found == pytest.approx({"mig_n64": 1, "mig_a_n64": 1, "mig_b_n64": 1, "mig_c_n64": 1})


def test_independent_codes_have_gap_zero():
    # Numbers repeat 4 times, so that the repetition is independent of all factors.
    repetition = torch.arange(64) // 16
    found = measure(continuous(repetition, repetition % 2))
    assert found == pytest.approx(dict.fromkeys(found, 0), abs=1e-12)
    assert len(found) == 4


def test_a_factor_that_two_codes_tell_has_gap_zero():
    found = measure(continuous(A, B, A, C))
    assert found == pytest.approx({"mig_n64": 2 / 3, "mig_a_n64": 0, "mig_b_n64": 1, "mig_c_n64": 1}, abs=1e-12)


def test_a_code_that_tells_half_has_half_the_gap():
    found = measure(continuous(C // 2, A))
    assert found["mig_c_n64"] == pytest.approx(0.5)  # one of two bits
    assert found["mig_b_n64"] == pytest.approx(0, abs=1e-12)


def test_the_gap_is_that_of_the_two_best_of_sklearns_informations():
    table = np.random.default_rng(0).normal(size=(64, 3)) + FACTORS.numpy() @ np.random.default_rng(1).normal(
        size=(3, 3)
    )
    found = measure(continuous(*table.T), bins=5)
    binned = [np.digitize(column, np.linspace(column.min(), column.max(), 6)[1:-1]) for column in table.T.astype("f")]
    gaps = {}
    for name, factor in zip("abc", FACTORS.T.numpy(), strict=True):
        informations = sorted(mutual_info_score(factor, code) for code in binned)
        gaps[f"mig_{name}_n64"] = (informations[-1] - informations[-2]) / mutual_info_score(factor, factor)
    assert found == pytest.approx({"mig_n64": np.mean(list(gaps.values())), **gaps})


def test_a_categorical_code_is_one_variable_its_likeliest_category():
    probabilities = torch.nn.functional.one_hot((C.long() + 1) % 4, 5) * 0.4 + 0.12
    probabilities[:, 0] += torch.linspace(0, 0.3, 64)  # the order of the others does not count
    module = Reader(
        Latent(kind=Categorical(5), noise=Uniform(2), style=Uniform(2)),
        kind=probabilities,
        style=torch.stack([A, B], dim=1),
    )
    assert measure(module) == pytest.approx({"mig_n64": 1, "mig_a_n64": 1, "mig_b_n64": 1, "mig_c_n64": 1})


def test_a_lone_code_has_no_rival():
    assert measure(continuous(A))["mig_a_n64"] == pytest.approx(1)


def test_a_factor_that_never_varies_does_not_count():
    factors = torch.cat([FACTORS, torch.full((64, 1), 0.5)], dim=1)
    found = measure(continuous(A, B, C), factors)
    assert found == pytest.approx({"mig_n64": 1, "mig_a_n64": 1, "mig_b_n64": 1, "mig_c_n64": 1})
    assert measure(continuous(A, B, C), factors[:, 3:]) == {}


def test_ten_thousand_images_are_the_plain_names():
    factors = FACTORS.repeat(160, 1)[:10_010]
    data = Known(factors)
    levels = (torch.arange(len(factors)) % 64).to(torch.uint8).view(-1, 1, 1, 1)
    images = ImageSet(levels, torch.full((len(factors),), -1), factors)
    data._splits = {"test": images}
    found = MutualInformationGap(batch_size=5000)(continuous(A, B, C), data, "test")
    assert set(found.values) == {"mig", "mig_a", "mig_b", "mig_c"}
    assert found.protocol["images"] == 10_000
    assert found.values["mig"] == pytest.approx(1)
    more = MutualInformationGap(limit=None, batch_size=5000)(continuous(A, B, C), data, "test")
    assert set(more.values) == {f"{name}_n10010" for name in found.values}


def test_images_are_passed_in_batches_of_one_size():
    module = continuous(A, B, C)
    found = measure(module, batch_size=48)
    assert module.passes == [48, 48]
    assert found["mig_n64"] == pytest.approx(1)


@pytest.mark.parametrize("factors", [None, FACTORS[:1], FACTORS[:0]], ids=["no factors", "one image", "no image"])
def test_without_factors_or_images_there_are_no_values(factors):
    module = continuous(A, B, C)
    assert measure(module, factors) == {}
    assert module.passes == []


@pytest.mark.parametrize(("key", "value"), [("limit", 0), ("bins", 0), ("bins", 2.5), ("batch_size", 0)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"metrics.mig.{key}={value}: "):
        MutualInformationGap(**{key: value})
