"""Modules and data that do not belong together are refused."""

import pytest

from genzoo.core.averages import Polyak
from genzoo.core.batches import DataSpec, EnvironmentSpec, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import Turn
from support.games import SGD, Game, Scalar


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizers": {"first": SGD, "second": SGD, "third": SGD}}, r"model.optimizers.third: no such player.*first"),
        ({"optimizers": {"first": SGD}}, r"model.optimizers: second has no optimizer"),
        ({"schedules": {"third": {}}}, r"model.schedules.third: no such player"),
        ({"averages": {"third": Polyak()}}, r"model.averages.third: the model has no network"),
    ],
)
def test_names_that_do_not_belong_together_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        Game(**options).ready()


def test_an_average_that_would_stand_still_is_refused():
    module = Game(averages={"third": Polyak()})
    module.third = Scalar(3.0)
    with pytest.raises(GenzooError, match=r"model\.averages\.third: no player trains this network"):
        module.ready()


def test_a_schedule_of_an_option_that_the_optimizer_does_not_have_is_refused():
    with pytest.raises(GenzooError, match=r"model\.schedules\.first\.lrr: its optimizer has no such option.*'lr'"):
        Game(schedules={"first": {"lrr": float}}).ready().configure_optimizers()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (3, 8, 8)}, r"data=spots has images of .* \(3, 8, 8\), but the model is built for \(1, 8, 8\)"),
        ({"shape": (1, 16, 16)}, r"\(1, 16, 16\), but the model is built for \(1, 8, 8\)"),
        ({"levels": 256}, r"data=spots has 256 levels per pixel, but the model needs 2; choose binary data"),
        ({"classes": 0}, r"data=spots has no labels, but the model needs them"),
    ],
)
def test_data_that_do_not_fit_are_refused(changes, message):
    module = Game(turns=(Turn({}, (Stream("a"), Stream("b", "labelled"))),))
    module.image_shape, module.levels = (1, 8, 8), 2
    data = DataSpec("spots", shape=(1, 8, 8), levels=2, classes=3)
    assert module.check_data(data) is None
    with pytest.raises(GenzooError, match=message):
        module.check_data(data._replace(**changes))


def test_an_environment_is_refused_by_a_model_of_images():
    with pytest.raises(GenzooError, match="data=pole is an environment, but the model needs images"):
        Game().check_data(EnvironmentSpec("pole", 4, 2, "Categorical", 200))


def test_a_model_without_demands_takes_any_data():
    assert Game().check_data(DataSpec("any", shape=(3, 5, 5), levels=7)) is None
