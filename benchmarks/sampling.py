"""Seconds of drawing images from an autoregressive model, sampler beside sampler.

    python benchmarks/sampling.py                                   # a Gated PixelCNN of 12 layers, random weights
    python benchmarks/sampling.py model=pixelcnn_pp data.levels=256
    python benchmarks/sampling.py --ckpt runs/<run>/last.ckpt       # passes of fixed points depend on weights
    python benchmarks/sampling.py --device cuda

Drawing naively takes a pass of the whole network for each pixel and channel: it is extrapolated from some of these.
The samplers' images are compared: they may differ by ties alone, where rounding decides.
"""

import argparse
import time

import torch
from round import resolved

from genzoo.autoregressive.sampling.cached import Cached
from genzoo.autoregressive.sampling.jacobi import Jacobi
from genzoo.autoregressive.sampling.ties import ties
from genzoo.core.errors import GenzooError
from genzoo.runs.build import build_module
from genzoo.runs.load import loaded

WIDTHS = ["recipe.full.hidden=64", "recipe.full.layers=12"]
DEFAULT = ["model=gated_pixelcnn", *WIDTHS]
DATA = ["data=shapes", "data.size=28", "data.channels=1", "data.levels=2"]


def module_of(ckpt, overrides):
    """The model of a checkpoint, or a new one."""
    if ckpt is None:
        return build_module(resolved(*DATA, *(overrides or DEFAULT)))
    return loaded(ckpt, "--ckpt", (), "cpu").module


def seconds(device, do):
    """What ``do`` gives, and how long it took."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    found = do()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return found, time.perf_counter() - start


def main():
    """Prints a line a sampler, and whether their images are the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--ckpt")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--pixels", type=int, default=50, help="passes that naive drawing is extrapolated from")
    options = parser.parse_args()
    device, n = torch.device(options.device), options.images
    module = module_of(options.ckpt, options.overrides).to(device).eval()
    network, draw = module.network, module.likelihood.draw
    canvas = module._canvas(*module._nothing(n), module._labels(None, n, None), None)
    blank, passes = canvas.blank(), canvas.given[0, 0].numel() * network.colours

    def pass_once():
        for _ in range(options.pixels):
            canvas.fill(draw, network(blank, canvas.labels))

    with torch.inference_mode(), module.averaged():
        canvas.fill(draw, network(blank, canvas.labels))  # warms up
        _, some = seconds(device, pass_once)
        naive = some / options.pixels * passes
        print(f"naive, from {options.pixels} of {passes} passes: {naive:.1f} s, {naive / n:.3f} s an image", flush=True)
        drawn = []
        for sampler in (Cached(), Jacobi()):
            try:
                stages, took = seconds(device, lambda s=sampler: list(s(network, draw, canvas)))
            except GenzooError as error:
                print(error)
                continue
            passed = f", {len(stages)} of {passes} passes" if isinstance(sampler, Jacobi) else ""
            name = type(sampler).__name__.lower()
            drawn.append(stages[-1].images)
            print(
                f"{name}: {took:.2f} s, {took / n:.3f} s an image, naive takes {naive / took:.1f}x{passed}", flush=True
            )
        if len(drawn) == 2:
            tied = ties(network, draw, canvas, *drawn)
            print(f"cached and jacobi differ in {len(tied)} of {n} images, in {int(tied.sum())} of these by a tie")


if __name__ == "__main__":
    main()
