"""The check that a network has the members that a model needs."""

import pytest
from torch import nn

from genzoo.adversarial.networks import (
    base,
    began,
    bigan,
    conditional,
    dcgan,
    goodfellow,
    improved_gan,
    improved_gan_imagenet,
)
from genzoo.core.errors import GenzooError
from genzoo.core.protocols import missing
from genzoo.runs.build import build_module
from support import resolved

SHAPE = (1, 28, 28)
NETWORKS = {
    "maxout": goodfellow.MaxoutDiscriminator(SHAPE, units=4),
    "dcgan": dcgan.Discriminator(SHAPE, channels=2),
    "classes": improved_gan.MLPDiscriminator(SHAPE, classes=10, hidden=[8, 8]),
    "labels": conditional.LabelMaps(lambda shape: dcgan.Discriminator(shape, channels=2), SHAPE, classes=10),
    "joint": improved_gan_imagenet.Discriminator(SHAPE, classes=10, channels=2, kernels=2, dims=2),
    "autoencoder": began.Autoencoder(SHAPE, channels=2, code=4),
    "pair": bigan.MLPDiscriminator(SHAPE, latent=4, hidden=4),
    "encoder": bigan.MLPEncoder(SHAPE, outputs=4, hidden=4),
}
FULFIL = {
    base.Discriminator: {"maxout", "dcgan", "classes", "autoencoder", "encoder"},
    base.FeatureNetwork: {"dcgan", "classes", "encoder"},
    base.FeatureDiscriminator: {"dcgan", "classes", "encoder"},
    base.PairDiscriminator: {"pair"},
    base.Encoder: {"dcgan", "classes", "encoder"},
    base.ClassDiscriminator: {"classes"},
    base.FeatureMaps: {"dcgan"},
    base.ConditionalDiscriminator: {"labels", "joint"},  # two arguments each
    base.JointDiscriminator: {"labels", "joint"},
    base.Autoencoder: {"autoencoder"},
    base.Initialised: set(),
}


@pytest.mark.parametrize("protocol", FULFIL)
def test_members_and_numbers_of_arguments_decide(protocol):
    assert {name for name, network in NETWORKS.items() if not missing(network, protocol)} == FULFIL[protocol]


def test_a_method_and_a_submodule_are_members():
    assert missing(goodfellow.MLPGenerator(8, SHAPE, hidden=4), base.Initialised) == []
    assert missing(nn.Linear(2, 1), base.Discriminator) == ["shape"]


PAIRS = [
    ("infogan", "genzoo.adversarial.networks.goodfellow.MaxoutDiscriminator", "FeatureDiscriminator", "features"),
    ("acgan", "genzoo.adversarial.networks.goodfellow.MaxoutDiscriminator", "FeatureDiscriminator", "features"),
    ("cgan", "genzoo.adversarial.networks.dcgan.Discriminator", "ConditionalDiscriminator", "classes, no forward"),
    ("began", "genzoo.adversarial.networks.dcgan.Discriminator", "Autoencoder", "decoder, no encoder"),
    ("improved_gan", "genzoo.adversarial.networks.dcgan.Discriminator", "ClassDiscriminator", "classes"),
    ("improved_gan_supervised", "genzoo.adversarial.networks.dcgan.Discriminator", "ClassDiscriminator", "classes"),
    ("improved_gan_imagenet", "genzoo.adversarial.networks.dcgan.Discriminator", "JointDiscriminator", "classes, no f"),
    ("gan", "genzoo.adversarial.networks.conditional.LabelMaps", "Discriminator", "forward"),
]
OPTIONS = {
    "genzoo.adversarial.networks.dcgan.Discriminator": "",
    "genzoo.adversarial.networks.goodfellow.MaxoutDiscriminator": "",
    "genzoo.adversarial.networks.conditional.LabelMaps": (
        ", classes: 10, network: {_target_: genzoo.adversarial.networks.dcgan.Discriminator, _partial_: true}"
    ),
}


@pytest.mark.parametrize(("model", "network", "protocol", "missing"), PAIRS)
def test_a_model_refuses_a_network_of_another_kind_before_training(model, network, protocol, missing):
    node = f"{{_target_: {network}, shape: ${{shape}}{OPTIONS[network]}}}"
    message = rf"^model.discriminator: this model needs a {protocol} .* has no {missing}"
    with pytest.raises(GenzooError, match=message):
        build_module(
            resolved(f"model={model}", "trainer=smoke", "~model.discriminator", f"+model.discriminator={node}")
        )
