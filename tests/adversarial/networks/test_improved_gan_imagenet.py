from itertools import pairwise

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.improved_gan_imagenet import Discriminator, Generator, NoiseMaps
from genzoo.core.errors import GenzooError
from genzoo.nn.cross_batch_norm import CrossBatchNorm
from genzoo.nn.virtual_batch_norm import VirtualBatchNorm

NOISE = 5  # width of the code that is projected


def make_generator(shape=(3, 16, 16), channels=2, reference=4):
    torch.manual_seed(0)
    width = NOISE + NoiseMaps(shape, channels).size
    return Generator(width, shape, channels, reference).double(), width


def codes(n, width):
    return torch.rand(n, width, generator=torch.Generator().manual_seed(1), dtype=torch.double) * 2 - 1


@pytest.mark.parametrize("size", [16, 28, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_size_and_logits_of_them(size, channels):
    shape = (channels, size, size)
    generator, width = make_generator(shape)
    images = generator(codes(3, width))
    assert images.shape == (3, *shape)
    assert images.abs().max() < 1
    network = Discriminator(shape, classes=6, channels=2, kernels=3, dims=2).double()
    assert [tuple(logits.shape) for logits in network(images, images)] == [(3, 7)] * 2


@pytest.mark.parametrize("classes", [0, None])
def test_without_classes_there_is_one_real_logit(classes):
    images = torch.zeros(2, 1, 16, 16)
    network = Discriminator((1, 16, 16), classes, channels=2, kernels=3, dims=2)
    assert network(images, images)[0].shape == (2, 2)


def test_published_widths_have_the_published_numbers_of_parameters():
    # The original's variables, without the biases that a normalisation takes away.
    with torch.device("meta"):
        generator = Generator(8192 + 193536, (3, 128, 128))
        discriminator = Discriminator((3, 128, 128), classes=1000)
    maps = [1024, 4096, 8192, 16384, 32768, 131072]  # 64@4², 64@8², 32@16², 16@32², 8@64², 8@128²
    assert generator.widths_of_code == [8192, *maps]
    deconvolutions = [(512 + 64) * 256, (256 + 64) * 128, (128 + 32) * 64, (64 + 16) * 64, (64 + 8) * 64]
    gains = 2 * (512 + 256 + 128 + 3 * 64)
    first, last = 8192 * 8192 + 8192, 25 * (64 + 8) * 3 + 3
    assert sum(p.numel() for p in generator.parameters()) == first + 25 * sum(deconvolutions) + last + gains
    assert generator.reference.shape == (16, 8192 + sum(maps))
    widths = [3, 64, 128, 256, 256, 256, 512, 512]
    convolutions = 9 * sum(a * b for a, b in pairwise(widths))
    dense = 512 * 16 * 2560 + 2560 * 15000 + (2560 + 600) * 1001 + 1001
    gains = 2 * (sum(widths[1:]) + 2560)
    assert sum(p.numel() for p in discriminator.parameters()) == convolutions + dense + gains
    strides = [m.stride[0] for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert strides == [2, 2, 2, 1, 1, 2, 2]


def test_a_normalisation_follows_every_layer_but_the_last():
    generator, _ = make_generator()
    assert [type(block[-2]) for block in generator.blocks] == [VirtualBatchNorm] * 3
    trunk = list(Discriminator((1, 16, 16), 0, 2, 3, 2).trunk)
    layers = [i for i, m in enumerate(trunk) if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == 8
    assert all(isinstance(trunk[i + 1], CrossBatchNorm) and trunk[i + 2].negative_slope == 0.2 for i in layers)


def test_weights_start_as_published():
    generator, _ = make_generator((3, 32, 32), channels=16)
    discriminator = Discriminator((3, 32, 32), 10, channels=16, kernels=20, dims=10)
    assert generator.output.weight.std().item() == pytest.approx(0.075, rel=0.05)
    assert generator.output.bias.tolist() == pytest.approx([-0.45] * 3)
    for layer in (generator.blocks[0][0][0], generator.blocks[1][0], discriminator.similarity.project):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
    convolution = discriminator.trunk[9].weight
    assert convolution.abs().max() <= 0.04
    assert convolution.std().item() == pytest.approx(0.02 * 0.8796, rel=0.05)  # of a normal cut at two std


def test_an_image_does_not_depend_on_its_batch_mates():
    generator, width = make_generator()
    z = codes(5, width)
    torch.testing.assert_close(generator(z), torch.cat([generator(one[None]) for one in z]), rtol=0, atol=1e-12)


def test_the_reference_is_fixed_codes_and_matters():
    generator, width = make_generator()
    assert "reference" not in dict(generator.named_parameters())
    assert "reference" in generator.state_dict()
    assert 0.95 < generator.reference.abs().max() <= 1
    z = codes(2, width)
    before = generator(z)
    generator.reference.mul_(0.5)
    assert not torch.allclose(generator(z), before)


def test_the_reference_is_made_by_the_weights_of_the_moment():
    # A step of a weight changes the image as the gradient says, which therefore went through the reference, too.
    generator, width = make_generator()
    z, weight = codes(1, width), generator.blocks[1][0].weight
    (gradient,) = torch.autograd.grad(generator(z).sum(), weight)
    step = 1e-6 * torch.randn_like(weight)
    with torch.no_grad():
        weight += step
        above = generator(z).sum()
        weight -= 2 * step
        below = generator(z).sum()
    assert (above - below).item() == pytest.approx(2 * (gradient * step).sum().item(), rel=1e-5)


def test_every_number_of_the_code_reaches_the_image():
    generator, width = make_generator()
    z = codes(1, width).requires_grad_()
    (gradient,) = torch.autograd.grad(generator(z).square().sum(), z)
    assert (gradient != 0).all()


def test_noise_maps_join_where_they_belong():
    shape = (1, 16, 16)
    generator, width = make_generator(shape, channels=2)
    assert generator.noise_shapes == [(2, 4, 4), (2, 8, 8), (1, 16, 16)]
    z = codes(1, width)
    last = z.clone()
    last[0, -1] += 1  # the last pixel of the finest map: seen by the 5 x 5 pixels of the last convolution only
    moved = (generator(last) - generator(z))[0, 0] != 0
    assert moved[-3:, -3:].all()
    assert moved.sum() == 9


def test_the_discriminator_sees_noisy_images_always():
    images = torch.rand(4, 1, 16, 16)
    network = Discriminator((1, 16, 16), 0, 2, 3, 2).eval()
    seen = []
    network.trunk[0].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    network(images, -images)
    noise = seen[0] - torch.cat([images, -images])
    assert noise.std().item() == pytest.approx(0.1, rel=0.1)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)


def test_swapping_images_within_a_half_swaps_their_logits():
    torch.manual_seed(0)
    real, fake = torch.randn(2, 4, 1, 16, 16, dtype=torch.double)
    network = Discriminator((1, 16, 16), 3, 2, 3, 2, noise=0.0).double()
    of_real, of_fake = network(real, fake)
    others_real, others_fake = network(real.flip(0), fake)
    torch.testing.assert_close(others_real, of_real.flip(0))
    torch.testing.assert_close(others_fake, of_fake)
    assert not torch.allclose(network(real, fake * 2)[0], of_real)  # real images are seen beside generated ones


def test_a_code_without_room_for_noise_maps_is_refused():
    with pytest.raises(GenzooError, match=r"model.latent: its width 100 must exceed the"):
        Generator(100, (3, 16, 16), channels=4)


def test_sizes_beyond_the_strides_are_refused():
    with pytest.raises(GenzooError, match=r"data.size=256 is not possible; choose 128 or less"):
        Discriminator((3, 256, 256), 10, channels=2)
