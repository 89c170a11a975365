"""Trained models for other programs."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.files import write_json
from genzoo.runs.export import export
from genzoo.runs.exports.card import LICENCES
from genzoo.runs.load import load
from support import DATA, SHAPES, composed, same
from support.trained import Trained

AVERAGED = "+model.averages={generator:{_target_:genzoo.core.averages.EMA,decay:0.5}}"
GIVEN = {
    "dcgan": (*SHAPES, AVERAGED),  # batch statistics
    "acgan": SHAPES,  # a classifier with batch norm
    "improved_gan": SHAPES,
    "vae": (*SHAPES, "data.levels=2"),
    "draw": (*SHAPES, "data.levels=2"),
    "gated_pixelcnn": (*SHAPES, "data.size=8", "data.levels=2"),
    "reinforce": ("data=cartpole",),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function that gives the run folder of a model."""
    return Trained(tmp_path_factory.mktemp("export") / "runs", GIVEN)


def exported(*overrides):
    return export(composed(*overrides, name="export"))


def computed(path, x):
    """The output of an ONNX file, by onnxruntime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def inputs(model, part, n):
    """Inputs other than those that programs are traced with."""
    random = torch.Generator().manual_seed(n)
    if part == "generator":
        return model.latent.sample(n, random)
    shape = (model.policy.observations,) if part == "policy" else model.image_shape
    return torch.rand(n, *shape, generator=random) * 2 - 1


METHODS = {
    "generator": lambda model, x: model.decode(x),
    "encoder": lambda model, x: model.encode(x),
    "classifier": lambda model, x: model.classify(x),
    "policy": lambda model, x: model.act(x, deterministic=True),
}
PROGRAMS = [
    *[("dcgan", "generator"), ("acgan", "generator"), ("vae", "generator"), ("vae", "encoder"), ("draw", "generator")],
    *[("draw", "encoder"), ("improved_gan", "classifier"), ("reinforce", "policy")],
]


@pytest.mark.parametrize(("name", "part"), PROGRAMS)
def test_onnx_computes_what_the_model_computes_for_any_batch(run, tmp_path, name, part):
    folder = exported(f"ckpt={run(name)}", "to=onnx", f"out={tmp_path}", f"part={part}")
    model = load(run(name))
    described = json.loads((folder / "export.json").read_text())["parts"][part]
    for n in (1, 9):
        x = inputs(model, part, n)
        expected, found = METHODS[part](model, x), computed(folder / f"{part}.onnx", x)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0, equal_nan=False)
        assert described["input"]["shape"] == ["batch", *x.shape[1:]]
        assert described["output"]["shape"] == ["batch", *expected.shape[1:]]
    assert described["largest_difference"] < 1e-4


@pytest.mark.parametrize(("name", "part"), [("dcgan", "generator"), ("vae", "encoder")])
def test_torch_export_computes_what_the_model_computes(run, tmp_path, name, part):
    folder = exported(f"ckpt={run(name)}", "to=torch_export", f"out={tmp_path}", f"part={part}")
    model, stored = load(run(name)), torch.export.load(folder / f"{part}.pt2")
    program = stored.module()
    unread = "decoder" if part == "encoder" else "discriminator"
    assert not [one for one in stored.state_dict if unread in one]
    x = inputs(model, part, 9)
    torch.testing.assert_close(program(x), METHODS[part](model, x), atol=1e-5, rtol=0)


def test_a_program_holds_the_averages_and_nothing_of_other_networks(run, tmp_path):
    folder = exported(f"ckpt={run('dcgan')}", "to=onnx", f"out={tmp_path}")
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "export.json", "generator.onnx"]
    stored = onnx.load(folder / "generator.onnx").graph.initializer
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in stored}
    assert not [name for name in weights if "discriminator" in name]
    model = load(run("dcgan"))
    last = [p.numpy() for p in model.generator.parameters() if p.dim() == 4][-1]
    assert any(np.array_equal(one, last) for one in weights.values())
    trained = torch.load(run("dcgan") / "last.ckpt", weights_only=True)["state_dict"]
    assert not any(np.array_equal(last, one) for name, one in trained.items() if not name.startswith("averages."))
    described = json.loads((folder / "export.json").read_text())
    assert described["averaged"] == ["generator"]
    generator = described["parts"]["generator"]
    assert generator["batch_norm"].startswith("constant: the statistics of 16 fixed codes")
    assert generator["output"]["range"] == [-1, 1]
    (latent,) = generator["input"]["parts"]
    assert latent["columns"] == [0, model.latent.width]


def test_names_of_an_onnx_file_are_those_of_the_description(run, tmp_path):
    folder = exported(f"ckpt={run('dcgan')}", "to=onnx", f"out={tmp_path}")
    session = onnxruntime.InferenceSession(folder / "generator.onnx", providers=["CPUExecutionProvider"])
    described = json.loads((folder / "export.json").read_text())["parts"]["generator"]
    for (one,), key in ((session.get_inputs(), "input"), (session.get_outputs(), "output")):
        assert (one.name, one.shape) == (described[key]["name"], described[key]["shape"])


def test_all_parts_are_exported_by_default_and_those_that_cannot_be_are_named(run, tmp_path, caplog):
    folder = exported(f"ckpt={run('vae')}", "to=torch_export", f"out={tmp_path}")
    assert {path.name for path in folder.iterdir()} == {"README.md", "export.json", "generator.pt2", "encoder.pt2"}
    folder = exported(f"ckpt={run('acgan')}", "to=torch_export", f"out={tmp_path}")
    assert {path.name for path in folder.iterdir()} == {"README.md", "export.json", "generator.pt2"}


# Weights for genzoo.load.


@pytest.fixture
def weights(run, tmp_path):
    """The folder of a model's weights."""
    return exported(f"ckpt={run('dcgan')}", "to=safetensors", f"out={tmp_path}/exports")


def test_weights_give_the_same_model(run, weights):
    a, b = load(run("dcgan")), load(weights)
    assert same(a.state_dict(), b.state_dict())
    assert a.capabilities() == b.capabilities()
    assert b.progress.state_dict() == a.progress.state_dict() == {"rounds": 4, "seen": 64}
    assert not b.training
    again = exported(f"ckpt={weights}", "to=safetensors", f"out={weights.parents[2]}/again")
    assert (again / "model.safetensors").read_bytes() == (weights / "model.safetensors").read_bytes()


def test_the_configuration_tells_no_path_of_this_machine(run, weights):
    text = (weights / "config.json").read_text()
    assert str(run("dcgan").parent.parent) not in text
    assert '"/' not in text


def changed(folder, change):
    content = json.loads((folder / "config.json").read_text())
    change(content)
    write_json(folder / "config.json", content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 100), r"damaged \(model\.safetensors does not match"),
        (lambda f: (f / "config.json").write_text("{"), r"the exported model is damaged"),
        (lambda f: (f / "config.json").write_text("[]"), r"config\.json is not that of an exported model"),
        (lambda f: changed(f, lambda c: c.pop("progress")), r"progress\.rounds is missing; refused"),
        (
            lambda f: changed(f, lambda c: c["genzoo"]["config"]["model"].update(_target_="os.system")),
            r"names 'os\.system', which is not registered",
        ),
        (
            lambda f: changed(
                f, lambda c: c["genzoo"]["config"]["model"].update(_target_="genzoo.runs.load.torch.save")
            ),
            r"which is not registered",
        ),
        (
            lambda f: changed(f, lambda c: c["genzoo"]["config"]["model"]["latent"]["noise"].update(size=7)),
            r"state_dict\.\S+ has shape",
        ),
    ],
)
def test_a_damaged_or_hostile_folder_is_refused(weights, damage, message):
    damage(weights)
    with pytest.raises(GenzooError, match=message) as caught:
        load(weights)
    assert "\n" not in str(caught.value)


# The model card.


def test_the_card_states_origin_metrics_with_protocol_and_how_to_load(run, tmp_path):
    found = json.loads((run("vae") / "metrics.json").read_text())
    measured = {"metrics": {"test/nll": 91.25, "test/nll/layer": 3.0}, "protocol": {"likelihood": {"n_importance": 50}}}
    write_json(run("vae") / "metrics.json", found | measured)
    text = (exported(f"ckpt={run('vae')}", "to=safetensors", f"out={tmp_path}") / "README.md").read_text()
    assert f"Trained by genzoo {found['trained_by']} for 4 of 4 rounds" in text
    assert "| `test/nll` | 91.25 |" in text
    assert "test/nll/layer" not in text
    assert "{'n_importance': 50}" in text
    assert "Licence of the data: synthetic" in text
    assert "Not comparable with published numbers: smoke" in text
    assert f'genzoo.load("{tmp_path}/vae-shapes/safetensors")' in text
    write_json(run("vae") / "metrics.json", found | measured | {"rounds": 3})  # of an earlier checkpoint
    text = (exported(f"ckpt={run('vae')}", "to=safetensors", f"out={tmp_path}") / "README.md").read_text()
    assert "Not measured." in text
    assert "91.25" not in text


def test_licences_are_those_of_data_sets():
    assert set(LICENCES) <= set(DATA)


# The hub.


class Hub:
    """A fake of huggingface_hub: one repository in a folder."""

    def __init__(self, token="secret", error=None):
        self.token, self.error, self.calls = token, error, []

    def get_token(self):
        return self.token

    def create_repo(self, repo_id, private, exist_ok):
        self.calls.append(("create", repo_id, private, exist_ok))

    def upload_folder(self, repo_id, folder_path, commit_message):
        if self.error:
            raise self.error
        self.calls.append(("upload", repo_id))
        self.folder = folder_path

    def snapshot_download(self, repo_id, revision=None, allow_patterns=None):
        if self.error:
            raise self.error
        self.calls.append(("download", repo_id, revision))
        return self.folder


@pytest.fixture
def hub(monkeypatch):
    """A function that puts a fake in the place of huggingface_hub."""

    def put(fake):
        monkeypatch.setitem(sys.modules, "huggingface_hub", fake)
        return fake

    return put


def test_a_model_goes_to_the_hub_and_back(run, tmp_path, hub):
    fake = hub(Hub())
    folder = exported(f"ckpt={run('dcgan')}", "to=hub", "repo=me/dcgan", f"out={tmp_path}")
    assert {path.name for path in folder.iterdir()} == {"README.md", "config.json", "model.safetensors"}
    assert 'genzoo.load("hf://me/dcgan")' in (folder / "README.md").read_text()
    model = load("hf://me/dcgan@v1")
    assert same(model.state_dict(), load(run("dcgan")).state_dict())
    upload = [("create", "me/dcgan", True, True), ("upload", "me/dcgan")]
    assert fake.calls == [*upload, ("download", "me/dcgan", "v1")]


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        (None, r'^to=hub: the package huggingface_hub is not installed .*pip install "genzoo\[hub\]"'),
        (Hub(token=None), r"^to=hub: there is no login; run hf auth login, .* \(the files are in .*\)\.$"),
        (
            Hub(error=OSError("no\nnetwork")),
            r"^to=hub repo=me/vae: the upload failed \(no network\); the files are in ",
        ),
    ],
)
def test_without_library_login_or_network_the_folder_is_written_and_one_line_says_so(run, tmp_path, hub, fake, message):
    hub(fake)
    with pytest.raises(GenzooError, match=message) as caught:
        exported(f"ckpt={run('vae')}", "to=hub", "repo=me/vae", f"out={tmp_path}")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "vae-shapes" / "hub" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("fake", "source", "message"),
    [
        (None, "hf://me/vae", r"^hf://me/vae: the package huggingface_hub is not installed"),
        (Hub(error=OSError("no\nnetwork")), "hf://me/vae", r"^hf://me/vae: it could not be downloaded \(no network\)"),
        (Hub(), "hf://vae", r"^hf://vae: expected hf://<user>/<name>"),
        (
            SimpleNamespace(snapshot_download=lambda *_, **__: "/nowhere"),
            "hf://me/x",
            r"has no config\.json and model\.",
        ),
    ],
)
def test_what_cannot_be_downloaded_is_one_line(hub, fake, source, message):
    hub(fake)
    with pytest.raises(GenzooError, match=message) as caught:
        load(source)
    assert "\n" not in str(caught.value)


# Mistakes.


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("vae", ["to=onxx"], r"^to=onxx: unknown\. Did you mean 'onnx'"),
        ("vae", ["to=onnx", "part=decoder"], r"^part=decoder: unknown\. .*encoder"),
        (
            "vae",
            ["to=onnx", "part=classifier"],
            r"^part=classifier: vae lacks the capability Classifies; it has generator",
        ),
        ("vae", ["to=safetensors", "part=encoder"], r"^part=encoder: to=safetensors contains the whole model"),
        ("vae", ["to=onnx", "repo=me/x"], r"^repo=me/x: only to=hub has a repository"),
        ("vae", ["to=hub"], r"^repo=None: expected <user>/<name>"),
        ("vae", ["to=hub", "repo=x"], r"^repo=x: expected <user>/<name>"),
        ("gated_pixelcnn", ["to=onnx"], r"^ckpt: gated_pixelcnn has none of the parts .* samples sequentially"),
        ("acgan", ["to=onnx", "part=classifier"], r"^part=classifier: its batch norm uses the statistics of its own"),
    ],
)
def test_wrong_settings_are_one_line(run, tmp_path, model, given, message):
    with pytest.raises(GenzooError, match=message) as caught:
        exported(f"ckpt={run(model)}", f"out={tmp_path}", *given)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize(("to", "package"), [("onnx", "onnxscript"), ("safetensors", "safetensors")])
def test_missing_packages_are_one_line_with_the_command(tmp_path, monkeypatch, to, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(GenzooError, match=rf'^to={to}: the package {package} is .*pip install "genzoo\[export\]"$'):
        exported("ckpt=nowhere", f"to={to}", f"out={tmp_path}")


def test_a_part_that_cannot_be_traced_is_one_line(run, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("a\nloop")

    monkeypatch.setattr(torch.export, "export", refuse)
    with pytest.raises(
        GenzooError, match=r"^part=generator: torch\.export cannot trace it \(a loop\); use to=safetens"
    ):
        exported(f"ckpt={run('vae')}", "to=onnx", f"out={tmp_path}", "part=generator")
