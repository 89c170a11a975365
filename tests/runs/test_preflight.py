import sys

import pytest

from genzoo.core.errors import GenzooError
from genzoo.runs.build import build_data, build_module
from genzoo.runs.preflight import check_batch, check_loggers
from support import SHAPES, resolved


def built(*overrides):
    config = resolved(*SHAPES, "trainer=smoke", *overrides)
    return build_data(config), build_module(config)


@pytest.mark.parametrize(
    ("images", "parts", "ranks", "passes"),
    [(2, 1, 1, True), (4, 2, 1, True), (4, 4, 1, False), (4, 2, 2, False), (8, 2, 2, True)],
)
def test_what_is_refused_would_fail_and_what_is_not_would_train(images, parts, ranks, passes):
    data, module = built("model=infogan", f"recipe.batch_size={images}", f"trainer.accumulate={parts}")
    one = images // (parts * ranks) < 2
    if one:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            module.generator.train()(module.latent.sample(1))
    if passes:
        check_batch(module, data, ranks)
    else:
        with pytest.raises(GenzooError, match=f"choose a batch of at least {2 * parts * ranks}"):
            check_batch(module, data, ranks)


def test_statistics_over_all_ranks_see_the_images_of_all():
    data, module = built("model=infogan", "recipe.batch_size=2", "global_batch_norm=true")
    check_batch(module, data, world_size=2)


@pytest.mark.parametrize(("parts", "ranks", "message"), [(3, 1, "accumulate=3: 16 images"), (1, 3, "multiple of 3")])
def test_a_batch_that_cannot_be_split_is_refused(parts, ranks, message):
    data, module = built("model=gan", "recipe.batch_size=16", f"trainer.accumulate={parts}")
    with pytest.raises(GenzooError, match=message):
        check_batch(module, data, ranks)


@pytest.mark.parametrize(
    ("logger", "package"),
    [("mlflow", "mlflow"), ("comet", "comet_ml"), ("aim", "aim"), ("tensorboard", "tensorboard")],
)
def test_a_logger_whose_package_is_missing_is_one_line_with_the_command(logger, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    line = rf"^logger\.{logger}: {package} is not installed; pip install 'genzoo\[{logger}\]', or use logger=csv\.$"
    with pytest.raises(GenzooError, match=line):
        check_loggers(resolved(*SHAPES, f"logger={logger}")["logger"])
