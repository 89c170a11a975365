"""Trains the classifier that measures samples of MNIST, on all 60,000 training images.

    GENZOO_DATA=<folder of data sets> python scripts/train_classifier.py

It was run once; the files in src/genzoo/metrics/weights are its result. Numbers measured with others do not compare.
"""

import os
import time

from genzoo.data.mnist import MNIST
from genzoo.metrics.extractors.classifier import SHIPPED, save_weights
from genzoo.metrics.extractors.training import train_classifier


def main() -> None:
    """Writes mnist.pt and mnist.json."""
    data = MNIST(os.environ.get("GENZOO_DATA", "data"), train_size=60_000)
    data.prepare_data()
    data.setup()
    if data.source != "official":
        raise SystemExit("the 60,000 images of MNIST are needed")
    started = time.monotonic()
    network, record = train_classifier(data)
    save_weights(network, SHIPPED / "mnist.pt", record)
    print(f"{time.monotonic() - started:.0f} s, test accuracy {record['test_accuracy']:.4f}")


if __name__ == "__main__":
    main()
