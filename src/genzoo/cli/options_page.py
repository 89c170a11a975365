"""The page of all options (docs/options.md), in Markdown."""

import html
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from genzoo.cli.main import about, commands
from genzoo.cli.offered import description, groups_of, kinds, rows_by_paper
from genzoo.runs.conf import option_files

INTRODUCTION = """\
# Options

Written by `python scripts/write_options.py` from the files in `conf`, each of which is linked; not edited by hand.

`<group>=<option>` chooses one option of a group, `genzoo list <group>` prints their names, and `<key>=<value>` sets any
value of the composed configuration, which `genzoo train --cfg job` prints. Several options of a group:
`metrics=[fidelity,parzen]`, `callbacks=[best,early_stopping]`, `logger=[csv,mlflow]`."""
ABOUT = {
    "model": "What is trained. A name with `_paper` or a year differs from the name without it as its source does.",
    "data": "What it is trained on.",
    "trainer": "Devices and length of a run; [several devices](sweeps.md#several-devices).",
    "metrics": "What is computed after a run (`default`) or by `genzoo evaluate` (`full`); [metrics](metrics.md).",
    "callbacks": "What happens during a run, in addition to what happens in every run; [callbacks](callbacks.md).",
    "logger": "Where metrics and pictures go; [loggers](loggers.md).",
    "pairs": "What `pix2pix`, `denoiser` and their kin learn from; [translation](translation.md).",
    "likelihood": "The likelihood of `vae`, `vae_conv`, `resnet_vae` and `iaf_vae`; [variational](variational.md).",
    "experiment": "`experiment=<paper>/<row>`, a row of a paper's table; `genzoo list experiment=<paper>` prints them.",
    "sweep": "The space of a search, with `-m`; [searches](sweeps.md#searches).",
}  # in the order of the page
KINDS = {
    "adversarial": (
        "Adversarial",
        "[GAN](gan.md), [the zoo](zoo.md), [InfoGAN](infogan.md), [Improved GAN](improved_gan.md).",
    ),
    "autoregressive": ("Autoregressive", "[Autoregressive models](autoregressive.md)."),
    "hybrid": ("Hybrid", "[Adversarial autoencoders](hybrid.md)."),
    "reinforcement": ("Reinforcement learning", "[Policies and imitation](reinforcement.md), [VIME](vime.md)."),
    "variational": ("Variational", "[Autoencoders](variational.md), [DRAW](draw.md)."),
    "environments": ("Environments", "[Environments](reinforcement.md#environments), also any other of Gymnasium."),
    "images": ("Images", "[Data sets](data.md)."),
    "own": ("Your own images", "[Your own data](your_data.md)."),
    "sequences": ("Sequences of tokens", "[Sequences of tokens](other_data.md#sequences-of-tokens)."),
    "volumes": ("Volumes", "[Volumes](other_data.md#volumes)."),
    "videos": ("Videos", "[Videos](other_data.md#videos)."),
    "tunes": ("Tunes", "[Music](other_data.md#music)."),
    "showers": ("Particle showers", "[Particle showers](other_data.md#particle-showers)."),
    "jets": ("Jets", "[Images of jets](other_data.md#images-of-jets)."),
    "points": ("Points in the plane and on the line", "[Toys](toys.md)."),
}  # kind -> title, pages


def options_page(conf: Path) -> str:
    """Returns the whole page.

    Args:
        conf: the folder of configurations.
    """
    groups = groups_of(conf)
    ordered = [*(group for group in ABOUT if group in groups), *(group for group in groups if group not in ABOUT)]
    sections = [INTRODUCTION, *(_section(group, conf) for group in ordered), _settings(conf)]
    return "\n\n".join(sections) + "\n"


def _section(group: str, conf: Path) -> str:
    parts = [f"## `{group}=`", ABOUT.get(group, "")]
    if group == "experiment":
        parts.append(_papers(conf))
    elif by_kind := kinds(group, conf):
        for kind, names in by_kind.items():
            title, pages = KINDS.get(kind, (kind.capitalize(), ""))
            parts += [f"### {title}", pages, _table(group, names, conf)]
    else:
        parts.append(_table(group, option_files(group, conf), conf))
    return "\n\n".join(part for part in parts if part)


def _table(group: str, names: Iterable[str], conf: Path) -> str:
    files = option_files(group, conf)
    rows = [f"| [`{name}`](../conf/{group}/{name}.yaml) | {_cell(description(files[name]))} |" for name in names]
    return "\n".join([f"| `{group}=` | |", "|---|---|", *rows])


def _papers(conf: Path) -> str:
    titles = yaml.safe_load((conf / "report.yaml").read_text())["papers"]
    rows = [
        f"| `{paper}` | [{titles[paper]}](results/{paper}.md) | {len(rows)} |"
        for paper, rows in sorted(rows_by_paper(conf).items())
    ]
    return "\n".join(["| `experiment=` | results | rows |", "|---|---|---|", *rows])


def _settings(conf: Path) -> str:
    """Returns the settings of each command, as they stand in its configuration."""
    parts = ["## Settings of the commands"]
    for name in commands():
        if (file := conf / f"{name}.yaml").is_file():
            _, _, settings = file.read_text().partition("\n\n")
            parts += [f"### `genzoo {name}`", _cell(about(name)), f"```yaml\n{settings.rstrip()}\n```"]
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    """Returns plain text as Markdown of one line: links to pages, code of docstrings.

    >>> _cell("Your own: <name> (docs/your_data.md), ``a|b``.")
    'Your own: &lt;name&gt; ([your data](your_data.md)), `a\\\\|b`.'
    """
    text = html.escape(text, quote=False).replace("``", "`").replace("|", "\\|")
    return re.sub(r"docs/(\w+)\.md", lambda page: f"[{page[1].replace('_', ' ')}]({page[1]}.md)", text)
