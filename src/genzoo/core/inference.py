"""Inference: evaluation mode, no gradients, averaged networks and the recipe's batch-norm statistics."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Concatenate, ParamSpec, TypeVar, cast

import torch
from torch import Tensor, nn

from genzoo.core.averages import Average
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32

S = TypeVar("S", bound="Inference")
P = ParamSpec("P")
R = TypeVar("R")


def _batch_norms(module: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]


@contextmanager
def batch_statistics(module: nn.Module) -> Iterator[None]:
    """Inside, batch norm uses the statistics of the current batch and does not update its running statistics."""
    norms = _batch_norms(module)
    before = [(m.training, m.track_running_stats) for m in norms]
    for m in norms:
        m.training, m.track_running_stats = True, False
    try:
        yield
    finally:
        for m, (training, track) in zip(norms, before, strict=True):
            m.training, m.track_running_stats = training, track


@contextmanager
def statistics_of(batch: Tensor, network: nn.Module) -> Iterator[None]:
    """Inside, batch norm uses the statistics of one fixed batch for all inputs.

    Args:
        batch: input of the network, (B, ...).
        network: its batch norms are in the mode of ``batch_statistics``.
    """
    # Record the statistics of every batch norm in one pass of the batch.
    statistics: dict[nn.modules.batchnorm._BatchNorm, tuple[Tensor, Tensor]] = {}

    def keep(norm: nn.modules.batchnorm._BatchNorm, given: tuple[Tensor]) -> None:
        x = at_least_float32(given[0])
        statistics[norm] = torch.var_mean(x, [d for d in range(x.dim()) if d != 1], correction=0)

    hooks = [norm.register_forward_pre_hook(keep) for norm in _batch_norms(network)]
    network.forward(batch)  # not __call__, which might run compiled code without hooks
    for hook in hooks:
        hook.remove()

    # Use them as running statistics in evaluation mode; restore everything afterwards.
    before = [(m.training, m.running_mean, m.running_var) for m in statistics]
    for m, (new_variance, new_mean) in statistics.items():
        m.training, m.running_mean, m.running_var = False, new_mean, new_variance
    try:
        yield
    finally:
        for m, (training, mean, variance) in zip(statistics, before, strict=True):
            m.training, m.running_mean, m.running_var = training, mean, variance


class Inference(nn.Module):
    """Base class of modules with averaged networks and a batch-norm mode.

    Args:
        averages: name of a sub-network -> the average of its parameters, which replaces it at inference.
        batch_norm: statistics at inference: ``"running"`` (torch's default) or ``"batch"`` (of the current batch, as
            in several originals).
    """

    def __init__(self, averages: Mapping[str, Average] | None = None, batch_norm: str = "running", **kwargs: object):
        super().__init__(**kwargs)
        if batch_norm not in ("running", "batch"):
            raise GenzooError(f"model.batch_norm={batch_norm!r} is unknown. Accepted: running, batch.")
        self.batch_norm = batch_norm
        self.averages = cast("Mapping[str, Average]", nn.ModuleDict(dict(averages or {})))
        self._averaged = False
        self._differentiable = False

    def follow_averages(self) -> None:
        """Starts each average from its network's current parameters; called once the networks are built."""
        for name, average in self.averages.items():
            if not isinstance(getattr(self, name, None), nn.Module):
                raise GenzooError(f"model.averages.{name}: the model has no network of that name.")
            average.follow(getattr(self, name))

    def use_averages(self) -> None:
        """Replaces every averaged network by its average, of a model that is not trained further."""
        for name, average in self.averages.items():
            setattr(self, name, average.network)
        self._averaged = True

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, every averaged network is replaced by its average."""
        if self._averaged:
            yield
            return
        live = {name: getattr(self, name) for name in self.averages}
        self.use_averages()
        try:
            yield
        finally:
            for name, network in live.items():
                setattr(self, name, network)
            self._averaged = False

    @contextmanager
    def inference(self, batch_norm: str | None = None) -> Iterator[None]:
        """Inside, the module is in evaluation mode, with averaged networks. May be nested.

        There are no gradients, except inside ``differentiable``.

        Args:
            batch_norm: batch-norm mode; None = the recipe's.
        """
        training = [m for m in self.modules() if m.training]
        recipe, self.batch_norm = self.batch_norm, batch_norm or self.batch_norm
        try:
            with ExitStack() as stack:
                stack.enter_context(torch.set_grad_enabled(self._differentiable))
                stack.enter_context(self.averaged())
                self.eval()
                if self.batch_norm == "batch":
                    stack.enter_context(batch_statistics(self))
                yield
        finally:
            self.batch_norm = recipe
            for m in training:
                m.training = True

    @contextmanager
    def differentiable(self) -> Iterator[None]:
        """Inside, as in ``inference``, but the capabilities' methods have gradients with respect to their arguments.

        The parameters have none, and batch norm updates no running statistics.

        Example:
            >>> class Doubles(Inference):
            ...     @in_inference
            ...     def decode(self, z):
            ...         return 2 * z
            >>> model, z = Doubles(), torch.ones(1, requires_grad=True)
            >>> with model.differentiable():
            ...     images = model.decode(z)
            >>> torch.autograd.grad(images.sum(), z), model.decode(z).requires_grad
            ((tensor([2.]),), False)
        """
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        before, self._differentiable = self._differentiable, True
        for parameter in trained:
            parameter.requires_grad_(False)
        try:
            with self.inference():
                yield
        finally:
            self._differentiable = before
            for parameter in trained:
                parameter.requires_grad_(True)


def in_inference(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Decorator of the capabilities' methods, which then run inside ``self.inference()``."""

    @functools.wraps(method)
    def wrapped(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.inference():
            return method(self, *args, **kwargs)

    return wrapped
