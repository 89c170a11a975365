"""Sequences of classes: the likelihood of a mixture, samples of classes, refused data."""

import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.oracle_sentences import OracleSentences
from support.zoo import built

class_models = pytest.mark.parametrize("name", ["cs_gan", "lstm_lm_conditional"])


@class_models
def test_the_likelihood_is_that_of_the_mixture_and_the_loss_that_of_the_class(name):
    _, data, module = built(name)
    data.setup()
    real = data.split("train")
    tokens, n = real.images.squeeze(1), len(real.images)
    of_each = [module.network.log_prob(tokens, torch.full((n,), c)).sum(1) for c in range(3)]
    mixture = sum(log_prob.exp() for log_prob in of_each) / 3
    torch.testing.assert_close(module.log_prob(real.images), mixture.log())
    own = torch.stack(of_each, 1)[torch.arange(n), real.labels]
    torch.testing.assert_close(module.likelihood_loss(real), -own.mean() / 6)


@class_models
def test_samples_are_of_the_classes_asked_for_and_otherwise_of_all(name):
    module = built(name).module
    with torch.no_grad():  # the class decides the word, almost always
        module.network.of_class.weight.mul_(0).add_(torch.tensor([-9.0, -9.0, 9.0])[:, None])
        module.network.output.weight.zero_()
        module.network.output.weight[:2] = torch.tensor([[99.0], [-99.0]])
    labels = torch.tensor([0, 2]).repeat(600)
    module.sampling_batch = 500  # labels are split with the numbers
    tokens = module.sample(1200, labels, torch.Generator().manual_seed(0)).squeeze(1)
    assert (tokens[labels == 0, 1:] == 1).float().mean() < 0.1
    assert (tokens[labels == 2, 1:] == 0).float().mean() > 0.9
    share = (module.sample(3000, generator=torch.Generator().manual_seed(0))[:, 0, 1:] == 0).all(1).float().mean()
    assert share.item() == pytest.approx(1 / 3, abs=4 * math.sqrt(2 / 9 / 3000) + 0.02)


@class_models
def test_data_of_other_classes_are_refused(name):
    module = built(name).module
    small = {"words": 30, "length": 6, "n_train": 2}
    with pytest.raises(GenzooError, match=r"^data=oracle_sentences has no classes, but the model's sequences have one"):
        module.check_data(OracleSentences(**small).spec)
    with pytest.raises(GenzooError, match=r"^model\.network\.classes=3, but data=oracle_sentences has 2 classes; use"):
        module.check_data(OracleSentences(**small, classes=2).spec)
