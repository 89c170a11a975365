"""The Inception extractor, on random weights in the published format."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData, split_of
from genzoo.metrics.extractors import inception as inception_v3
from genzoo.metrics.extractors.inception import check_weights, inception
from genzoo.metrics.fidelity import Fidelity


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Iterator[Path]:
    """A file of random weights."""
    path = tmp_path_factory.mktemp("inception") / "random.pth"
    with pytest.MonkeyPatch.context() as patched, torch.random.fork_rng():
        # The constructor reads weights: of none it takes its own.
        patched.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *_, **__: {})
        patched.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        torch.manual_seed(0)
        state = FeatureExtractorInceptionV3("random", ["2048"]).state_dict()
        for weight in state.values():
            if weight.ndim == 4:
                torch.nn.init.kaiming_normal_(weight)  # else nothing of an image is left after so many layers
        state["fc.weight"] *= 100
        torch.save(state, path)
    yield path
    path.unlink()  # 96 MB


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Grey(ImageData):
    name = "grey"

    def __init__(self):
        super().__init__(8, 1)
        images = torch.randint(256, (2, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        self._splits = {"train": split_of(images), "validation": split_of(images[:0])}


class Given(Inference):
    """Samples given images in turn."""

    device = torch.device("cpu")

    def __init__(self, levels):
        super().__init__()
        self.images = iter(from_levels(levels).split(1))

    def sample(self, n, labels=None, generator=None):
        return torch.cat([next(self.images) for _ in range(n)])


def test_grey_images_pass_through_the_network_in_three_channels(weights, tmp_path):
    samples = torch.randint(256, (2, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    samples[0] //= 4
    data, digest = Grey(), sha256(weights)
    found = Fidelity(
        ["fid", "inception_score"],
        "inception",
        samples=2,
        inception_score_splits=1,
        weights=weights,
        weights_hash=digest.upper(),
        cache=tmp_path,
    )(Given(samples), data, "test")

    network = FeatureExtractorInceptionV3("n", ["2048", "logits_unbiased"], feature_extractor_weights_path=weights)
    x, logits = network(samples.repeat(1, 3, 1, 1))
    y, _ = network(data.split("train").images.repeat(1, 3, 1, 1))
    x, y = x.double(), y.double()
    # tr (Σ₁Σ₂)^½ is the nuclear norm of the product of the centred features
    a, b = ((z - z.mean(0)) / len(z[1:]) ** 0.5 for z in (x, y))
    fid = (x.mean(0) - y.mean(0)).square().sum() + a.square().sum() + b.square().sum()
    fid -= 2 * torch.linalg.matrix_norm(a @ b.T, "nuc")
    p = logits.double().softmax(1)
    score = (p * (p / p.mean(0)).log()).sum(1).mean().exp()
    suffix = f"_inception_{digest[:8]}_n2"  # other weights than the published ones, fewer samples
    assert fid > 0.1
    assert score > 1.1
    assert found.values[f"fid{suffix}"] == pytest.approx(fid.item(), rel=1e-3)
    assert found.values[f"inception_score{suffix}"] == pytest.approx(score.item(), rel=1e-4)
    assert found.protocol["extractor"] == {
        "name": "inception",
        "weights_sha256": digest,
        "resize": "299 pixels, bilinear as in TensorFlow 1",
    }


def test_the_published_weights_give_names_without_a_suffix(monkeypatch, weights):
    monkeypatch.setattr(inception_v3, "hash_of_file", lambda path: "6726825d" + "0" * 56)
    assert (inception(weights).suffix, inception(weights).samples) == ("", 50_000)


@pytest.mark.parametrize("expected", [None, "0123456789abcdef", "0123"])
def test_another_hash_is_refused_by_both_names(weights, expected):
    with pytest.raises(GenzooError, match=f"its SHA-256 is {sha256(weights)}, but {expected or '6726825d'}"):
        Fidelity(weights=weights, weights_hash=expected)


def test_a_few_digits_of_a_hash_prove_nothing(weights):
    with pytest.raises(GenzooError, match="8 digits or more"):
        check_weights(weights, sha256(weights)[:4])
    assert check_weights(weights, sha256(weights)[:8]) == sha256(weights)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    "content",
    [{"fc.weight": torch.zeros(1000, 2048)}, {"weight": torch.zeros(1)}, Evil(), [1]],
    ids=["other sizes", "other names", "code", "no weights"],
)
def test_other_files_are_refused_and_run_no_code(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    torch.save(content, "x.pth")
    path = Path("x.pth")
    with pytest.raises(GenzooError, match=r"x\.pth: not the weights of torch-fidelity's Inception"):
        check_weights(path, sha256(path))
    assert not Path("ran").exists()


def test_a_missing_file_is_refused():
    with pytest.raises(GenzooError, match=r"metrics\.fidelity\.weights=nowhere\.pth: there is no such file"):
        Fidelity(weights="nowhere.pth")


def test_weights_are_found_where_torch_keeps_them(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert inception_v3.find_weights() is None
    path = tmp_path / "hub" / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    path.parent.mkdir(parents=True)
    path.touch()
    assert inception_v3.find_weights() == path


INCEPTION, DATA = os.environ.get("GENZOO_INCEPTION_WEIGHTS"), os.environ.get("GENZOO_DATA")
CIFAR = Path(DATA or "", "cifar-10-batches-py")


@pytest.mark.skipif(
    not (INCEPTION and DATA and CIFAR.is_dir()),
    reason="needs Inception's weights (GENZOO_INCEPTION_WEIGHTS=<file>) and cifar-10-batches-py in GENZOO_DATA",
)
def test_the_inception_score_of_cifar10_is_the_published_one(tmp_path):
    from torchvision.datasets import CIFAR10

    images = torch.from_numpy(CIFAR10(DATA).data).permute(0, 3, 1, 2)

    class Cifar(Grey):
        def __init__(self):
            ImageData.__init__(self, 32, 3)
            self._splits = {"train": split_of(images[:2]), "validation": split_of(images[:0])}

    module = Given(images)
    module.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    fidelity = Fidelity(["inception_score"], "inception", weights=INCEPTION, cache=tmp_path)
    assert fidelity(module, Cifar(), "test").values["inception_score"] == pytest.approx(11.24, abs=0.05)
