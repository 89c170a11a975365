import shutil

import numpy as np
import pytest
import scipy.io
import sklearn.datasets
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.olivetti_faces import OlivettiFaces
from support import loaded
from support.sets import FACES, write_olivetti_faces


@pytest.fixture(autouse=True)
def official(tmp_path, monkeypatch):
    """The file as it is distributed; there is no cache of scikit-learn's."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit"))
    return write_olivetti_faces(tmp_path / "official", monkeypatch)


@pytest.fixture
def cache(official, tmp_path, monkeypatch):
    """What scikit-learn keeps after a download."""
    home = tmp_path / "scikit"
    home.mkdir()
    monkeypatch.setattr("sklearn.datasets._olivetti_faces._fetch_remote", lambda *_, **__: official)
    monkeypatch.setattr("sklearn.datasets._olivetti_faces.remove", lambda path: None)
    sklearn.datasets.fetch_olivetti_faces(data_home=home)
    (path,) = home.iterdir()
    return path


def lay_out(kind, root, official):
    folder = root / "olivetti_faces"
    folder.mkdir(parents=True)
    if kind == "mat":
        shutil.copy(official, folder)
    else:
        np.savez(folder / "faces.npz", images=FACES if kind == "npz" else FACES.reshape(400, 4096))
    return root


def check(data):
    splits = loaded(data)
    assert data.source == "official"
    for name, start, stop in (("train", 0, 36), ("validation", 36, 38), ("test", 38, 40)):
        images, labels, *_ = splits[name]
        assert images.dtype == torch.uint8
        assert torch.equal(images, torch.from_numpy(FACES[10 * start : 10 * stop, None]))
        assert labels.tolist() == [person for person in range(start, stop) for _ in range(10)]


@pytest.mark.parametrize("kind", ["mat", "npz", "flat npz"])
def test_files_that_are_there_are_used(tmp_path, official, kind):
    check(OlivettiFaces(lay_out(kind, tmp_path / "sets", official)))


def test_the_cache_of_scikit_learn_is_used(cache, tmp_path, no_network, capsys):
    capsys.readouterr()
    check(OlivettiFaces(tmp_path / "none"))
    assert not no_network
    assert "".join(capsys.readouterr()) == ""
    assert not (tmp_path / "none").exists()


def test_it_reads_what_scikit_learn_reads(cache, tmp_path, official):
    theirs = sklearn.datasets.fetch_olivetti_faces(data_home=cache.parent)
    cache.unlink()
    ours = loaded(OlivettiFaces(lay_out("mat", tmp_path / "sets", official)))
    images = torch.cat([split.images for split in ours.values()]).squeeze(1)
    assert torch.allclose(images / 242, torch.from_numpy(theirs.images))
    assert torch.cat([split.labels for split in ours.values()]).tolist() == theirs.target.tolist()


def test_half_the_size(tmp_path, official):
    images = loaded(OlivettiFaces(lay_out("npz", tmp_path / "sets", official), size=32))["test"].images
    assert images.shape == (20, 1, 32, 32)
    resized = Image.fromarray(FACES[383]).resize((32, 32), Image.Resampling.BILINEAR)
    assert torch.equal(images[3, 0], torch.from_numpy(np.array(resized)))


@pytest.mark.parametrize("damage", ["empty", "changed"])
@pytest.mark.parametrize("kind", ["npz", "cache"])
def test_a_damaged_file_is_named(tmp_path, official, request, kind, damage):
    root = tmp_path / "sets"
    if kind == "cache":
        path = request.getfixturevalue("cache")
    else:
        lay_out(kind, root, official)
        (path,) = (root / "olivetti_faces").iterdir()
    if damage == "empty":
        path.write_bytes(b"")
    elif kind == "npz":
        np.savez(path, images=FACES[::-1])
    else:
        import joblib

        joblib.dump(FACES[::-1].reshape(400, 4096), path)
    with pytest.raises(GenzooError, match=rf"data.root: {path} is damaged \(.*\); delete it, so that") as caught:
        loaded(OlivettiFaces(root))
    assert "\n" not in str(caught.value)


def test_a_mat_file_of_another_content_is_not_parsed(tmp_path, official, monkeypatch):
    root = lay_out("mat", tmp_path / "sets", official)
    (root / "olivetti_faces" / "olivettifaces.mat").write_bytes(b"MATLAB 5.0")
    monkeypatch.setattr(scipy.io, "loadmat", lambda file: pytest.fail("parsed"))
    with pytest.raises(GenzooError, match="its SHA256 is not"):
        loaded(OlivettiFaces(root))


def test_an_npz_without_images_is_named(tmp_path):
    (tmp_path / "olivetti_faces").mkdir()
    np.savez(tmp_path / "olivetti_faces" / "a.npz", faces=FACES)
    with pytest.raises(GenzooError, match=r"a.npz is damaged \(KeyError"):
        loaded(OlivettiFaces(tmp_path))


@pytest.mark.parametrize("healthy", [True, False])
def test_what_is_missing_is_downloaded_and_checked(official, site, tmp_path, monkeypatch, healthy):
    folder, url = site
    content = official.read_bytes()
    (folder / "5976027").write_bytes(content if healthy else content[:-1])
    monkeypatch.setattr(OlivettiFaces, "url", f"{url}5976027")
    data = OlivettiFaces(tmp_path / "sets")
    if healthy:
        check(data)
        assert [path.name for path in data.folder.iterdir()] == ["olivettifaces.mat"]
        check(OlivettiFaces(tmp_path / "sets", offline=True))
    else:
        with pytest.raises(GenzooError, match=r"download: GenzooError: .*its SHA256 is not"):
            loaded(data)
        assert not list(data.folder.iterdir())


@pytest.mark.parametrize("size", [28, 63, "64"])
def test_size_is_checked(tmp_path, size):
    with pytest.raises(GenzooError, match=rf"data.size={size}: 64 \(as distributed\) or 32"):
        OlivettiFaces(tmp_path, size=size)
