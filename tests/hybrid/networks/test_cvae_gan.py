"""CVAE-GAN's networks: what the class does, and the classifier's logits."""

import torch

from genzoo.hybrid.networks.cvae_gan import Classifier, ConditionalEncoder

SHAPE = (1, 28, 28)


def test_the_class_adds_its_column_of_the_last_layer():
    encoder = ConditionalEncoder(SHAPE, outputs=6, classes=3, channels=2).eval()
    images, labels = torch.randn(3, *SHAPE), torch.eye(3)
    of_image = encoder.features(images) @ encoder.head.weight[:, :64].T + encoder.head.bias
    torch.testing.assert_close(encoder(images, labels), of_image + encoder.head.weight[:, 64:].T)
    assert (encoder.outputs, encoder.shape) == (6, SHAPE)


def test_the_classifier_is_the_discriminator_with_more_logits():
    network, images = Classifier(SHAPE, classes=7, channels=2).eval(), torch.randn(2, *SHAPE)
    assert network.classes == 7
    assert network.head.in_features == network.features(images).shape[1] == 32
    torch.testing.assert_close(network(images), network.features(images) @ network.head.weight.T + network.head.bias)
