"""What the folder of configurations offers: groups, options by kind, papers, and a description of each option."""

import ast
import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from genzoo.results.tables import read_nodes
from genzoo.runs.conf import option_files

UNLISTED = ("paths", "hydra", "tables")  # folders whose files are not options to choose from
LAYERS = ("core", "nn", "data", "metrics", "callbacks", "runs")  # packages that are not model families
#: module of genzoo.data -> kind of its data, which are images in all others
NOT_IMAGES = {
    **{"gaussians": "points", "swiss_roll": "points", "two_moons": "points", "univariate": "points"},
    **{"diagrams": "videos", "moving_digits": "videos", "showers": "showers", "jets": "jets"},
    **dict.fromkeys(("brown", "oracle_sentences", "sentences", "smiles"), "sequences"),
    **dict.fromkeys(("solids", "pictured_solids"), "volumes"),
    **dict.fromkeys(("tunes", "midi_folder"), "tunes"),
}
SOURCES = Path(__file__).parents[1]


def groups_of(conf: Path) -> list[str]:
    """Returns the groups whose options are listed."""
    return [folder.name for folder in sorted(conf.iterdir()) if folder.is_dir() and folder.name not in UNLISTED]


def kinds(group: str, conf: Path) -> dict[str, list[str]]:
    """Returns kind -> options: families of models, kinds of data; empty for all other groups."""
    texts = {name: path.read_text() for name, path in option_files(group, conf).items()}
    if group == "model":
        every = {path.stem: path.read_text() for path in (conf / group).glob("*.yaml")}
        found = {name: _family(text, every) for name, text in texts.items()}
    elif group == "data":
        found = {name: _kind(text) for name, text in texts.items()}
    else:
        found = {}
    return {kind: [name for name in found if found[name] == kind] for kind in sorted(set(found.values()))}


def rows_by_paper(conf: Path) -> dict[str, list[str]]:
    """Returns paper -> its rows, from files and tables."""
    found: dict[str, list[str]] = {}
    for path in sorted((conf / "experiment").glob("*/*.yaml")):
        found.setdefault(path.parent.name, []).append(path.stem)
    for name in read_nodes(conf / "tables"):
        paper, _, row = name.partition("/")
        found.setdefault(paper, []).append(row)
    return found


def description(option: Path) -> str:
    """Returns one line about an option: what its file says first, or else its class, and what it needs installed.

    Args:
        option: its file.

    >>> from genzoo.runs.conf import CONF
    >>> description(CONF / "data" / "hopper.yaml")
    'A robot of one leg that hops. Needs the extra mujoco.'
    """
    text = option.read_text()
    head = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    comment = " ".join(line.lstrip("# ").rstrip() for line in head if "@package" not in line)
    first, *more = re.split(r"(?<=\.) (?=[A-Z]|python )", comment or _docstring(text))
    return " ".join([first, *(sentence for sentence in more if sentence.startswith("Needs "))])


def _docstring(text: str) -> str:
    """Returns the first paragraph of the docstring of the first class that a configuration names."""
    if not (target := re.search(r"_target_: genzoo\.([\w.]+)\.(\w+)", text)):
        return ""
    module = ast.parse((SOURCES / target[1].replace(".", "/")).with_suffix(".py").read_text())
    node = next(node for node in module.body if getattr(node, "name", None) == target[2])
    assert isinstance(node, ast.ClassDef | ast.FunctionDef)
    return " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())


def _family(text: str, every: Mapping[str, str]) -> str:
    """Returns the package of a model's class, found in its file or in the file that it extends."""
    names = re.findall(r"_target_: genzoo\.(\w+)\.", text)
    if found := next((name for name in names if name not in LAYERS), None):
        return found
    used = [every[name] for name in re.findall(r"^  - (\w+)$", text, re.MULTILINE) if name in every]
    return next((_family(one, every) for one in used), "others")


def _kind(text: str) -> str:
    if "_environment" in text:
        return "environments"
    if "docs/your_data.md" in text:
        return "own"
    module = re.search(r"_target_: genzoo\.data\.(\w+)\.", text)
    return NOT_IMAGES.get(module[1], "images") if module else "images"
