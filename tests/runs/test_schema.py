import pytest
from omegaconf import OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.runs.schema import Training, check_keys, check_values, of_chosen_metrics
from support import ROOT, composed

FOLDER = ROOT / "conf" / "experiment"
EXPERIMENTS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("*/*.yaml"))


@pytest.mark.parametrize("experiment", EXPERIMENTS[:: len(EXPERIMENTS) // 6])
def test_experiments_pass(experiment):
    config = composed(f"experiment={experiment}")
    check_keys(config, Training)
    check_values(OmegaConf.to_container(config, resolve=True))


@pytest.mark.parametrize(
    "added",
    ["+recipe.splits.fashion_mnist=40000", "++seed=3", "+trainer.options.max_time=x", "+model.real=0.9", "+data.x=1",
     "+callbacks.mine._target_=a.B", "+recipe.gradient_clip=1"],
)  # fmt: skip
def test_added_keys_that_something_may_read_pass(added):
    check_keys(composed("data=fashion_mnist", added), Training, [added])


def test_a_key_of_the_users_own_that_the_configuration_refers_to_passes():
    config = composed("+rate=1e-3", "model.optimizers.generator.lr=${rate}")
    check_keys(config, Training)
    with pytest.raises(GenzooError, match="rate: nothing reads this key"):
        check_keys(composed("+rate=1e-3"), Training)


@pytest.mark.parametrize("config", [{"a": {"b": ""}}, {"a": [{"b": " "}]}])
def test_an_empty_text_is_refused_by_its_key(config):
    with pytest.raises(GenzooError, match=r"a\.(0\.)?b=: the value is empty"):
        check_values(config)


def test_settings_of_metrics_that_are_not_chosen_are_left_out(caplog):
    with caplog.at_level("INFO", "genzoo"):
        config = of_chosen_metrics(composed("experiment=vae/mnist", "metrics=none"))
    assert caplog.messages == ["metrics.likelihood is not chosen: its settings are not used"]
    resolved = OmegaConf.to_container(config, resolve=True)
    assert resolved["metrics"] == {}
    assert resolved["callbacks"]["bound"]["metrics"] == {"elbo": None}
