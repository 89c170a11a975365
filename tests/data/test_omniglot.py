import shutil

import numpy as np
import pytest
import scipy.io
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.omniglot import FILE, Omniglot
from support import loaded
from support.sets import OMNIGLOT_LABELS, OMNIGLOT_LEVELS, omniglot_content, write_omniglot

ORDER = np.random.RandomState(123).permutation(54)


@pytest.fixture
def official(tmp_path, monkeypatch):
    write_omniglot(tmp_path, monkeypatch)
    return tmp_path


def check(split, levels, labels):
    assert split.images.dtype == torch.uint8
    assert split.labels.dtype == torch.int64
    assert torch.equal(split.images, torch.from_numpy(levels).unsqueeze(1))
    assert split.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("n", [54, 20])
def test_the_file_is_read_upright_and_shuffled_as_in_the_original(official, n):
    data = Omniglot(official, train_size=n, levels=256)
    splits = loaded(data)
    check(splits["train"], OMNIGLOT_LEVELS[""][ORDER[:n]], OMNIGLOT_LABELS[""][ORDER[:n]])
    check(splits["validation"], OMNIGLOT_LEVELS[""][ORDER[n:]], OMNIGLOT_LABELS[""][ORDER[n:]])
    check(splits["test"], OMNIGLOT_LEVELS["test"], OMNIGLOT_LABELS["test"])
    assert data.source == "official"


def test_it_reads_what_the_original_code_reads(official):
    stored = scipy.io.loadmat(official / "OMNIGLOT" / FILE)["testdata"]
    original = stored.T.astype("float32").reshape((-1, 28, 28)).reshape((-1, 28 * 28), order="F")
    images = loaded(Omniglot(official, train_size=20))["test"].images
    assert images.flatten(1).numpy() / 255 == pytest.approx(original, abs=1e-6)


def test_its_sizes_are_those_of_the_original():
    data = Omniglot("nowhere")
    assert (data.train_size, data.n_train - data.train_size, data.n_test) == (23_000, 1_345, 8_070)


def test_binary_pixels_are_drawn_by_their_ink(official):
    data, ink = (Omniglot(official, train_size=20, levels=n) for n in (2, 256))
    assert data.augments
    assert (data.spec.levels, ink.spec.levels) == (2, 256)
    levels = data.split("test").images
    randomness = torch.Generator().manual_seed(0)
    drawn = torch.stack([data.augment(levels, randomness) for _ in range(400)])
    assert drawn.unique().tolist() == [0, 1]
    assert (drawn.float().mean(0) - levels / 255).abs().max() < 0.15  # six standard deviations
    assert torch.equal(data.evaluation_images("test").images, data.evaluation_images("test").images)
    assert data.evaluation_images("test").images.max() == 1


def test_ink_is_shown_as_it_is(official):
    data = Omniglot(official, train_size=20, levels=256)
    assert not data.augments
    assert torch.equal(data.evaluation_images("test").images, data.split("test").images)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"data": np.zeros((784, 53))}, r"data is \(784, 53\) from 0 to 0, target \(50, 54\)"),
        ({"testdata": np.full((784, 10), 255)}, r"testdata is \(784, 10\) from 255 to 255"),
        ({"testdata": np.full((784, 10), np.nan)}, "testdata is .* from nan to nan"),
        ({"testtarget": np.zeros((49, 10))}, r"testtarget \(49, 10\)"),
        ({"data": None}, "KeyError: 'data'"),
    ],
)
def test_a_damaged_file_is_named(official, change, why):
    path = official / "OMNIGLOT" / FILE
    scipy.io.savemat(path, {key: value for key, value in {**omniglot_content(), **change}.items() if value is not None})
    with pytest.raises(GenzooError, match=rf"data.root: .*{FILE} is damaged \(.*({why}).*\); delete it") as caught:
        loaded(Omniglot(official, train_size=20))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("whole", [True, False])
def test_a_missing_file_is_downloaded_whole_or_not_at_all(official, site, tmp_path, monkeypatch, capsys, whole):
    folder, url = site
    shutil.copy(official / "OMNIGLOT" / FILE, folder)
    if not whole:
        (folder / FILE).write_bytes((folder / FILE).read_bytes()[:500])
    monkeypatch.setattr(Omniglot, "download_url", url + FILE)
    data = Omniglot(tmp_path / "sets", train_size=20, levels=256)
    if whole:
        check(loaded(data)["test"], OMNIGLOT_LEVELS["test"], OMNIGLOT_LABELS["test"])
    else:
        with pytest.raises(GenzooError, match=r"download: GenzooError: .*is damaged"):
            loaded(data)
    left = [path.name for path in (tmp_path / "sets").rglob("*") if path.is_file()]
    assert left == ([FILE] if whole else [])
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize(("key", "value"), [("levels", 3), ("train_size", 24_346)])
def test_settings_are_checked(tmp_path, key, value):
    with pytest.raises(GenzooError, match=f"^data.{key}={value}: "):
        Omniglot(tmp_path, **{"train_size": 20, key: value})
