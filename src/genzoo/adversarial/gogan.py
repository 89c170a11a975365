"""GoGAN: stages of a margin-based Wasserstein GAN, each ranked above the one before."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.gan import GAN
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.inference import batch_statistics
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Wasserstein


@register
class PairedMargin(Wasserstein):
    """The critic's score of a real image should exceed that of a generated one by a margin ε.

    Real and generated images are paired by their position in the batch. The generator maximises its mean score.

    Args:
        margin: ε.

    Raises:
        GenzooError: ε is not positive.

    Source: Juefei-Xu, Boddeti, Savvides 2017, arXiv 1704.04865, section 3.

    Example:
        >>> PairedMargin(1.0).discriminator(real=torch.tensor([3.0, 0.5]), fake=torch.tensor([0.0, 0.0]))
        tensor(0.2500)
    """

    def __init__(self, margin: float = 1.0):
        if not margin > 0:
            raise GenzooError(f"model.margin={margin}: a positive number is needed, such as 1.")
        self.margin = margin

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E max(0, D(G(z)) + ε - D(x)), for as many real as generated images."""
        return F.relu(fake + self.margin - real).mean()


@register
class GoGAN(GAN):
    """A GAN of the objective ``PairedMargin`` in stages; each stage also ranks real images above the previous stage.

    L_D = E max(0, D(G(z)) + ε - D(x)) + λ E max(0, D'(G'(z')) + 2 ε - D(x)), L_G = -E D(G(z)). D' and G' are copies of
    critic and generator at the end of the previous stage, from which the new stage continues; the first stage has no
    second term.

    Args:
        margin: ε.
        rank_weight: λ.
        stage_rounds: rounds of each stage.
        kwargs: of ``GAN``, without the objective.

    Raises:
        GenzooError: a number is not positive.

    Source: Juefei-Xu, Boddeti, Savvides 2017, arXiv 1704.04865, section 3; sanghoon/tf-exercise-gan, gogan.py.
    """

    def __init__(self, margin: float, rank_weight: float, stage_rounds: int, **kwargs: Any):
        super().__init__(objective=PairedMargin(margin), **kwargs)
        check_positive("model.stage_rounds", stage_rounds)
        if not rank_weight > 0:
            raise GenzooError(f"model.rank_weight={rank_weight}: a positive number is needed, such as 0.5.")
        self.ranking, self.rank_weight, self.stage_rounds = PairedMargin(2 * margin), rank_weight, stage_rounds
        before = {"generator": self.generator, "discriminator": self.discriminator}
        self.before = nn.ModuleDict({name: copy.deepcopy(one).requires_grad_(False) for name, one in before.items()})

    def turns(self) -> tuple[Turn, ...]:
        """The turns of the game; before the first round of each later stage, the networks are copied."""
        starts = Turn({}, repeats=lambda round: int(round > 0 and round % self.stage_rounds == 0), draws=self.advance)
        return (starts, *super().turns())

    def advance(self, **collected: Any) -> tuple[()]:
        """Copies the networks, which are those of the stage that has ended."""
        for name, network in self.before.items():
            network.load_state_dict(getattr(self, name).state_dict())
        return ()

    @torch.no_grad()
    def scores_before(self, n: int) -> Tensor:
        """The previous stage's scores (n,) of its own generated images."""
        with batch_statistics(self.before):
            images = self.before["generator"](self.latent.sample(n, device=self.device))
            return at_least_float32(self.before["discriminator"](images))

    def game(self, real: ImageBatch, images: Tensor, fake: Tensor) -> Tensor:
        """The margin loss and, in later stages, the ranking of real images above the previous stage."""
        scores = self.discriminate(images, real)
        loss = self.objective.discriminator(scores, self.discriminate(fake, real))
        if self.progress.rounds < self.stage_rounds:
            return loss
        ranking = self.ranking.discriminator(scores, self.scores_before(len(images)))
        self.meters.log("ranking", ranking)
        return loss + self.rank_weight * ranking
