"""The cost of FID by the classifier extractor, beside a bare pass of the same network over the same samples.

    python benchmarks/fidelity.py               # at most 1.2x; some minutes on a CPU
    python benchmarks/fidelity.py --memory      # peak memory at 5,000 and 20,000 samples: it grows by features only

The reference's features are in the cache, as they are in all evaluations of a run but the first. Both passes take
turns, so that a busy machine slows both alike; the ratio counts, not the times.
"""

import argparse
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import torch

from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData, split_of
from genzoo.metrics.extractors.classifier import SHIPPED, load_classifier
from genzoo.metrics.fidelity import Fidelity

BATCH = 128  # as Fidelity's default


class Noise(ImageData):
    """Random images of MNIST's size and number."""

    name, classifier = "noise", "mnist"

    def __init__(self, n):
        super().__init__(28, 1)
        images = split_of(torch.randint(256, (n, 1, 28, 28), dtype=torch.uint8))
        self._splits = {"train": images}


class Repeated(Inference):
    """Samples the same images again and again, as fast as can be."""

    device = torch.device("cpu")

    def __init__(self, levels):
        super().__init__()
        self.images = from_levels(levels)

    def sample(self, n, labels=None, generator=None):
        """The first n."""
        return self.images[:n]


def compare(repetitions, samples):
    """Prints a line a repetition and the median ratio."""
    data, levels = Noise(55_000), torch.randint(256, (BATCH, 1, 28, 28), dtype=torch.uint8)
    module, network = Repeated(levels), load_classifier(SHIPPED / "mnist.pt")
    ratios = []
    with tempfile.TemporaryDirectory() as cache, torch.no_grad():
        fid = Fidelity(metrics=["fid"], extractor="classifier", samples=samples, cache=cache)
        fid(module, data, "test")  # fills the cache
        for _ in range(repetitions):
            start = time.perf_counter()
            for done in range(0, samples, BATCH):
                network(levels[: samples - done])
            between = time.perf_counter()
            fid(module, data, "test")
            bare, whole = between - start, time.perf_counter() - between
            ratios.append(whole / bare)
            print(f"FID {whole:.2f} s, bare pass {bare:.2f} s, {ratios[-1]:.3f}x", flush=True)
    print(f"{samples} samples, {torch.get_num_threads()} thread(s): median ratio {median(ratios):.3f}")


def peak(samples):
    """Peak resident memory of a process that measures FID, in MiB."""
    module = Repeated(torch.randint(256, (BATCH, 1, 28, 28), dtype=torch.uint8))
    with tempfile.TemporaryDirectory() as cache, torch.no_grad():
        Fidelity(metrics=["fid"], extractor="classifier", samples=samples, cache=cache)(module, Noise(2000), "test")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux


def main():
    """One of the two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--samples", type=int, default=10_000)
    options = parser.parse_args()
    if not options.memory:
        return compare(options.repetitions, options.samples)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:  # a fresh process each
        few, many = pool.map(peak, [5_000, 20_000])
    features = 15_000 * 128 * 4 / 2**20
    print(f"peak: {few:.0f} MiB at 5,000 samples, {many:.0f} MiB at 20,000; features grew by {features:.1f} MiB")


if __name__ == "__main__":
    main()
