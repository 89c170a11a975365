"""The text of ``--help``: models by family, data by kind, tables by paper, and the settings of the entry point."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from genzoo.cli.offered import groups_of, kinds, rows_by_paper
from genzoo.core.errors import GenzooError, near
from genzoo.runs.conf import option_files

WIDTH = 100  # columns
UNSHOWN = ("paths", "hydra", "experiment", "sweep")


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
        if group == "experiment" and (rows := rows_by_paper(conf).get(paper)):
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
    offered = groups_of(conf)
    sections = []
    for name in names or offered:
        group, _, paper = name.partition("=")
        if group not in offered:
            raise GenzooError(f"genzoo list {name}: there is no such group. {near(group, offered)}")
        papers = rows_by_paper(conf)
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
    if by_kind := kinds(group, conf):
        return "\n".join([f"{group}=", *(_paragraph(f"  {kind}:", names) for kind, names in by_kind.items())])
    return _paragraph(f"{group}=", option_files(group, conf))


def _papers(conf: Path) -> str:
    counts = [f"{paper} ({len(rows)})" for paper, rows in sorted(rows_by_paper(conf).items())]
    lines = _paragraph("  papers:", counts)
    return f"experiment=<paper>/<row>, a row of a paper's table; --help experiment=<paper> lists its rows\n{lines}"


def _paragraph(title: str, names: Iterable[str]) -> str:
    return _wrapped(f"{title} {', '.join(names)}", indent="    ")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
