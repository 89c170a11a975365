"""LAGAN's networks: sizes of the source, the class in the input, the scale, sparsity, features of the batch."""

import pytest
import torch

from genzoo.adversarial.networks.jet_discriminator import JetDiscriminator
from genzoo.adversarial.networks.jet_generator import JetGenerator
from genzoo.nn.locally_connected import LocallyConnected


def shapes(network):
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, LocallyConnected)]


def test_layers_have_the_sizes_of_the_source():
    generator, discriminator = JetGenerator(), JetDiscriminator()
    assert shapes(generator) == [(14**2, 64 * 25, 6), (26**2, 6 * 9, 6), (25**2, 6 * 4, 1)]
    assert shapes(discriminator) == [(13**2, 32 * 25, 8), (13**2, 8 * 25, 8), (7**2, 8 * 9, 8)]
    assert discriminator.heads.in_features == 72 + 20
    assert generator.layers[0].weight.shape == (128 * 49, 200)
    assert generator.layers[2].weight.shape == (64, 128, 5, 5)
    assert generator.layers[-2].bias is None


def small():
    torch.manual_seed(0)
    return JetGenerator(latent=3, base=2, maps=2, local=2).eval()


def test_the_input_of_the_generator_is_noise_times_a_vector_of_the_class():
    network, z = small(), torch.randn(4, 3)
    one, two = network.embedding.weight.detach()
    classes = torch.tensor([0, 1, 0, 1])
    found = network(z, classes)
    swapped = network(z * torch.where(classes[:, None] == 0, one / two, two / one), 1 - classes)
    torch.testing.assert_close(found, swapped)
    assert not torch.allclose(found, network(z, 1 - classes))


def test_jets_are_sparse_and_in_units_of_100_gev():
    network, z = small(), 10 * torch.randn(4, 3)
    found = network(z, torch.zeros(4, dtype=torch.long))
    raw = network.layers(z * network.embedding.weight[0])
    torch.testing.assert_close(found, 100 * raw.clamp_min(0))
    assert 0 < (found == 0).float().mean() < 1


def test_the_discriminator_sees_hundredths():
    torch.manual_seed(0)
    network, seen = JetDiscriminator(maps=2, local=2, kernels=2, dimensions=2).eval(), []
    network.layers[0].register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    jets = torch.arange(1250.0).view(2, 625)
    network(jets)
    torch.testing.assert_close(seen[0][1, 0, 2], jets[1, 50:75] / 100)  # rows follow each other in the vector


def test_logits_depend_on_the_batch_by_the_similarity_only():
    torch.manual_seed(0)
    network, jets = JetDiscriminator(maps=2, local=2, kernels=2, dimensions=2).eval(), 50 * torch.rand(3, 625)
    together, alone = torch.stack(network(jets)), torch.stack(network(jets[:1]))
    assert not torch.allclose(together[:, :1], alone)
    with torch.no_grad():
        network.heads.weight[:, -2:] = 0
    torch.testing.assert_close(torch.stack(network(jets))[:, :1], torch.stack(network(jets[:1])))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_dropout_is_of_all_four_layers(share):
    network = JetDiscriminator(maps=2, local=2, dropout=share)
    assert [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)] == 4 * [share]
