"""A new run starts from the weights of another."""

import json

import pytest
import torch

import genzoo
from genzoo.core.errors import GenzooError
from genzoo.runs.initial_weights import read_initial_weights
from genzoo.runs.load import restored
from support import same, state
from support.small import RUN

AVERAGE = {"_target_": "genzoo.core.averages.EMA", "decay": 0.5}


def trained(runs, **settings):
    return genzoo.train(**RUN | {"paths.runs": runs} | settings).folder


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A run of two rounds."""
    return trained(tmp_path_factory.mktemp("given"), model="dcgan", **{"trainer.rounds": 2})


@pytest.fixture
def module(given):
    """A model like the run's, of other weights."""
    module = restored(state(given), given)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(7.0)
    return module


@pytest.fixture
def begun(monkeypatch):
    """The values of each module when its training starts."""
    found = []

    def keep(_, trainer, module):
        found.append({name: value.clone() for name, value in module.state_dict().items()})

    monkeypatch.setattr("genzoo.callbacks.losses.Losses.on_train_start", keep)
    return found


def test_a_new_run_starts_from_all_weights_with_new_optimizers(given, tmp_path, begun):
    run = trained(tmp_path, model="dcgan", seed=5, init=given, **{"trainer.rounds": 1})
    assert same(begun[0], dict(state(given)["state_dict"]))
    assert state(run)["progress"]["rounds"] == 1
    assert state(run)["optimizer_states"][0]["state"][0]["step"] == 1
    taken = f"init={given}/last.ckpt: took generator (14 tensors), discriminator (10 tensors)"
    assert taken in (run / "run.log").read_text()
    assert json.loads((run / "metrics.json").read_text())["marks"][:2] == ["smoke", "init"]
    genzoo.train(resume=run)  # does not read the other run again


def test_averages_that_the_other_run_has_not_start_from_its_weights(given, tmp_path, begun):
    averages = {"+model.averages": {"generator": AVERAGE}}
    trained(tmp_path, model="dcgan", init=given, **averages, **{"trainer.rounds": 1})
    for name, value in state(given)["state_dict"].items():
        assert torch.equal(begun[0][name], value)
        if name.startswith("generator.") and value.is_floating_point() and "running" not in name:
            assert torch.equal(begun[0][f"averages.generator.network.{name.removeprefix('generator.')}"], value)


def test_what_does_not_fit_is_refused_or_initialised_anew_and_named(given, module):
    (name, weight), *_ = module.generator.named_parameters()
    layer, _, parameter = name.rpartition(".")
    setattr(module.generator.get_submodule(layer), parameter, torch.nn.Parameter(torch.zeros(2, 3)))
    module.register_buffer("extra", torch.zeros(()))
    shapes = f"generator.{name} ({' x '.join(map(str, weight.shape))} there, 2 x 3 here)"
    with pytest.raises(GenzooError) as caught:
        read_initial_weights(given, True, module)
    assert f"tensors fit, but not {shapes}, extra; give init_strict=false" in str(caught.value)
    weights = read_initial_weights(given, False, module)
    weights.load_into(module)
    assert weights.describe()[1:] == [
        f"of another shape, so initialised anew: {shapes}",
        "only of the model, so initialised anew: extra",
    ]
    assert module.generator.get_parameter(name).eq(0).all()
    assert not any(value.eq(7).all() for value in module.discriminator.parameters())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "vae", "data.levels": 2}, "none of its weights fits this model"),
        ({"model": "dcgan", "init": "nowhere"}, "init=nowhere: there is no checkpoint nowhere"),
        ({"model": "dcgan", "resume": "last"}, "resume: init=.* would change the experiment"),
    ],
)
def test_what_cannot_be_a_start_is_one_line(given, settings, message):
    chosen = {} if "resume" in settings else RUN
    with pytest.raises(GenzooError, match=message):
        genzoo.train(**chosen | {"init": given, "init_strict": False, "paths.runs": given.parent} | settings)


def test_weights_that_are_not_finite_are_no_start(given, module, monkeypatch):
    content = state(given)
    content["state_dict"]["discriminator.head.weight"].fill_(torch.nan)
    monkeypatch.setattr("genzoo.runs.initial_weights.load_checkpoint", lambda _: content)
    with pytest.raises(GenzooError, match=r"discriminator.head.weight contains values that are not finite"):
        read_initial_weights(given, True, module)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("huge", torch.zeros(1).expand(3000, 1_000_000), None),  # is never read: no name of the model
        ("generator.layers.0.weight", torch.zeros(1).expand(3000, 1_000_000), None),  # of another shape
        (3, torch.zeros(1), "3 is no named tensor"),
        ("discriminator.head.weight", torch.zeros(1, device="meta"), None),
        ("\x1b[2J", torch.zeros(1), None),
    ],
)
def test_tensors_of_a_foreign_file_are_not_trusted(given, module, monkeypatch, name, value, message):
    content = state(given)
    content["state_dict"][name] = value
    monkeypatch.setattr("genzoo.runs.initial_weights.load_checkpoint", lambda _: content)
    if message:
        with pytest.raises(GenzooError, match=message):
            read_initial_weights(given, False, module)
        return
    weights = read_initial_weights(given, False, module)
    assert name not in weights.taken
    assert "\x1b" not in " ".join(weights.describe())


def test_a_resumed_run_keeps_where_its_weights_came_from(given, tmp_path):
    run = trained(tmp_path, model="dcgan", init=given, **{"trainer.rounds": 1})
    genzoo.train(init=given, resume=run, **{"trainer.rounds": 2})  # as a sweep continues its jobs
    assert state(run)["genzoo"]["config"]["init"] == str(given)
    assert state(run)["progress"]["rounds"] == 2
    with pytest.raises(GenzooError, match="resume: init=elsewhere would change the experiment"):
        genzoo.train(init="elsewhere", resume=run)
