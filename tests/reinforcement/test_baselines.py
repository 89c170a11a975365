import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from genzoo.reinforcement.baselines import LinearBaseline, ValueNetwork
from genzoo.reinforcement.passes import Passes

GENERATOR = torch.Generator().manual_seed(0)
OBSERVATIONS = torch.randn(60, 2, generator=GENERATOR) * torch.tensor([1.0, 8.0])
TIMES = torch.arange(60) % 20
RETURNS = OBSERVATIONS[:, 0] * 3 + TIMES - 50


def test_the_linear_baseline_is_ridge_regression_on_its_features():
    baseline = LinearBaseline(2, ridge=0.1)
    baseline.fit(OBSERVATIONS, TIMES, RETURNS)
    o, t = OBSERVATIONS.double().clamp(-10, 10), TIMES.double()[:, None] / 100
    features = torch.cat([o, o**2, t, t**2, t**3, torch.ones_like(t)], 1).numpy()
    expected = Ridge(alpha=0.1, fit_intercept=False).fit(features, RETURNS.numpy()).predict(features)
    assert torch.allclose(baseline(OBSERVATIONS, TIMES).double(), torch.as_tensor(expected), atol=1e-3)


def test_the_linear_baseline_expects_nothing_before_it_was_told():
    assert (LinearBaseline(2)(OBSERVATIONS, TIMES) == 0).all()


def test_a_value_network_learns_returns_of_any_size():
    torch.manual_seed(0)
    baseline = ValueNetwork(2, [32], passes=Passes(epochs=150, minibatches=4), time_limit=20)
    x, y, _ = baseline.fit(OBSERVATIONS, TIMES, 1000 * RETURNS)
    optimizer = torch.optim.Adam(baseline.parameters(), 3e-3)
    for part in baseline.passes.over(len(x)):
        optimizer.zero_grad()
        baseline.loss(x[part], y[part]).backward()
        optimizer.step()
    error = (baseline(OBSERVATIONS, TIMES) - 1000 * RETURNS).square().mean() / (1000 * RETURNS).var()
    assert error < 0.02


@pytest.mark.parametrize("time_limit", [None, 20])
def test_the_time_is_seen_where_there_is_a_limit(time_limit):
    baseline = ValueNetwork(2, [8], time_limit=time_limit)
    for parameter in baseline.network.parameters():
        nn.init.normal_(parameter)
    now, later = (baseline(OBSERVATIONS, torch.full((60,), t)) for t in (0, 10))
    assert torch.equal(now, later) == (time_limit is None)


def test_its_loss_is_the_error_in_deviations_of_the_returns():
    baseline = ValueNetwork(2, [8])
    x, y, _ = baseline.fit(OBSERVATIONS, TIMES, RETURNS)
    standardised = (RETURNS - RETURNS.mean()) / RETURNS.std(unbiased=False)  # and the network says 0
    assert baseline.loss(x, y).item() == pytest.approx(standardised.square().mean().item(), rel=1e-4)
    assert baseline.loss(x[:20], y[:20]).item() == pytest.approx(standardised[:20].square().mean().item(), rel=1e-4)


def test_its_divergence_and_curvature_are_those_of_gaussians_of_variance_one_half():
    baseline = ValueNetwork(2, [8])
    problem = baseline.problem(baseline.fit(OBSERVATIONS, TIMES, RETURNS))
    bias = baseline.network.layers[-1].bias
    (slope,) = torch.autograd.grad(problem.curvature(1.0), bias, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, bias)
    assert (slope.item(), curvature.item()) == pytest.approx((0.0, 2.0))
    with torch.no_grad():
        bias += 0.3
    assert problem.divergence().item() == pytest.approx(0.09, rel=1e-5)
