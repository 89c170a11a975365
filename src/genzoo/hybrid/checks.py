"""Checks that the networks of codes fit the prior."""

from collections.abc import Iterable, Mapping

from torch import nn

from genzoo.core.errors import GenzooError, near
from genzoo.core.latent import Latent
from genzoo.core.planar import PlanarPart


def check_parts(encoded: Latent, discriminators: Iterable[str]) -> None:
    """Checks that each inferred part of the code has a discriminator, and no other.

    Raises:
        GenzooError: one is missing, or has no part; names it.
    """
    for name in discriminators:
        if name not in encoded.parts:
            raise GenzooError(
                f"model.discriminators.{name}: the encoder infers no such part of model.latent. "
                f"{near(name, encoded.parts)}"
            )
    for name in encoded.parts:
        if name not in discriminators:
            raise GenzooError(f"model.discriminators.{name}: missing; each part that the encoder infers needs one.")


def check_priors(encoded: Latent, discriminators: Mapping[str, nn.Module]) -> list[str]:
    """Returns the parts whose discriminator uses labels, after checking that their prior has labels.

    Raises:
        GenzooError: a prior has none, or fewer than the discriminator's classes.
    """
    labelled = [name for name, network in discriminators.items() if network.classes]
    for name in labelled:
        part, classes = encoded.parts[name], discriminators[name].classes
        if not isinstance(part, PlanarPart):
            raise GenzooError(
                f"model.discriminators.{name}.classes={classes}: the draws of model.latent.{name}, "
                f"{type(part).__name__}, have no labels; choose genzoo.core.planar.Mixture or SwissRoll, or classes=0."
            )
        if part.labels != classes:
            raise GenzooError(
                f"model.latent.{name}.labels={part.labels}: the discriminator has {classes} classes, and each needs a "
                f"component; use model.latent.{name}.labels={classes}."
            )
    return labelled


def check_gaussian(network: nn.Module, code: Latent, key: str) -> None:
    """Checks that a network has a mean and a standard deviation for each number of a code.

    Raises:
        GenzooError: it has not; names both widths.
    """
    if network.outputs != 2 * code.width:
        raise GenzooError(
            f"{key}: it has {network.outputs} outputs, but the prior's codes of {code.width} numbers need "
            f"{2 * code.width}, a mean and a standard deviation for each; choose a network of that width."
        )
