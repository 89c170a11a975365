"""Posteriors: their densities against autograd, zuko and quadrature; their inverses."""

import math
import pickle
from functools import partial

import pytest
import torch
from hydra.utils import instantiate
from torch.distributions import AffineTransform, Normal
from zuko.transforms import AutoregressiveTransform, DependentTransform

from genzoo.core.errors import GenzooError
from genzoo.core.registry import check_targets
from genzoo.variational.gaussian import Gaussian
from genzoo.variational.made import MADE
from genzoo.variational.masked_conv import MaskedConvNetwork
from genzoo.variational.posteriors import DiagonalGaussian, InverseAutoregressiveFlow, draw
from genzoo.variational.updates import Affine, Gated, Shift
from support import Count

NETWORKS = {
    "vectors": (partial(MADE, hidden=[11, 7], context=3), (5,)),
    "maps": (partial(MaskedConvNetwork, hidden=[6, 7]), (2, 3, 2)),
}
networks = pytest.mark.parametrize(("network", "shape"), NETWORKS.values(), ids=list(NETWORKS))
updates = pytest.mark.parametrize("update", [Gated(), Affine(scale=1.0), Shift()], ids=lambda u: type(u).__name__)
steps = pytest.mark.parametrize("steps", [1, 2, 3])


def built(network, shape, update, steps, batch=3, gain=0.5):
    """A flow of moderate heads, and mean, log_std, context and noise for it, in float64."""
    torch.manual_seed(0)
    flow = InverseAutoregressiveFlow(shape[0], network, update, steps).double()
    for net in flow.networks:
        for head in net.heads:
            torch.nn.init.constant_(head.gain, math.log(gain) / 3)
    mean, log_std, noise = torch.randn(3, batch, *shape, dtype=torch.double)
    return flow, mean, log_std, torch.randn(batch, flow.context, *shape[1:], dtype=torch.double), noise


def jacobian(f, x):
    """Of a function of one example, (1, ...) -> (1, ...), as a matrix."""
    return torch.autograd.functional.jacobian(f, x).reshape(x.numel(), x.numel())


@pytest.mark.parametrize("kind", NETWORKS)
@steps
def test_all_variables_move_at_once(kind, steps):
    """As many operations for many variables as for few, and the same number more with each step."""

    def operations(steps, grown):
        network, shape = NETWORKS[kind]
        shape = (8 * shape[0], *(5 * side for side in shape[1:])) if grown else shape
        flow, *inputs = built(network, shape, Gated(), steps)
        with Count() as count:
            flow(*inputs)
        return count.calls

    assert operations(steps, False) == operations(steps, True)
    assert operations(steps + 1, False) - operations(steps, False) == operations(2, False) - operations(1, False)


@networks
@updates
@steps
def test_the_density_is_that_of_the_change_of_variables(network, shape, update, steps):
    flow, *inputs = built(network, shape, update, steps)
    z, log_prob = flow(*inputs)
    assert z.shape == log_prob.shape == inputs[-1].shape
    for b in range(len(z)):
        *given, noise = (part[b : b + 1] for part in inputs)
        log_det = torch.linalg.slogdet(jacobian(lambda e, given=given: flow(*given, e)[0], noise)).logabsdet
        torch.testing.assert_close(log_prob[b].sum(), Normal(0, 1).log_prob(noise).sum() - log_det)


@networks
@updates
def test_each_variable_has_its_own_term_and_steps_alternate_between_the_orders(network, shape, update):
    flow, *inputs = built(network, shape, update, 3, batch=1)
    mean, log_std, context, noise = inputs
    z = mean + log_std.exp() * noise
    expected = Normal(mean, log_std.exp()).log_prob(z)
    order = torch.arange(z.numel()).view(shape[0], -1).flip(1).T.flatten()
    for t, net in enumerate(flow.networks):
        slopes = jacobian(lambda z, net=net: update(z, *net(z, context))[0], z)
        in_order = slopes[order][:, order]
        later, earlier = (in_order.triu(1), in_order.tril(-1)) if t % 2 == 0 else (in_order.tril(-1), in_order.triu(1))
        assert later.abs().max() == 0 < earlier.abs().max()
        expected = expected - slopes.diagonal().log().view_as(z)
        z = update(z, *net(z, context))[0]
    found, log_prob = flow(*inputs)
    torch.testing.assert_close(found, z)
    torch.testing.assert_close(log_prob, expected)


@networks
@updates
@steps
def test_the_inverse_finds_the_noise(network, shape, update, steps):
    flow, *given, noise = built(network, shape, update, steps)
    torch.testing.assert_close(flow.inverse(*given, flow(*given, noise)[0]), noise)


@networks
@pytest.mark.parametrize(
    ("update", "affine"),
    [
        (Gated(bias=0.5), lambda m, s: (torch.sigmoid(-s - 0.5) * m, torch.sigmoid(s + 0.5))),
        (Affine(), lambda m, s: (-0.1 * m / torch.exp(0.1 * s), 1 / torch.exp(0.1 * s))),
    ],
    ids=["gated", "affine"],
)
def test_zuko_agrees(network, shape, update, affine):
    flow, _, _, context, noise = built(network, shape, update, 1)

    def meta(x):
        parameters = flow.networks[0](x.view_as(noise), context)
        return DependentTransform(AffineTransform(*affine(*(p.flatten(1) for p in parameters))), 1)

    theirs, zeros = AutoregressiveTransform(meta, passes=noise[0].numel()), torch.zeros_like(noise)
    z, log_det = theirs.call_and_ladj(noise.flatten(1))
    ours, log_prob = flow(zeros, zeros, context, noise)
    torch.testing.assert_close(ours.flatten(1), z)
    torch.testing.assert_close(log_prob.flatten(1).sum(1), Normal(0, 1).log_prob(noise).flatten(1).sum(1) - log_det)
    wanted = torch.randn_like(noise)
    noise_of_it = flow.inverse(zeros, zeros, context, wanted)
    torch.testing.assert_close(noise_of_it.flatten(1), theirs.inv(wanted.flatten(1)))


@updates
def test_the_density_of_any_z_integrates_to_1(update):
    flow, mean, log_std, context, _ = built(partial(MADE, hidden=[8], context=2), (2,), update, 2, 1, gain=0.1)
    line = torch.linspace(-12, 12, 241, dtype=torch.double)
    z = torch.cartesian_prod(line, line)
    given = [part.expand(len(z), -1) for part in (mean, log_std.clamp(max=-0.5), context)]
    with torch.no_grad():
        found, log_prob = flow(*given, flow.inverse(*given, z))
    torch.testing.assert_close(found, z)
    assert math.isclose(log_prob.sum(1).exp().sum().item() * 0.1**2, 1, abs_tol=1e-4)


def test_the_diagonal_one_is_torchs_normal():
    torch.manual_seed(0)
    mean, log_std, noise = torch.randn(3, 4, 2, 3, 3)
    posterior = DiagonalGaussian(size=2)
    z, log_prob = posterior(mean, log_std, None, noise)
    torch.testing.assert_close(z, mean + log_std.exp() * noise)
    torch.testing.assert_close(log_prob, Normal(mean, log_std.exp()).log_prob(z))
    torch.testing.assert_close(posterior.inverse(mean, log_std, None, z), noise)
    assert posterior.context == 0


def test_a_draw_says_the_divergence_in_closed_form_if_it_has_one_and_else_estimates_it():
    flow, mean, log_std, context, noise = built(*NETWORKS["vectors"], Affine(scale=1.0), 2)
    prior = Gaussian(*torch.randn(2, *mean.shape, dtype=torch.double))
    p, q = Normal(prior.mean, prior.log_std.exp()), Normal(mean, log_std.exp())
    drawn = draw(DiagonalGaussian(), Gaussian(mean, log_std), None, noise)
    kl, log_ratio = drawn.against(prior)
    torch.testing.assert_close(kl, torch.distributions.kl_divergence(q, p))
    torch.testing.assert_close(log_ratio, q.log_prob(drawn.z) - p.log_prob(drawn.z))
    drawn = draw(flow, Gaussian(mean, log_std), context, noise)
    kl, log_ratio = drawn.against(prior)
    torch.testing.assert_close(log_ratio, flow(mean, log_std, context, noise)[1] - p.log_prob(drawn.z))
    torch.testing.assert_close(kl, log_ratio)


@networks
def test_a_flow_whose_networks_say_nothing_is_the_diagonal_one(network, shape):
    flow, *inputs = built(network, shape, Affine(), 2)
    for net in flow.networks:
        for head in net.heads:
            torch.nn.init.zeros_(head.weight)
    for ours, diagonal in zip(flow(*inputs), DiagonalGaussian()(*inputs), strict=True):
        torch.testing.assert_close(ours, diagonal)


@networks
@updates
def test_half_precision_of_the_networks_leaves_a_float32_density(network, shape, update):
    flow, *inputs = built(network, shape, update, 2)
    flow, said = flow.float(), []
    for net in flow.networks:
        net.register_forward_hook(lambda net, _, outputs: said.append(outputs))
    given, noise = [part.bfloat16() for part in inputs[:-1]], inputs[-1].float()
    with torch.autocast("cpu", torch.bfloat16):
        found = flow(*given, noise)
    assert {output.dtype for outputs in said for output in outputs} == {torch.bfloat16}
    z, log_prob = DiagonalGaussian()(given[0].double(), given[1].double(), None, noise.double())
    for outputs in said:
        z, log_det = update(z, *(output.double() for output in outputs))
        log_prob = log_prob - log_det
    for ours, exact in zip(found, (z, log_prob), strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours.double(), exact, atol=1e-5, rtol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        back = flow.inverse(*given, found[0])
    assert back.dtype == torch.float32
    torch.testing.assert_close(back, noise, atol=1e-4, rtol=1e-4)


@networks
def test_saved_and_pickled_it_is_the_same(network, shape):
    flow, *inputs = built(network, shape, Gated(), 2)
    other = InverseAutoregressiveFlow(shape[0], network, Gated(), 2).double()
    assert not torch.equal(other(*inputs)[0], flow(*inputs)[0])
    other.load_state_dict(flow.state_dict())
    for same in (other, pickle.loads(pickle.dumps(flow))):
        assert all(torch.equal(a, b) for a, b in zip(same(*inputs), flow(*inputs), strict=True))


FLOW = "genzoo.variational.posteriors.InverseAutoregressiveFlow"
CONFIGURATIONS = [
    {"_target_": "genzoo.variational.posteriors.DiagonalGaussian", "_partial_": True},
    {
        **{"_target_": FLOW, "_partial_": True, "steps": 2},
        "network": {"_target_": "genzoo.variational.made.MADE", "_partial_": True, "hidden": [9], "context": 3},
        "update": {"_target_": "genzoo.variational.updates.Gated", "bias": 2.0},
    },
    {
        **{"_target_": FLOW, "_partial_": True},
        "network": {"_target_": "genzoo.variational.masked_conv.MaskedConvNetwork", "_partial_": True, "hidden": [6]},
        "update": {"_target_": "genzoo.variational.updates.Affine"},
    },
    {
        **{"_target_": FLOW, "_partial_": True},
        "network": {"_target_": "genzoo.variational.masked_conv.MaskedConvNetwork", "_partial_": True, "hidden": [6]},
        "update": {"_target_": "genzoo.variational.updates.Shift"},
    },
]


@pytest.mark.parametrize(("config", "context"), list(zip(CONFIGURATIONS, [0, 3, 6, 6], strict=True)))
def test_a_configuration_is_a_factory_that_takes_the_size(config, context):
    check_targets(config)
    posterior = instantiate(config)(size=4)
    assert posterior.context == context


@pytest.mark.parametrize("steps", [0, -1, 1.5])
def test_a_number_of_steps_that_is_not_positive_is_refused(steps):
    with pytest.raises(GenzooError, match=r"^posterior\.steps=\S+: a positive integer is needed\.$"):
        InverseAutoregressiveFlow(2, NETWORKS["vectors"][0], Gated(), steps)
