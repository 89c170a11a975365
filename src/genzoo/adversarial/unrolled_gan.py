"""Unrolled GAN: the generator is trained against the discriminator after its next updates."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from genzoo.adversarial.differentiable import Unrolled, check_differentiable
from genzoo.adversarial.gan import GAN
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.ranks import mean_over_ranks
from genzoo.core.registry import register
from genzoo.nn.objectives import is_zero_sum


class _Caller(nn.Module):
    """Calls a function that uses the network; ``functional_call`` gives the network other parameters meanwhile."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, function: Callable[..., Tensor], *args: Any) -> Tensor:
        return function(*args)


@register
class UnrolledGAN(GAN):
    """The generator maximises the discriminator's loss at the discriminator's parameters after K more updates of these.

    With the discriminator's loss L_D, the updates θ⁰ = θ_D, θᵏ⁺¹ = θᵏ - step(∇ L_D(θ_G, θᵏ)) are its optimizer's, with
    Adam's moments, all on the same real and generated images. The generator's gradient is that of -L_D(θ_G, θᴷ(θ_G)),
    through all updates; the loss of real images is part of it, since θᴷ depends on θ_G. The updates leave the
    discriminator, its running statistics and its optimizer as they are; its own turn is one ordinary update. Clipping,
    historical averaging and, in the generator's loss, penalties are left out.

    Args:
        unrolled_steps: K; 0 = an ordinary GAN.
        kwargs: of ``GAN``. If K > 0, the objective is zero-sum, and the discriminator's optimizer is Adam or SGD.

    Raises:
        GenzooError: K is negative; or K > 0 and the objective is not zero-sum, the generator matches features, or (in
            ``ready``) the optimizer's steps cannot be differentiated.

    Source: Metz, Poole, Pfau, Sohl-Dickstein 2017, arXiv 1611.02163, section 2.2 to 2.4; poolio/unrolled_gan.
    """

    def __init__(self, unrolled_steps: int = 5, **kwargs: Any):
        super().__init__(**kwargs)
        self.unrolled_steps = check_integer("model.unrolled_steps", unrolled_steps, 0)
        if unrolled_steps:
            self.accumulates = False  # the unrolled updates are on whole batches
            if self.matching is not None or not is_zero_sum(self.objective):
                raise GenzooError(
                    f"model.unrolled_steps={unrolled_steps}: the generator has to maximise the discriminator's loss; "
                    "remove model.matching and choose a zero-sum model.objective (Minimax, Wasserstein), or set "
                    "model.unrolled_steps=0."
                )

    def ready(self) -> "UnrolledGAN":
        """Also checks that the discriminator's optimizer can be unrolled."""
        super().ready()
        if self.unrolled_steps:
            optimizers = dict(zip(self.players(), self.configure_optimizers(), strict=True))
            check_differentiable(optimizers["discriminator"], "model.optimizers.discriminator")
        return self

    def compile_networks(self) -> None:
        """Compiles the networks; raises a GenzooError if updates are unrolled, whose gradients are differentiated."""
        if self.unrolled_steps:
            raise GenzooError(
                f"compile=true: with model.unrolled_steps={self.unrolled_steps} the discriminator is differentiated "
                "twice, which torch.compile does not support; use compile=false."
            )
        super().compile_networks()

    def collect(self) -> dict[str, Any]:
        """The discriminator's optimizer."""
        return {"optimizer": self.optimizers(use_pl_optimizer=False)[list(self.players()).index("discriminator")]}

    def discriminator_loss(
        self, real: ImageBatch, optimizer: torch.optim.Optimizer, made: Made | None = None
    ) -> Tensor:
        """The discriminator's loss of ``GAN``; the optimizer is not used."""
        return super().discriminator_loss(real, made)

    def generator_loss(self, real: ImageBatch, optimizer: torch.optim.Optimizer, made: Made | None = None) -> Tensor:
        """-L_D without penalties, at the unrolled parameters of the discriminator.

        Args:
            real: real images.
            optimizer: the discriminator's, with its state before the unrolled updates.
            made: generated images; None: new ones are generated.
        """
        made = made or self.make(real)
        if not self.unrolled_steps:
            return super().generator_loss(real, made)
        # While a function is called, the discriminator has the parameters of `ahead`, and copies of its buffers.
        names = {id(p): name for name, p in self.discriminator.named_parameters()}
        ahead, caller = Unrolled(optimizer), _Caller(self.discriminator)
        keys = [f"network.{names[id(p)]}" for p in ahead.originals]
        buffers = {f"network.{name}": buffer.clone() for name, buffer in self.discriminator.named_buffers()}

        def at_parameters(loss: Callable[..., Tensor]) -> Tensor:
            state = {**buffers, **dict(zip(keys, ahead.parameters, strict=True))}
            return functional_call(caller, state, (loss, real, images, fake))

        images, (_, fake) = self.real_images(real), made
        for _ in range(self.unrolled_steps):
            loss = at_parameters(self.discriminator_objective)
            gradients = torch.autograd.grad(loss, ahead.parameters, create_graph=True)
            ahead.step([mean_over_ranks(g) for g in gradients])  # as its own update's gradient is
        return -at_parameters(self.game)
