"""Latent search for many images, in batches."""

import torch
from torch import Generator, Tensor

from genzoo.core.latent_search import Found, LatentSearch
from genzoo.core.rounds import RoundModule


def search_all(
    search: LatentSearch, module: RoundModule, images: Tensor, batch_size: int, starts: Generator | None = None
) -> Found:
    """Returns the codes of images (N, C, H, W) in [-1, 1] and their distances, on the CPU.

    Args:
        search: the search.
        module: model with the capabilities that the search needs.
        images: on any device.
        batch_size: images that are searched for at once.
        starts: generator of the starts.
    """
    found = [search(module, batch.to(module.device), starts) for batch in images.split(batch_size)]
    return Found(*(torch.cat(parts).cpu() for parts in zip(*found, strict=True)))
