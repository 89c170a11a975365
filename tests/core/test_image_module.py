"""What models say of data of another kind or shape, before they are trained on it."""

import pytest

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.runs.build import build_data, check_kind
from support import composed
from support.zoo import built

VOLUMES = DataSpec("solids", (1, 16, 16, 16), levels=2, axes="dhw")


@pytest.mark.parametrize(("name", "needs"), [("vae", "images"), ("gan_2d", "images"), ("lstm_lm", "sequences")])
def test_models_of_other_data_refuse_volumes(name, needs):
    with pytest.raises(GenzooError, match=f"^data=solids has volumes, but the model needs {needs}"):
        built(name).module.check_data(VOLUMES)


def test_volumes_are_refused_before_networks_are_built():
    config = composed("model=dcgan", "data=solids")
    with pytest.raises(GenzooError, match=r"^data=solids has volumes, but the model needs images; .*data=mnist\.$"):
        check_kind(config["model"], build_data(config))
