import math

import pytest
import torch
from scipy import stats

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal, Uniform, UnitUniform


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def latent():
    return Latent(noise=Normal(12), digit=Categorical(3), style=Uniform(2, bound=0.5))


def test_split_gives_the_parts_in_order_and_join_undoes_it(latent):
    codes = torch.arange(2 * 17.0).view(2, 17)
    parts = latent.split(codes)
    assert latent.width == 17
    assert list(parts) == ["noise", "digit", "style"]
    assert torch.equal(parts["digit"], codes[:, 12:15])
    assert torch.equal(parts["style"], codes[:, 15:])
    assert torch.equal(latent.join(dict(reversed(parts.items()))), codes)


def test_a_part_can_be_left_out_but_not_the_last_one(latent):
    rest = latent.without("digit")
    assert list(rest.parts) == ["noise", "style"]
    assert rest.width == 14
    assert latent.width == 17
    with pytest.raises(GenzooError, match=r"at least one named part is needed"):
        rest.without("noise").without("style")


def test_split_works_on_any_leading_shape(latent):
    codes = torch.randn(4, 5, 17)
    assert torch.equal(latent.split(codes)["digit"], codes[..., 12:15])


def test_samples_lie_in_their_parts_and_follow_the_generator_alone(latent):
    codes = latent.sample(50, seeded(3))
    torch.manual_seed(99)
    assert torch.equal(codes, latent.sample(50, seeded(3)))
    assert not torch.equal(codes, latent.sample(50, seeded(4)))
    parts = latent.split(codes)
    assert (parts["digit"].sum(1) == 1).all()
    assert parts["style"].abs().max() <= 0.5
    assert parts["noise"].abs().max() > 1


@pytest.mark.parametrize(
    ("part", "law"),
    [
        (Uniform(2), stats.uniform(-1, 2)),
        (Uniform(2, bound=math.sqrt(3)), stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))),
        (UnitUniform(2), stats.uniform(0, 1)),
        (Normal(2), stats.norm()),
        (Normal(2, std=5), stats.norm(0, 5)),
    ],
)
def test_continuous_parts_follow_their_law_independently(part, law):
    draws = part.sample(10_000, seeded())
    assert draws.shape == (10_000, 2)
    assert draws.dtype == torch.float32
    for column in draws.T.numpy():
        assert stats.kstest(column, law.cdf).pvalue > 0.01
    assert abs(torch.corrcoef(draws.T)[0, 1]) < 0.03


def test_a_uniform_part_of_bound_root_three_has_unit_variance():
    assert Uniform(1, bound=math.sqrt(3)).sample(100_000, seeded()).var().item() == pytest.approx(1, abs=0.01)


def test_categories_are_one_hot_and_equally_frequent():
    draws = Categorical(5).sample(10_000, seeded())
    assert draws.dtype == torch.float32
    assert set(draws.unique().tolist()) == {0, 1}
    assert (draws.sum(1) == 1).all()
    assert stats.chisquare(draws.sum(0).numpy()).pvalue > 0.01


@pytest.mark.parametrize(
    ("part", "law", "size"),
    [
        (Uniform(3, bound=0.7), torch.distributions.Uniform(-0.7, 0.7), 3),
        (UnitUniform(3), torch.distributions.Uniform(0.0, 1.0), 3),
        (Normal(4), torch.distributions.Normal(0.0, 1.0), 4),
        (Normal(4, std=5), torch.distributions.Normal(0.0, 5.0), 4),
        (Categorical(7), torch.distributions.Categorical(logits=torch.zeros(7)), 1),
    ],
)
def test_entropies_agree_with_torch_distributions(part, law, size):
    assert part.entropy == pytest.approx(size * law.entropy().item(), rel=1e-6)


def test_traversal_names_a_row_for_each_category_and_each_dimension(latent):
    codes, names = latent.traverse(5, seeded())
    assert names == [*(f"noise {i}" for i in range(12)), "digit 0", "digit 1", "digit 2", "style 0", "style 1"]
    assert codes.shape == (17, 5, 17)


def test_a_row_of_a_unit_interval_moves_from_its_middle():
    rows = UnitUniform(2).walk(3)
    assert torch.equal(rows[0], torch.tensor([[-0.5, 0.5], [0.5, 0.5], [1.5, 0.5]]))


def test_a_continuous_row_moves_one_dimension_to_twice_the_bound_and_fixes_all_other_parts(latent):
    codes, _ = latent.traverse(5, seeded())
    for i, row in enumerate(codes[-2:]):
        parts = latent.split(row)
        assert torch.allclose(parts["style"][:, i], torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0]))
        assert (parts["style"][:, 1 - i] == 0).all()
        for name in ("noise", "digit"):
            assert torch.equal(parts[name], parts[name][:1].expand(5, -1))
            assert torch.equal(parts[name], latent.split(codes[-1])[name])


def test_a_categorical_row_stays_in_its_category_under_draws_that_all_rows_share(latent):
    codes, _ = latent.traverse(5, seeded())
    rows = latent.split(codes[12:15])
    assert torch.equal(rows["digit"], torch.eye(3)[:, None].expand(3, 5, 3))
    for name in ("noise", "style"):
        assert torch.equal(rows[name], rows[name][:1].expand(3, -1, -1))
        assert len(rows[name][0].unique(dim=0)) == 5  # a fresh draw a column


def test_a_part_with_directions_moves_from_a_draw_to_both_sides_of_it(latent):
    ways = torch.randn(3, latent.parts["noise"].size)
    codes, names = latent.traverse(5, seeded(), {"noise": ways})
    assert names[:4] == ["noise, direction 1", "noise, direction 2", "noise, direction 3", "digit 0"]
    draw = latent.split(latent.sample(5, seeded()))["noise"][0]
    for row, way in zip(codes, ways, strict=False):
        parts = latent.split(row)
        assert torch.allclose(parts["noise"], draw + torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None] * way)
        assert torch.equal(parts["digit"], parts["digit"][:1].expand(5, -1))


def test_traversals_are_the_same_for_the_same_generator(latent):
    assert torch.equal(latent.traverse(4, seeded(1)).codes, latent.traverse(4, seeded(1)).codes)
    assert not torch.equal(latent.traverse(4, seeded(1)).codes, latent.traverse(4, seeded(2)).codes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(0), "at least 1, got 0"),
        (lambda: Normal(-2), "at least 1, got -2"),
        (lambda: Uniform(1, bound=0), "positive, got 0"),
        (lambda: Categorical(1), "at least 2 categories, got 1"),
        (lambda: Latent(), "at least one named part"),
    ],
)
def test_bad_parts_are_refused(make, message):
    with pytest.raises(GenzooError, match=message):
        make()
