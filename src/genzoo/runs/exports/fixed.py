"""Batch norm with fixed statistics."""

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.runs.exports.parts import Part

BatchNorm = nn.modules.batchnorm._BatchNorm


def fix_statistics(module: RoundModule, name: str, part: Part) -> str | None:
    """Makes every batch norm of a part use the statistics with which it would compute a single input.

    Running statistics stay. A model with ``batch_norm="batch"`` decodes a code by the statistics of a batch of fixed
    codes from the prior; these become constants.

    Args:
        module: the model, which is changed.
        name: the part's name.
        part: the part.

    Returns:
        What was done, in words; None if the part has no batch norm.

    Raises:
        GenzooError: the part normalises by the statistics of its own input.
    """
    used: dict[BatchNorm, tuple[bool, Tensor | None, Tensor | None]] = {}

    def keep(norm: BatchNorm, _: object) -> None:
        used[norm] = norm.training, norm.running_mean, norm.running_var

    hooks = [norm.register_forward_pre_hook(keep) for norm in module.modules() if isinstance(norm, BatchNorm)]
    with torch.no_grad():
        part.compute(module, part.example(module, 2))
    for hook in hooks:
        hook.remove()
    if any(of_batch for of_batch, *_ in used.values()):
        raise GenzooError(
            f"part={name}: its batch norm uses the statistics of its own batch, so its output for an image is not a "
            "function of the image; use to=safetensors, or train with model.batch_norm=running."
        )
    for norm, (_, mean, variance) in used.items():
        norm.running_mean, norm.running_var = mean.clone(), variance.clone()
    recipe, module.batch_norm = module.batch_norm, "running"
    if not used:
        return None
    if recipe == "running":
        return "running statistics of training"
    return f"constant: the statistics of {module.sampling_batch} fixed codes from the prior, as the model decodes"
