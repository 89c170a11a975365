"""Small data sets in the formats of the originals."""

import gzip
import hashlib
import io
import pickle
import struct

import numpy as np
import scipy.io
import torch
from PIL import Image

from genzoo.data.binarized_mnist import BinarizedMNIST
from genzoo.data.brown import Brown
from genzoo.data.celeba_lists import NAMES
from genzoo.data.cifar10 import CIFAR10
from genzoo.data.images import ImageFolder
from genzoo.data.midi import write_midi
from genzoo.data.mnist import MNIST
from genzoo.data.olivetti_faces import OlivettiFaces
from genzoo.data.omniglot import FILE, Omniglot
from genzoo.data.shard_writer import write_shards
from genzoo.data.svhn import SVHN
from genzoo.data.tune_grammar import draw_tunes


def noise(seed, *shape, levels=256):
    """Levels drawn uniformly, uint8."""
    return np.random.RandomState(seed).randint(0, levels, shape).astype(np.uint8)


# MNIST, and what has its format.

MNIST_ARRAYS = {
    "train-images-idx3-ubyte": noise(0, 50, 28, 28),
    "train-labels-idx1-ubyte": np.arange(50) % 10,
    "t10k-images-idx3-ubyte": noise(1, 20, 28, 28),
    "t10k-labels-idx1-ubyte": np.arange(20) // 2,
}


def write_idx(path, array, level=1):
    """Writes an array of bytes as an IDX file, packed if the name ends in .gz; returns the unpacked content."""
    array = np.asarray(array, np.uint8)
    content = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, level) if path.suffix == ".gz" else content)
    return content


def write_mnist(root, patch, folder="MNIST", suffix="", level=1):
    """The four files; the checksums of Fashion-MNIST's are not known."""
    contents = {n: write_idx(root / folder / "raw" / (n + suffix), a, level) for n, a in MNIST_ARRAYS.items()}
    patch.setattr(MNIST, "files", {name: hashlib.md5(content).hexdigest() for name, content in contents.items()})


BINARY = {part: noise(n, n, 28, 28, levels=2) for part, n in (("train", 9), ("valid", 4), ("test", 5))}


def write_amat(path, pixels):
    """A line an image, "0" and "1" between blanks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(map(str, row)) + " \n" for row in pixels.reshape(len(pixels), -1)))


def write_binarized_mnist(root, patch):
    """The three .amat files."""
    for part, pixels in BINARY.items():
        write_amat(root / "BinarizedMNIST" / f"binarized_mnist_{part}.amat", pixels)
    patch.setattr(BinarizedMNIST, "md5", {part: hashlib.md5(p.tobytes()).hexdigest() for part, p in BINARY.items()})


# CIFAR-10

CIFAR10_FOLDER = "cifar-10-batches-py"
CIFAR10_COUNTS = {**{f"data_batch_{i}": 4 for i in range(1, 6)}, "test_batch": 3}
CIFAR10_IMAGES = {file: noise(i, n, 3, 32, 32) for i, (file, n) in enumerate(CIFAR10_COUNTS.items())}
CIFAR10_LABELS = {file: [(4 * i + j) % 10 for j in range(n)] for i, (file, n) in enumerate(CIFAR10_COUNTS.items())}


class Python2Pickler(pickle._Pickler):
    """Writes strings and bytes as Python 2 did, whose strings are bytes of no stated encoding."""

    def save_string(self, text):
        content = text if isinstance(text, bytes) else text.encode()
        self.write(pickle.BINSTRING + len(content).to_bytes(4, "little") + content)
        self.memoize(text)

    dispatch = pickle._Pickler.dispatch | {str: save_string, bytes: save_string}


def cifar10_batch(file):
    """The content of one of the files."""
    written = io.BytesIO()
    names = [f"{file}_{i}.png" for i in range(CIFAR10_COUNTS[file])]
    content = {"batch_label": file, "labels": CIFAR10_LABELS[file], "data": CIFAR10_IMAGES[file].reshape(-1, 3072)}
    Python2Pickler(written, protocol=2).dump({**content, "filenames": names})
    return written.getvalue()


CIFAR10_CONTENTS = {file: cifar10_batch(file) for file in CIFAR10_COUNTS}


def write_cifar10(root, patch):
    """The six pickles."""
    folder = root / CIFAR10_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in CIFAR10_CONTENTS.items():
        (folder / file).write_bytes(content)
    patch.setattr(CIFAR10, "files", {file: hashlib.md5(c).hexdigest() for file, c in CIFAR10_CONTENTS.items()})


# SVHN

SVHN_COUNTS = {"train": 12, "test": 5, "extra": 7}
SVHN_IMAGES = {part: noise(n, n, 3, 32, 32) for part, n in SVHN_COUNTS.items()}
SVHN_LABELS = {part: np.arange(n) % 10 for part, n in SVHN_COUNTS.items()}


def svhn_mat(part):
    """The name of a part's file."""
    return f"{part}_32x32.mat"


def write_svhn(root, patch, parts=("train", "test")):
    """A .mat file a part, in which 10 stands for 0."""
    root.mkdir(parents=True, exist_ok=True)
    for part in parts:
        labels = np.where(SVHN_LABELS[part] == 0, 10, SVHN_LABELS[part]).astype(np.uint8)
        pixels = SVHN_IMAGES[part].transpose(2, 3, 1, 0)  # (height, width, channel, image)
        scipy.io.savemat(root / svhn_mat(part), {"X": pixels, "y": labels[:, None]})
    md5 = {svhn_mat(part): hashlib.md5((root / svhn_mat(part)).read_bytes()).hexdigest() for part in parts}
    patch.setattr(SVHN, "files", md5)


# USPS

USPS_COUNTS = {"train": 30, "test": 12}
USPS_LEVELS = {part: noise(n, n, 16, 16) for part, n in USPS_COUNTS.items()}


def write_usps(root, patch):
    """A line a digit, its label and 256 levels from -1 to 1, packed."""
    (root / "usps").mkdir(parents=True, exist_ok=True)
    for part, levels in USPS_LEVELS.items():
        rows = (levels.reshape(len(levels), -1) / 127.5 - 1).round(4)
        lines = [f"{i % 10}.0000 " + " ".join(f"{x:.4f}" for x in row) + " " for i, row in enumerate(rows)]
        (root / "usps" / f"zip.{part}.gz").write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    patch.setattr("genzoo.data.usps.FILES", {part: (f"zip.{part}.gz", n) for part, n in USPS_COUNTS.items()})


def write_digits(root, patch):
    """MNIST and USPS."""
    write_mnist(root, patch)
    write_usps(root, patch)


# CelebA

CELEBA_PARTS = {"000001.jpg": 2, "000002.jpg": 0, "000003.jpg": 1, "000004.jpg": 0, "000005.jpg": 0}
CELEBA_PRESENT = {file: np.random.RandomState(i).rand(40) < 0.4 for i, file in enumerate(CELEBA_PARTS)}


def celeba_picture(seed):
    """Of the size of the aligned images."""
    return Image.fromarray(noise(seed, 22, 18, 3)).resize((178, 218), Image.Resampling.BICUBIC)


def write_celeba_lists(folder, parts=CELEBA_PARTS, present=CELEBA_PRESENT):
    """The attributes and the partition as they are distributed."""
    rows = [file + " " + " ".join(" 1" if there else "-1" for there in row) for file, row in present.items()]
    (folder / "list_attr_celeba.txt").write_text("\n".join([f"{len(rows)}", " ".join(NAMES) + " ", *rows]) + "\n")
    (folder / "list_eval_partition.txt").write_text("".join(f"{file} {part}\n" for file, part in parts.items()))


def write_celeba(root, patch=None):
    """Five images and both lists."""
    folder = root / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for i, file in enumerate(CELEBA_PARTS):
        celeba_picture(i).save(folder / file, quality=90)
    write_celeba_lists(folder.parent)


# The Olivetti faces

FACES = noise(0, 400, 64, 64) % 243
FACES[0, 0, :2] = 0, 242  # the whole range, as the real ones have it
FACES[:, 1, 2] = np.arange(400) // 10


def write_olivetti_faces(root, patch):
    """The file as it is distributed: a column is an image, column by column."""
    path = root / "olivetti_faces" / "olivettifaces.mat"
    path.parent.mkdir(parents=True)
    scipy.io.savemat(path, {"faces": FACES.swapaxes(1, 2).reshape(400, 4096).T})
    patch.setattr(OlivettiFaces, "mat_sha256", hashlib.sha256(path.read_bytes()).hexdigest())
    patch.setattr(OlivettiFaces, "pixels_md5", hashlib.md5(FACES.tobytes()).hexdigest())
    return path


# Omniglot

OMNIGLOT_COUNTS = {"": 54, "test": 10}  # prefix of the keys in the file -> images
OMNIGLOT_LEVELS = {prefix: noise(n, n, 28, 28) for prefix, n in OMNIGLOT_COUNTS.items()}
OMNIGLOT_LABELS = {prefix: np.arange(n) * 7 % 50 for prefix, n in OMNIGLOT_COUNTS.items()}


def omniglot_content():
    """As in the original: a column an image, pixels column by column, and a column of 50 an alphabet."""
    found = {}
    for prefix in OMNIGLOT_COUNTS:
        found[f"{prefix}data"] = OMNIGLOT_LEVELS[prefix].reshape(-1, 28 * 28, order="F").T / 255
        found[f"{prefix}target"] = np.eye(50)[OMNIGLOT_LABELS[prefix]].T
    return found


def write_omniglot(root, patch):
    """The one file, of which the set states the number of images."""
    (root / "OMNIGLOT").mkdir(parents=True)
    scipy.io.savemat(root / "OMNIGLOT" / FILE, omniglot_content())
    patch.setattr(Omniglot, "n_train", OMNIGLOT_COUNTS[""])
    patch.setattr(Omniglot, "n_test", OMNIGLOT_COUNTS["test"])


# Folders of images, and shards of one


def write_pictures(folder, patch=None, classes=("",), n=60):
    """Small pictures in colour."""
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(n):
            Image.fromarray(noise(i, 20, 16, 3)).save(folder / name / f"{i}.png")


def write_stream(folder, patch=None):
    """Shards of pictures of two classes, a few images a chunk."""
    write_pictures(folder / "pictures", classes=("a", "b"), n=12)
    write_shards(ImageFolder(folder / "pictures", 128), folder / "shards", 4 * 3 * 128**2)


# What users bring along

ARRAY = noise(0, 40, 20, 20, 3)


def write_arrays(root, patch=None):
    """Images of two classes and the labels of all."""
    root.mkdir(parents=True)
    np.savez(root / "images.npz", images=ARRAY, labels=np.arange(40) % 2)


def write_domains(root, patch=None):
    """Pictures in two domains of two splits, of the same names in both."""
    for split, n in (("train", 40), ("test", 5)):
        for seed, domain in enumerate(("photo", "mask")):
            folder = root / split / domain
            folder.mkdir(parents=True)
            for i in range(n):
                Image.fromarray(noise(40 * seed + i, 20, 20, 3)).save(folder / f"{i}.png")


def write_table(root, patch=None):
    """Pictures of two classes, a table of them with one factor."""
    write_pictures(root / "pictures", n=40)
    rows = [f"pictures/{i}.png,{'ab'[i % 2]},{i}" for i in range(40)]
    (root / "images.csv").write_text("\n".join(["path,label,age", *rows]) + "\n")


def write_huggingface(root, patch=None):
    """A Parquet file of pictures of two classes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    root.mkdir(parents=True)
    cells = []
    for image in ARRAY:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "png")
        cells.append({"bytes": content.getvalue(), "path": None})
    pq.write_table(pa.table({"image": cells, "label": np.arange(40) % 2}), root / "train.parquet")


def write_kmnist(root, patch=None):
    """The four files, unpacked, as torchvision keeps them."""
    for name, array in MNIST_ARRAYS.items():
        write_idx(root / "KMNIST" / "raw" / name, array)


def write_tunes(root, patch=None):
    """A file of 7 notes for each of 20 tunes."""
    root.mkdir(parents=True)
    notes, _ = draw_tunes(20, 7, torch.Generator().manual_seed(0))
    for i in range(20):
        (root / f"{i}.mid").write_bytes(write_midi(notes.at(i)))


# Lines of characters

MOLECULES = {"train": [f"C{'C' * (i % 7)}O{'N' * (i % 5)}" for i in range(40)], "test": ["CCO", "c1ccccc1", "C(=O)N"]}
TEXTS = {f"c{'abc'[i // 20]}{i % 20 + 1:02}": [f"He/pps saw/vbd No./nn {i}/cd ./.", "1/2/cd"] for i in range(60)}


def write_smiles(root, patch=None):
    """The two tables of MOSES, packed; that of tests has a second column, as the original's scaffolds."""
    root.mkdir(parents=True)
    for part, lines in MOLECULES.items():
        rows = ["SMILES", *lines] if part == "train" else ["SMILES,SPLIT", *(f"{line},test" for line in lines)]
        (root / f"{part}.csv.gz").write_bytes(gzip.compress(("\n".join(rows) + "\n").encode()))


def write_brown(root, patch):
    """Texts of tagged words, with empty lines between sentences, and what else is in the package."""
    (root / "package").mkdir(parents=True)
    for name, sentences in TEXTS.items():
        (root / "package" / name).write_text("\n\n" + "".join(f"\t{sentence} \n\n" for sentence in sentences))
    (root / "package" / "CONTENTS").write_text("A. PRESS: REPORTAGE\n")
    patch.setattr(Brown, "sentences", sum(map(len, TEXTS.values())))
