import torch
from torch import nn

from genzoo.adversarial.networks.conditional import LabelMaps


class Channels(nn.Module):
    """Shows what it is given."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, images):
        return images


def test_each_images_label_is_a_map_of_ones_behind_its_channels():
    network = LabelMaps(Channels, shape=(2, 3, 3), classes=4)
    images, labels = torch.randn(3, 2, 3, 3), torch.eye(4)[[1, 3, 0]]
    given = network(images, labels)
    assert network.shape == (2, 3, 3)
    assert network.network.shape == (6, 3, 3)
    assert torch.equal(given[:, :2], images)
    for row, label in zip(given, (1, 3, 0), strict=True):
        for channel in range(4):
            assert (row[2 + channel] == float(channel == label)).all()
