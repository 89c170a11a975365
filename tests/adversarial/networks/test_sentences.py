"""SeqGAN's discriminator, against its formula word by word."""

import pytest
import torch

from genzoo.adversarial.networks.sentences import SentenceDiscriminator
from genzoo.core.errors import GenzooError

SIZES = {"words": 6, "length": 5, "widths": [1, 3], "maps": [2, 4], "embedding": 3}


def test_its_logits_are_those_of_the_formula():
    network = SentenceDiscriminator(**SIZES).eval()
    sentence = torch.tensor([4, 0, 5, 5, 1])
    words = network.embedding.weight[sentence]
    maxima = []
    for width, layer in zip((1, 3), network.convolutions, strict=True):
        windows = torch.stack([words[i : i + width] for i in range(5 - width + 1)])  # (places, width, embedding)
        scores = torch.einsum("pwe,mew->pm", windows, layer.weight) + layer.bias
        maxima.append(scores.relu().max(0).values)
    x = torch.cat(maxima)
    gate = torch.sigmoid(network.gate.weight @ x + network.gate.bias)
    x = gate * (network.transform.weight @ x + network.transform.bias).relu() + (1 - gate) * x
    expected = network.output.weight @ x + network.output.bias
    torch.testing.assert_close(network(sentence[None])[0], expected)


def test_initial_values_are_those_of_the_original():
    network = SentenceDiscriminator(1000, 20, widths=[5], maps=[200])
    assert network.embedding.weight.detach().aminmax() == pytest.approx((-1, 1), abs=1e-3)
    for layer in (*network.convolutions, network.output):
        assert layer.weight.abs().max() <= 0.2
        assert layer.weight.std().item() == pytest.approx(0.088, abs=0.01)  # of a normal cut at two deviations
        assert (layer.bias == 0.1).all()


def test_features_are_dropped_in_training_only():
    network, sentences = SentenceDiscriminator(**SIZES, dropout=0.5), torch.zeros(50, 5).long()
    assert len(network(sentences).unique(dim=0)) > 1
    assert len(network.eval()(sentences).unique(dim=0)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": 0}, r"model\.discriminator\.words=0: a positive integer"),
        ({"maps": [2, 0]}, r"model\.discriminator\.maps=0: a positive integer"),
        ({"maps": [2]}, r"model\.discriminator\.widths, maps: 2 and 1 values; one of each"),
        ({"widths": [1, 6]}, r"model\.discriminator\.widths=6: an integer from 1 to 5"),
        ({"dropout": 1}, r"model\.discriminator\.dropout=1: a probability below 1"),
    ],
    ids=str,
)
def test_wrong_sizes_are_refused(change, message):
    with pytest.raises(GenzooError, match=f"^{message}"):
        SentenceDiscriminator(**SIZES | change)
