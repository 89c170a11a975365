"""Seconds of writing InfoGAN's samples as PNG files, beside ``model.sample`` alone plus Pillow's encoder alone.

python benchmarks/samples.py            # 10,000 samples, random weights
python benchmarks/samples.py --memory   # peak memory of processes that write 2,000 and 20,000 samples
"""

import argparse
import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from round import resolved

from genzoo.core.images import to_levels
from genzoo.runs.build import build_module
from genzoo.runs.samples.blocks import Blocks
from genzoo.runs.samples.pictures import write_pictures


def model():
    return build_module(resolved("model=infogan", "data=mnist")).eval()


def write(blocks, n):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for _ in write_pictures(blocks, n, Path(folder)):
            pass
        return time.perf_counter() - start


def bare(module, n):
    """Seconds of sampling all images, and of encoding them, one after the other."""
    start = time.perf_counter()
    images = module.sample(n)
    middle = time.perf_counter()
    for levels in to_levels(images)[:, 0].numpy():
        Image.fromarray(levels).save(io.BytesIO(), format="PNG")
    return middle - start, time.perf_counter() - middle


def peak(n):
    """Peak memory in MiB of a process that writes n samples."""
    command = [sys.executable, __file__, "--child", "--n", str(n)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main():
    """Prints the ratio, or the two peaks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.memory:
        print(f"peak memory: {peak(2_000)} MiB at 2,000 samples, {peak(20_000)} MiB at 20,000")
        return
    module = model()
    if options.child:
        write(Blocks(module), options.n)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    write(Blocks(module), 1_000)  # warms up
    files = write(Blocks(module), options.n)
    drawing, encoding = bare(module, options.n)
    print(
        f"{options.n:,} PNG files: {files:.1f} s; model.sample {drawing:.1f} s + Pillow's encoder {encoding:.1f} s = "
        f"{drawing + encoding:.1f} s; {(drawing + encoding) / files:.2f}x the speed"
    )


if __name__ == "__main__":
    main()
