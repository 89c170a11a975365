"""The text of ``--help``: models by family, data by kind, tables by paper, and the settings of the entry point."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from genzoo.core.errors import GenzooError, near
from genzoo.results.tables import read_nodes

WIDTH = 100  # columns
UNSHOWN = ("paths", "hydra", "experiment", "sweep")
LAYERS = ("core", "nn", "data", "metrics", "callbacks", "runs")  # packages that are not model families


def help_text(about: str, conf: Path, name: str, arguments: Sequence[str] = ()) -> str:
    """Returns the whole text.

    Args:
        about: one sentence about the entry point.
        conf: the folder of configurations.
        name: name of the primary configuration.
        arguments: arguments of the command line; ``experiment=<paper>`` lists only the rows of this paper.
    """
    for argument in arguments:
        group, _, paper = argument.partition("=")
        if group == "experiment" and (rows := _experiments(conf).get(paper)):
            return _paragraph(argument, rows)
    text = (conf / f"{name}.yaml").read_text()
    groups = [group for entry in yaml.safe_load(text)["defaults"] if isinstance(entry, dict) for group in entry]
    shown = [group for group in groups if group not in UNSHOWN and not group.startswith("override")]
    sections = [_section(group, conf) for group in shown]
    if "experiment" in groups:
        sections.append(_papers(conf))
    _, _, settings = text.partition("\n\n")
    more = (
        "Every value of the configuration can be given as key=value; --cfg job prints all of them. -m runs several "
        "values (seed=0,1,2) as a sweep. --hydra-help shows Hydra's own options."
    )
    return "\n\n".join([about, *sections, "Settings:\n" + textwrap.indent(settings.rstrip(), "  "), _wrapped(more)])


def options_text(conf: Path, names: Sequence[str]) -> str:
    """Returns the options of groups of conf/train.yaml and conf/evaluate.yaml, or the rows of papers.

    Args:
        conf: the folder of configurations.
        names: groups, or ``experiment=<paper>``; none: all groups.

    Raises:
        GenzooError: there is no such group or paper.
    """
    groups = [folder.name for folder in sorted(conf.iterdir()) if folder.is_dir()]
    offered = [group for group in groups if group not in ("paths", "hydra", "tables")]
    sections = []
    for name in names or offered:
        group, _, paper = name.partition("=")
        if group not in offered:
            raise GenzooError(f"genzoo list {name}: there is no such group. {near(group, offered)}")
        papers = _experiments(conf)
        if paper and group != "experiment":
            raise GenzooError(f"genzoo list {name}: give the group alone, genzoo list {group}.")
        if paper and paper not in papers:
            raise GenzooError(f"genzoo list {name}: there is no such paper. {near(paper, papers)}")
        if group == "experiment":
            sections.append(_paragraph(name, papers[paper]) if paper else _papers(conf))
        else:
            sections.append(_section(group, conf))
    return "\n\n".join(sections)


def _section(group: str, conf: Path) -> str:
    """Returns the options of a group, sorted by kind if it has kinds."""
    files = {path.stem: path.read_text() for path in sorted((conf / group).glob("[!_]*.yaml"))}
    if group == "model":
        every = {path.stem: path.read_text() for path in (conf / group).glob("*.yaml")}
        kinds = {name: _family(text, every) for name, text in files.items()}
    elif group == "data":
        kinds = {name: _kind(text) for name, text in files.items()}
    else:
        return _paragraph(f"{group}=", files)
    lines = [_paragraph(f"  {kind}:", [n for n in files if kinds[n] == kind]) for kind in sorted(set(kinds.values()))]
    return "\n".join([f"{group}=", *lines])


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
    return "points" if "genzoo.data.gaussians." in text else "images"


def _experiments(conf: Path) -> dict[str, list[str]]:
    """Returns paper -> its rows, from files and tables."""
    papers: dict[str, list[str]] = {}
    for path in sorted((conf / "experiment").glob("*/*.yaml")):
        papers.setdefault(path.parent.name, []).append(path.stem)
    for name in read_nodes(conf / "tables"):
        paper, _, row = name.partition("/")
        papers.setdefault(paper, []).append(row)
    return papers


def _papers(conf: Path) -> str:
    counts = [f"{paper} ({len(rows)})" for paper, rows in sorted(_experiments(conf).items())]
    lines = _paragraph("  papers:", counts)
    return f"experiment=<paper>/<row>, a row of a paper's table; --help experiment=<paper> lists its rows\n{lines}"


def _paragraph(title: str, names: Iterable[str]) -> str:
    return _wrapped(f"{title} {', '.join(names)}", indent="    ")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
