import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.averages import EMA
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference, in_inference, statistics_of


class Model(Inference):
    def __init__(self, **options):
        super().__init__(**options)
        self.network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))

    @in_inference
    def answer(self, x):
        """What the network says."""
        return self.network(x)


@pytest.fixture
def x():
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(0)) * 2 + 1


def trained(**options):
    """A model in training mode whose batch norm has seen something."""
    torch.manual_seed(0)
    model = Model(**options)
    model.network(torch.randn(16, 3))
    return model


def buffers_of(model):
    return {name: value.clone() for name, value in model.named_buffers()}


def test_batch_mode_normalises_by_the_batch_and_leaves_running_buffers_alone(x):
    model = trained(batch_norm="batch")
    before = buffers_of(model)
    linear, norm, _ = model.network
    expected = F.batch_norm(linear(x), None, None, norm.weight, norm.bias, training=True, eps=norm.eps)
    assert torch.allclose(model.answer(x), expected)
    assert before["network.1.num_batches_tracked"] == 1
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert norm.track_running_stats


def test_running_mode_normalises_by_the_running_averages(x):
    model = trained()
    linear, norm, _ = model.network
    expected = F.batch_norm(linear(x), norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
    assert torch.allclose(model.answer(x), expected)


@pytest.mark.parametrize("mode", ["running", "batch"])
@pytest.mark.parametrize("outer", ["running", "batch"])
@pytest.mark.parametrize("inner", ["running", "batch"])
def test_the_innermost_override_of_the_mode_wins_and_is_undone(x, mode, outer, inner):
    answers = {m: trained(batch_norm=m).answer(x) for m in ("running", "batch")}
    assert not torch.allclose(answers["running"], answers["batch"])
    model = trained(batch_norm=mode)
    with model.inference(batch_norm=outer):
        with model.inference(batch_norm=inner):
            assert torch.equal(model.answer(x), answers[inner])
        assert torch.equal(model.answer(x), answers[outer])
    assert torch.equal(model.answer(x), answers[mode])


def test_the_statistics_of_one_batch_normalise_others_inside_only(x):
    model, batch = trained(), torch.randn(50, 3, generator=torch.Generator().manual_seed(1)) * 3 - 2
    linear, norm, _ = model.network
    before, after = buffers_of(model), linear(batch).detach()
    mean, variance = after.mean(0), after.var(0, correction=0)
    expected = F.batch_norm(linear(x), mean, variance, norm.weight, norm.bias, eps=norm.eps)
    with model.inference(batch_norm="batch"):
        own = model.network(x)
        with statistics_of(batch, model.network):
            assert torch.allclose(model.network(x), expected, atol=1e-6)
            assert torch.allclose(model.network(x[:1]), expected[:1], atol=1e-6)
        assert torch.equal(model.network(x), own)
        assert not torch.allclose(own, expected, atol=0.1)
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert not norm._forward_pre_hooks


def test_compiled_networks_take_the_statistics_of_one_batch_too(x):
    plain, compiled, batch = trained(), trained(), torch.randn(50, 3) * 3 - 2
    compiled.network.compile(backend="eager")
    with plain.inference(batch_norm="batch"), statistics_of(batch, plain.network):
        expected = plain.network(x)
    with compiled.inference(batch_norm="batch"):
        compiled.network(x)  # compiled before there were hooks
        with statistics_of(batch, compiled.network):
            assert torch.allclose(compiled.network(x), expected, atol=1e-6)


def test_flags_are_as_they_were_afterwards_also_after_an_error():
    model = trained(batch_norm="batch")
    model.network[2].eval()
    before, inside = [m.training for m in model.modules()], []

    def fail():
        with model.inference(batch_norm="running"):
            inside.extend(m.training for m in model.modules())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not any(inside)
    assert set(before) == {True, False}
    assert [m.training for m in model.modules()] == before
    assert model.batch_norm == "batch"


def test_answers_carry_no_gradient(x):
    model = trained()
    assert model.network(x).requires_grad
    assert not model.answer(x).requires_grad
    assert torch.is_grad_enabled()


def test_averages_stand_in_for_their_networks_inside_only(x):
    model = trained(averages={"network": EMA(0.5, start="zero")})
    model.follow_averages()
    live, average = model.network, model.averages["network"].network
    assert torch.equal(model.answer(x), torch.zeros(6, 4))  # the average stands at 0: so do gain and shift
    with model.averaged():
        assert model.network is average
        with model.averaged(), model.inference():
            assert model.network is average
        assert model.network is average
    assert model.network is live


def test_networks_come_back_after_an_error():
    model = trained(averages={"network": EMA(0.5)})
    model.follow_averages()
    live = model.network
    with pytest.raises(ZeroDivisionError), model.averaged():
        _ = 1 / 0
    assert model.network is live
    with model.averaged():
        assert model.network is not live


def test_averages_are_part_of_the_state_dict():
    model = trained(averages={"network": EMA(0.5, start="zero")})
    model.follow_averages()
    model.averages["network"].update(model.network)
    other = trained(averages={"network": EMA(0.5)})
    other.follow_averages()
    other.load_state_dict(model.state_dict())
    found = other.averages["network"]
    assert torch.equal(found.network[0].weight, model.network[0].weight / 2)
    assert found.updates == 1


def test_an_average_of_an_unknown_network_is_refused():
    with pytest.raises(GenzooError, match=r"model.averages.nothing: the model has no network of that name"):
        trained(averages={"nothing": EMA(0.5)}).follow_averages()


def test_an_unknown_mode_is_refused():
    with pytest.raises(GenzooError, match="batch_norm='off' is unknown"):
        Model(batch_norm="off")


@pytest.mark.parametrize("mode", ["running", "batch"])
def test_inside_differentiable_answers_are_the_same_and_have_gradients_of_their_arguments_alone(x, mode):
    model = trained(batch_norm=mode)
    before, plain = buffers_of(model), model.answer(x)
    x.requires_grad_()
    with model.differentiable():
        assert not model.network.training
        answer = model.answer(x)
    assert torch.equal(answer, plain)
    answer.square().sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert model.network.training
    assert not model.answer(x).requires_grad


def test_differentiable_works_inside_inference_may_be_nested_and_leaves_frozen_parameters_frozen(x):
    model = trained()
    model.network[0].bias.requires_grad_(False)
    x.requires_grad_()
    with model.inference():
        with model.differentiable():
            with model.differentiable():
                assert model.answer(x).requires_grad
            assert model.answer(x).requires_grad
        assert not model.answer(x).requires_grad
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["network.0.bias"]


def test_an_error_inside_differentiable_restores_everything(x):
    model = trained()
    with pytest.raises(ZeroDivisionError), model.differentiable():
        raise ZeroDivisionError
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.network.training
    assert not model.answer(x.requires_grad_()).requires_grad
