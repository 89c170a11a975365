"""What tests send to spawned processes, which import it by name."""

from itertools import count
from unittest.mock import patch

import pytorch_lightning as pl
import torch
import torch.distributed as dist

from genzoo.adversarial.catgan import marginal_entropy
from genzoo.nn.penalties import GradientPenalty
from genzoo.reinforcement.trust_region import Problem, TrustRegion


def _sliced(draws):
    """This rank's slice of what was drawn for the global batch."""
    return draws.chunk(dist.get_world_size())[dist.get_rank()] if dist.is_initialized() else draws


def _ranks():
    return dist.get_world_size() if dist.is_initialized() else 1


class InjectedCodes:
    """Stands for ``Latent.sample``: drawn for the global batch and sliced by rank, so that 2 ranks see what 1 sees."""

    def __init__(self, latent):
        self.parts, self.calls = latent.parts, 0

    def __call__(self, n, generator=None, device=None):
        self.calls += 1
        generator = torch.Generator().manual_seed(self.calls)
        return _sliced(
            torch.cat([part.sample(n * _ranks(), generator) for part in self.parts.values()], dim=1).double()
        )


class CodesOfImages:
    """Stands for ``Game.codes``: a code that follows from the image it goes with, however the images are split."""

    def __init__(self, width):
        self.width = width

    def __call__(self, real):
        weights = torch.randn(real.images[0].numel(), self.width, generator=torch.Generator().manual_seed(0))
        return torch.sin(real.images.flatten(1) @ weights.to(real.images.dtype))


class InjectedNoise(pl.Callback):
    """Posteriors' noise is drawn for the global batch and sliced by rank while training goes on.

    ``place`` is the module that draws it.
    """

    def __init__(self, place):
        self.place = place

    def on_train_start(self, trainer, module):
        calls = count()

        def noise(like, generator=None):
            randomness = torch.Generator().manual_seed(next(calls))
            return _sliced(torch.randn(len(like) * _ranks(), *like.shape[1:], generator=randomness).to(like.dtype))

        self.patch = patch(f"{self.place}.standard_noise", noise)
        self.patch.start()

    def on_train_end(self, trainer, module):
        self.patch.stop()


class InjectedPenalty(GradientPenalty):
    """Its draws are injected likewise."""

    calls = 0

    def __call__(self, critic, real, fake):
        self.calls += 1
        n, generator = len(real) * _ranks(), torch.Generator().manual_seed(self.calls)
        draws = _sliced(torch.rand(n, 1, 1, 1, generator=generator, dtype=torch.float64))
        with patch("torch.rand", lambda *_, **__: draws):
            return super().__call__(critic, real, fake)


class Double(pl.Callback):
    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        for stream in batch:
            stream.images.data = stream.images.data.double()


class KeepWeights(pl.Callback):
    """Saves each rank's weights, as the module of a spawned process is not the parent's."""

    def __init__(self, folder):
        self.folder = folder

    def on_train_end(self, trainer, module):
        torch.save(
            (module.state_dict(), module.progress.state_dict()),
            self.folder / f"{trainer.world_size}-{trainer.global_rank}.pt",
        )


class Matched(torch.nn.Module):
    """A feature matching of inputs and a linear function of them."""

    def __init__(self, matching, features):
        super().__init__()
        self.matching, self.linear = matching, torch.nn.Linear(features, features)

    def forward(self, x):
        return self.matching(x, self.linear(x))


class Marginal(torch.nn.Module):
    """The entropy of the mean prediction, by a linear function of inputs."""

    def __init__(self, scope, features):
        super().__init__()
        self.scope, self.linear = scope, torch.nn.Linear(features, features)

    def forward(self, x):
        return marginal_entropy(self.linear(x), self.scope)


def played(module, x):
    """What a module gives for inputs, and its parameters' gradients of a loss of that."""
    found = module(x)
    found.sin().mean().backward()
    return found.detach(), {name: p.grad for name, p in module.named_parameters()}


def play_modules(rank, ranks, folder):
    """Each of the modules on this rank's part of the inputs."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/group", rank=rank, world_size=ranks)
    modules, x = torch.load(folder / "given.pt", weights_only=False)
    torch.save({name: played(module, _sliced(x)) for name, module in modules.items()}, folder / f"{rank}.pt")
    dist.destroy_process_group()


class Regression:
    """Squared error of x θ from y, with the divergence of a Gaussian of variance 1 around x θ; it starts at θ = 0."""

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.theta = torch.nn.Parameter(torch.zeros(x.shape[1], dtype=x.dtype))

    def loss(self):
        return (self.x @ self.theta - self.y).square().mean()

    def divergence(self):
        return (self.x @ self.theta).square().mean() / 2

    def curvature(self, fraction):
        now = self.x @ self.theta
        return (now - now.detach()).square().mean() / 2

    def reset(self):
        self.theta.data.zero_()
        self.theta.grad = None

    def problem(self):
        return Problem(self.loss, self.divergence, self.curvature)

    def optimizer(self, **options):
        optimizer = TrustRegion([self.theta], **options)
        optimizer.problem = self.problem()
        return optimizer


def step_regression(rank, ranks, folder):
    """A step on this rank's part of the data."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/group", rank=rank, world_size=ranks)
    x, y, options = torch.load(folder / "given.pt")
    regression = Regression(_sliced(x), _sliced(y))
    regression.loss().backward()
    regression.optimizer(**options).step()
    torch.save(regression.theta.detach(), folder / f"{rank}.pt")
    dist.destroy_process_group()
