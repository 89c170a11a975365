import pytest
import torch
from torch.distributions import Categorical

from genzoo.core.entropy import entropy, log_mean


def test_entropies_and_means_are_those_of_torchs_distributions():
    logits = torch.randn(5, 4, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    law = Categorical(logits=logits)
    torch.testing.assert_close(entropy(logits.log_softmax(1)), law.entropy())
    mean = log_mean(logits.log_softmax(1))
    torch.testing.assert_close(mean.exp(), law.probs.mean(0))
    assert entropy(mean).item() == pytest.approx(Categorical(law.probs.mean(0)).entropy().item())
