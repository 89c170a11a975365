"""CoGAN with a classifier of both domains, learned from labels of one."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import Adapts, Classifies
from genzoo.core.checks import check_classes, check_weights
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.translation.cogan import CoGAN
from genzoo.translation.networks.cogan import cogan_initialisation
from genzoo.translation.two_domain import Images


@register
class AdaptingCoGAN(CoGAN):
    """Domain adaptation: a class head on the shared features learns from labelled images of domain A.

    The discriminators also minimise, with their features h_d,

        λ_class CE(head(h_A(x_A)), labels) + λ_feature E |h_A(G_A(z)) - h_B(G_B(z))|²,

    the second term so that corresponding images have the same features, by which images of domain B are classified.

    Args:
        classes: number of classes.
        class_weight, feature_weight: λ_class and λ_feature.
        kwargs: of ``CoGAN``; the player ``discriminator`` has the class head, too.

    Raises:
        GenzooError: a weight is negative.

    Source: Liu, Tuzel 2016, arXiv 1606.07536, section 4 (unsupervised domain adaptation); mingyuliutw/CoGAN,
        cogan_pytorch/src/trainer_cogan_mnist2usps.py.
    """

    streams_of_domains = Stream("a", "labelled"), Stream("b", "B")

    def __init__(self, classes: int, class_weight: float = 10.0, feature_weight: float = 0.01, **kwargs: Any):
        super().__init__(**kwargs)
        self.weights = {"class": class_weight, "feature": feature_weight}
        check_weights(self.weights)
        self.classes = classes
        self.class_head = nn.Linear(self.discriminator.width, classes)
        cogan_initialisation(self.class_head)

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminators' parameters include the class head."""
        return super().players() | {"discriminator": [self.discriminator, self.class_head]}

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Any]]:
        """Also the labels (B,) of the images of domain A."""
        return [{**given, "labels": a.labels} for given in super().draws(a, b)]

    def discriminator_loss(self, real: Images, made: Images, labels: Tensor) -> Tensor:
        """The objective, the cross-entropy of domain A and the distance of corresponding features."""
        of_real, of_made = self.features(real), self.features(made)
        game = self.objective.discriminator(self.logits(of_real), self.logits(of_made))
        miss = F.cross_entropy(at_least_float32(self.class_head(of_real["A"])), labels)
        distance = at_least_float32(of_made["A"] - of_made["B"]).square().sum(1).mean()
        self.meters.log("class_loss", miss.detach())
        self.meters.log("feature_distance", distance.detach())
        return game + self.weights["class"] * miss + self.weights["feature"] * distance

    def capabilities(self) -> frozenset[type]:
        """It classifies images of both domains, too."""
        return super().capabilities() | {Classifies, Adapts}

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with another number of classes."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_classes("model.classes", self.classes, data)

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) of domain A in [-1, 1]."""
        return self.class_head(self.discriminator.features(images, "A"))

    @in_inference
    def classify_target(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C', H, W) of domain B in [-1, 1]."""
        return self.class_head(self.discriminator.features(images, "B"))
