"""What ``import genzoo`` offers."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser

import genzoo
from genzoo.api import written
from genzoo.core.errors import GenzooError
from genzoo.runs.load import restored
from support import ROOT, same, small, state

AVERAGE = {"_target_": "genzoo.core.averages.EMA", "decay": 0.5}
SETTINGS = small.SETTINGS | {"metrics": "samples", "seed": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a model whose generator is averaged."""
    runs = tmp_path_factory.mktemp("api") / "runs"
    given = SETTINGS | {"+model.averages": {"generator": AVERAGE}, "paths.runs": runs}
    return genzoo.train("dcgan", given.pop("data"), **given)


def test_it_imports_nothing_heavy_until_it_is_used():
    code = "import sys, genzoo; dir(genzoo); print(sorted({'torch', 'hydra', 'yaml', 'numpy'} & sys.modules.keys()))"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert result.stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        genzoo.lod  # noqa: B018
    assert {"load", "train"} <= set(dir(genzoo))


def test_training_returns_folder_metrics_and_model(run):
    assert (run.folder / "samples" / "grid-000004.png").is_file()
    assert run.metrics == {}
    assert state(run.folder)["genzoo"]["config"]["seed"] == 3
    assert state(run.folder)["genzoo"]["choices"]["model"] == "dcgan"
    assert run.model.sample(2).shape == (2, 1, 28, 28)


def test_a_second_run_in_a_process_leaves_no_handler_and_no_state_of_hydra(run, tmp_path):
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    given = SETTINGS | {"model": "gan", "paths.runs": tmp_path, "metrics": "none"}
    first, second = (genzoo.train(**given) for _ in range(2))
    assert first.folder != second.folder
    assert same(state(first.folder)["state_dict"], state(second.folder)["state_dict"])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert not GlobalHydra.instance().is_initialized()
    assert not HydraConfig.initialized()


def test_a_loaded_model_is_the_average_in_evaluation_mode(run):
    model = genzoo.load(run.folder)
    stored = state(run.folder)["state_dict"]
    for name, parameter in model.generator.named_parameters():
        assert torch.equal(parameter, stored[f"averages.generator.network.{name}"])
        if parameter.ndim == 4:
            assert not torch.equal(parameter, stored[f"generator.{name}"])
    assert not any(module.training for module in model.modules())
    assert next(model.parameters()).device == torch.device("cpu")


def test_samples_are_those_of_the_run_and_gradients_flow_through_the_networks(run):
    model, generator = genzoo.load(run.folder / "last.ckpt"), torch.Generator().manual_seed(1)
    unfinished = restored(state(run.folder), run.folder / "last.ckpt")
    assert torch.equal(model.sample(4, generator=generator), unfinished.sample(4, generator=generator.manual_seed(1)))
    z = model.latent.sample(2).requires_grad_()
    model.generator(z).sum().backward()
    assert z.grad.abs().sum() > 0


def test_names_are_listed():
    assert genzoo.list_models() == sorted(path.stem for path in (ROOT / "conf" / "model").glob("[!_]*.yaml"))
    assert {"mnist", "cartpole"} < set(genzoo.list_data())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "infogna"}, r"^model=infogna: unknown\. Did you mean 'infogan'"),
        ({"recipe.batchsize": 3}, r"^recipe.batchsize: there is no such key. Did you mean data.batch_size"),
        ({"trainer.rounds": "many"}, r"^trainer.rounds=many: an integer is needed"),
    ],
)
def test_a_mistake_is_one_line(settings, message, tmp_path):
    with pytest.raises(GenzooError, match=message) as caught:
        genzoo.train(**(SETTINGS | {"paths.runs": tmp_path} | settings))
    assert "\n" not in str(caught.value)
    assert not GlobalHydra.instance().is_initialized()


@pytest.mark.parametrize(("device", "message"), [("cuda:7", "device=cuda:7: not available"), ("tpu", "device=tpu")])
def test_a_device_that_is_not_there_is_one_line(run, device, message):
    with pytest.raises(GenzooError, match=message):
        genzoo.load(run.folder, device=device)


def test_it_works_inside_of_a_hydra_application(run, tmp_path):
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        outer = compose("train", ["seed=7"], return_hydra_config=True)
        HydraConfig.instance().set_config(outer)
        inner = genzoo.train(**SETTINGS | {"paths.runs": tmp_path, "model": "gan", "metrics": "none"})
        with pytest.raises(GenzooError, match="modle: there is no such key"):
            genzoo.train(modle="gan")
        assert HydraConfig.get().overrides.task == ["seed=7"]
        assert compose("train", ["seed=8"]).seed == 8
    HydraConfig.instance().cfg = None
    assert state(inner.folder)["genzoo"]["config"]["seed"] == 3


def test_a_value_that_is_required_is_one_line():
    with pytest.raises(GenzooError, match=r"^data.file: a value is required"):
        genzoo.train("dcgan", "arrays", trainer="smoke")


@pytest.mark.parametrize(
    "value",
    [
        *(np.float64(0.5), np.int64(3), np.bool_(True), 1e-9, True, None, [1, "a b", None], {"low": 0.1, "high": 2}),
        *("größe", "a\\", "a\\'b", "it's", "a b", "a,b", "true", "3", "C:\\data\\x y\\", "a\\\\", "", "${x}"),
    ],
)
def test_hydra_reads_what_is_written(value):
    (override,) = OverridesParser.create().parse_overrides([f"key={written(value)}"])
    found = override.value()
    assert found == value
    assert isinstance(found, str) == isinstance(value, str)


def test_a_run_in_a_thread_leaves_signals_alone(tmp_path):
    found = []
    settings = SETTINGS | {"paths.runs": tmp_path, "model": "gan", "metrics": "none"}
    thread = threading.Thread(target=lambda: found.append(genzoo.train(**settings)))
    thread.start()
    thread.join()
    assert found[0].folder.is_dir()


def test_one_module_is_trusted_by_its_name(run):
    with pytest.raises(GenzooError, match="trust=nowhere: the module cannot be imported"):
        genzoo.load(run.folder, trust="nowhere")
