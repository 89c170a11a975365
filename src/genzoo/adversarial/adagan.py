"""AdaGAN: a mixture of generators, each trained on the images that the earlier ones cover least."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from genzoo.adversarial.boosting import UniformShare, boosting_weights, mixture_weights
from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import base
from genzoo.adversarial.phases import Phases
from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_labels, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.randomness import derive_seed, drawing_device, seed_all
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Minimax


@register
class AdaGAN(GAN):
    """A mixture of generators that are trained one after another, each as a GAN on reweighted training images.

    Before each component but the first, a classifier is trained to distinguish training images from samples of the
    mixture so far. Its logit is log p_data / p_mixture; from it follow the weights (``boosting_weights``) by which the
    new component's real images are drawn. A new component begins with new networks and new states of the optimizers;
    when its rounds are over, the generator (its average, if it has one) is copied into the mixture.
    ``model.schedules`` count the rounds of the whole run, ``model.round`` those of the component.

    Args:
        discriminator: factory of the discriminator.
        classifier: factory of the classifier, which maps images (B, C, H, W) to logits (B,).
        components: number of members of the mixture.
        component_rounds, classifier_rounds: rounds of each component, and of the classifier before it.
        share: number of a member, from 1 -> its weight in the mixture of the members up to it.
        kwargs: of ``GAN``; the players are ``discriminator``, ``generator`` and ``classifier``.

    Raises:
        GenzooError: a number is not positive, or the classifier does not fit.

    Source: Tolstikhin et al. 2017, arXiv 1701.02386, algorithm 1; tolstikhin/adagan, adagan.py.
    """

    proportions: Tensor

    def __init__(
        self,
        generator: Callable[..., nn.Module],
        discriminator: Callable[[], nn.Module],
        classifier: Callable[[], nn.Module],
        components: int,
        component_rounds: int,
        classifier_rounds: int,
        share: Callable[[int], float] = UniformShare(),  # noqa: B008 (it has no state)
        **kwargs: Any,
    ):
        phases = Phases(components, component_rounds, classifier_rounds)
        super().__init__(generator=generator, discriminator=discriminator(), **kwargs)
        self.phases, self.share, self.classifier = phases, share, classifier()
        check_network(self.classifier, base.Discriminator, "model.classifier")
        new_generator = partial(generator, latent=self.latent.width)
        self.factories = {"generator": new_generator, "discriminator": discriminator, "classifier": classifier}
        # The members' copies exist from the start, so that the state_dict always has the same shape. The last
        # proportion is that of the generator in training, which is the model until the first component is finished.
        copies = (copy.deepcopy(self.generator).requires_grad_(False) for _ in range(components))
        self.components = nn.ModuleList(copies)
        self.register_buffer("proportions", torch.eye(components + 1)[-1])
        self.image_weights: Tensor | None = None  # of the training images, (N,); None = equal

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator, the generator and the classifier."""
        return super().players() | {"classifier": [self.classifier]}

    def capabilities(self) -> frozenset[type]:
        """It samples; a code alone does not determine an image."""
        return frozenset({Samples})

    def turns(self) -> tuple[Turn, ...]:
        """The turns of both phases; those of the other phase have 0 repeats."""
        phases = self.phases
        classify = Turn({"classifier": self.classifier_loss}, (Stream("all_images"),))
        # The initial weights of the run's first classifier and component are new already.
        new_classifier, new_game = partial(self.renew, "classifier"), partial(self.renew, "generator", "discriminator")
        return (
            Turn({}, repeats=phases.begins("classifier", first=2), draws=new_classifier),
            classify._replace(repeats=phases.during("classifier", classify.repeats_in)),
            Turn({}, repeats=phases.ends("classifier"), draws=self.reweight),
            Turn({}, repeats=phases.begins("component", first=1), draws=new_game),
            *(turn._replace(repeats=phases.during("component", turn.repeats_in)) for turn in super().turns()),
            Turn({}, repeats=phases.ends("component"), draws=self.append),
        )

    def real_stream(self) -> Stream:
        """Training images, drawn by the weights of the component."""
        return Stream("real", self.pool, weights=self.image_weights)

    def on_fit_start(self) -> None:
        """Also checks the data, and computes the weights of a component that a resumed run continues.

        Raises:
            GenzooError: the data does not hold all training images in memory.
        """
        super().on_fit_start()
        data, at = self.trainer.datamodule, self.phases.at(self.progress.rounds)
        if data.count(self.pool) != len(data.split(self.pool).images):
            raise GenzooError(
                f"data={data.spec.name}: this model computes a weight for each training image, but only "
                f"{len(data.split(self.pool).images)} are held in memory; choose a set that fits."
            )
        if at.kind == "component" and at.member > 0:
            self.reweight()

    def classifier_loss(self, all_images: ImageBatch) -> Tensor:
        """-E log C(x) - E log(1 - C(x')), for training images x and samples x' of the mixture, as many."""
        fake = self.sample(len(all_images.images))
        real = self.classifier(all_images.images)
        return Minimax().discriminator(at_least_float32(real), at_least_float32(self.classifier(fake)))

    def reweight(self, **collected: Any) -> tuple[()]:
        """Computes the weights of the training images for the next component from the classifier's logits."""
        data, logits = self.trainer.datamodule, []
        with self.inference(), torch.autocast(self.device.type, enabled=False):
            for images in data.evaluation_images(self.pool).images.split(self.sampling_batch):
                logits.append(self.classifier(from_levels(images.to(self.device), data.spec.levels)).double().cpu())
        member = self.phases.at(self.progress.rounds).member + 1
        self.image_weights, level = boosting_weights((-torch.cat(logits)).exp(), self.share(member))
        self.meters.log("reweighted_images", (self.image_weights > 0).double().mean())
        self.meters.log("boosting_level", torch.tensor(level))
        return ()

    def renew(self, *players: str, **collected: Any) -> tuple[()]:
        """Gives players new initial parameters, the same on all ranks, and new states of their optimizers."""
        member = self.phases.at(self.progress.rounds).member
        for (player, networks), optimizer in zip(self.players().items(), self.trainer.optimizers, strict=True):
            if player in players:
                with torch.random.fork_rng(devices=[]):
                    seed_all(derive_seed(self.seed, "new", player, member), torch.device("cpu"))
                    networks[0].load_state_dict(self.factories[player]().state_dict())
                optimizer.state.clear()
        if "generator" in players:
            self.initialise(self.trainer.datamodule.initial().to(self.device))
            self.follow_averages()
        return ()

    @torch.no_grad()
    def append(self, **collected: Any) -> tuple[()]:
        """Copies the generator into the mixture."""
        member = self.phases.at(self.progress.rounds).member
        with self.averaged():
            self.components[member].load_state_dict(self.generator.state_dict())
        self.proportions.zero_()
        self.proportions[: member + 1] = mixture_weights([self.share(i) for i in range(1, member + 2)])
        return ()

    @in_inference
    def sample(self, n: int, labels: Tensor | None = None, generator: Generator | None = None) -> Tensor:
        """n images (n, C, H, W) in [-1, 1], each of a member drawn by the proportions of the mixture.

        Raises:
            GenzooError: labels are given, or n is not a positive integer.
        """
        check_positive("number of images", n)
        check_labels(labels, n, 0, self.device)
        proportions = self.proportions.to(drawing_device(generator, self.device))
        chosen = torch.multinomial(proportions, n, replacement=True, generator=generator)
        drawn = []
        for network, count in zip((*self.components, self.generator), chosen.bincount(), strict=False):
            if count:
                with self.generating_by(network):
                    drawn.append(super().sample(int(count), generator=generator))
        return torch.cat(drawn)[chosen.argsort(stable=True).argsort().to(self.device)]

    @contextmanager
    def generating_by(self, network: nn.Module) -> Iterator[None]:
        """Inside, ``network`` takes the generator's place."""
        generator, self.generator = self.generator, network
        try:
            yield
        finally:
            self.generator = generator
