import sys

import pytest

from genzoo.core import registry
from genzoo.core.errors import GenzooError
from genzoo.core.registry import check_targets, trust


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """What a test trusts and registers is forgotten; genzoo's own classes, imported meanwhile, are not."""
    registered, monkeypatched = registry._registered, set(registry._registered)
    monkeypatch.setattr(registry, "_packages", set(registry._packages))
    monkeypatch.setattr(registry, "_registered", monkeypatched)
    yield
    registered |= {found for found in monkeypatched if found.__module__.startswith("genzoo.")}


def module_file(folder, name, text=""):
    """A module that leaves a trace when it is imported."""
    (folder / f"{name}.py").write_text(f"open({str(folder / name)!r}, 'w').close()\n{text}")
    return folder / name


@pytest.mark.parametrize(
    "config",
    [
        {"_target_": "genzoo.core.latent.Latent"},
        {"_target_": "genzoo.adversarial.infogan.GAN"},  # another name of a registered class
        {"a": [{"_target_": "torch.optim.Adam", "lr": 0.1}, {"_target_": "torch.optim.sgd.SGD"}]},
        {"name": "os.system", "text": "a $ sign", "n": [1, 2.5, None, True]},
        {},
    ],
)
def test_registered_classes_and_plain_values_are_accepted(config):
    assert check_targets(config) is None


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "genzoo.runs.train.os.system",  # a module's re-export
        "genzoo.core.checkpoints.torch.load",
        "genzoo.core.checkpoints.pickle.loads",
        "torch.optim.lr_scheduler.partial",
        "torch.optim.lr_scheduler.LambdaLR",
        "torch.optim.sgd.torch.hub.load",
        "torch.nn.Linear",
        "genzoo.core.files.write_json",  # genzoo's, but not registered
        "genzoo.core.registry.register",
        "genzoo.core.latent.Latent.sample",
        "genzoo.core.latent.Latent.__class__",
        "genzoo.core.latent",
        "genzoo.core.latent.NoSuchClass",
        "genzoo.no_such_module.Class",
        "genzoo.core..latent.Latent",
        "genzoo.core.latent.Latent.",
        "genzoo.${oc.env:HOME}",
        "genzoo",
        "genzoo.",
        ".genzoo.core.latent.Latent",
        "",
        None,
        5,
        ["os.system"],
        {"_target_": "os.system"},
    ],
)
def test_anything_else_is_refused_by_name(target):
    with pytest.raises(GenzooError, match="is not registered with genzoo; refused") as caught:
        check_targets({"_target_": target})
    if isinstance(target, str):
        assert repr(target) in str(caught.value)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda bad: {"a": {"b": bad}},
        lambda bad: {"a": [1, [bad]]},
        lambda bad: [bad],
        lambda bad: {"_target_": "genzoo.core.latent.Latent", "noise": bad},
        lambda bad: {"_target_": "genzoo.core.latent.Latent", "_args_": (bad,)},
    ],
)
@pytest.mark.parametrize("bad", [{"_target_": "os.system"}, "${oc.env:HOME}", "a${b}c"])
def test_depth_hides_nothing(wrap, bad):
    with pytest.raises(GenzooError, match="refused"):
        check_targets(wrap(bad))


@pytest.mark.parametrize("target", ["genzooevil.Thing", "evilmodule.Thing", "evilmodule.genzoo.core.latent.Latent"])
def test_no_module_outside_the_trusted_packages_is_imported(target, tmp_path, monkeypatch):
    traces = [module_file(tmp_path, name) for name in ("genzooevil", "evilmodule")]
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(GenzooError, match="refused"):
        check_targets({"_target_": target})
    assert not any(trace.exists() for trace in traces)
    assert not {"genzooevil", "evilmodule"} & set(sys.modules)


def test_a_trusted_module_may_name_what_it_registered_and_nothing_else(tmp_path, monkeypatch):
    text = "import os\nfrom genzoo.core.registry import register\n@register\nclass Mine: pass\nclass Other: pass\n"
    trace = module_file(tmp_path, "trustedmodule", text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(GenzooError, match="refused"):
        check_targets({"_target_": "trustedmodule.Mine"})
    assert not trace.exists()
    trust(["trustedmodule"])
    try:
        assert trace.exists()
        check_targets({"_target_": "trustedmodule.Mine"})
        for name in ("Other", "os.system", "register"):
            with pytest.raises(GenzooError, match="refused"):
                check_targets({"_target_": f"trustedmodule.{name}"})
    finally:
        sys.modules.pop("trustedmodule")


def test_a_trusted_module_that_cannot_be_imported_is_told():
    with pytest.raises(GenzooError, match=r"trust=no_such_module_at_all: the module cannot be imported"):
        trust(["no_such_module_at_all"])


@pytest.mark.parametrize("target", ["pytorch_lightning.loggers.CSVLogger", "genzoo.runs.mlflow_logger.mlflow_logger"])
def test_only_the_loggers_of_a_configuration_may_name_loggers(target):
    check_targets({"csv": {"_target_": target}}, among_loggers=True)
    with pytest.raises(GenzooError, match="which is not registered"):
        check_targets({"model": {"objective": {"_target_": target}}})
    with pytest.raises(GenzooError, match="which is not registered"):
        check_targets({"csv": {"_target_": "genzoo.core.latent.Latent"}}, among_loggers=True)
